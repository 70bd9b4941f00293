package survey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"go.temporal.io/sdk/activity"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// Packs keep rollback packs, which name people and so go through no history.
type Packs interface {
	PackReader
	// SavePack makes a new generation of the pack of a studio's run.
	SavePack(ctx context.Context, studio string, run int, lines iter.Seq[onboarding.PackLine]) (onboarding.Listing, error)
}

// PackReader reads rollback packs.
type PackReader interface {
	// ReadPack reads a generation of a pack, or the current one where it is "", from where a line begins, until each says false. The error
	// wraps fs.ErrNotExist where there is no such pack, or not a whole one.
	ReadPack(ctx context.Context, studio string, run int, generation string, from int64,
		each func(line onboarding.PackLine, next int64) bool) error
}

// Activities keep the stock before a change of how people sign in, and compare it afterwards.
type Activities struct {
	AWS   provider.AWS
	Okta  provider.Okta
	Waits provider.Waits
	Packs Packs
}

// StockInput says which change is about to be asked for, and where.
type StockInput struct {
	// Studio and Run name the pack.
	Studio string `json:"studio"`
	Run    int    `json:"run"`

	Change          Change                 `json:"change"`
	IdentityCenter  onboarding.AccountSpec `json:"identityCenter"`
	Region          string                 `json:"region"`
	InstanceARN     string                 `json:"instanceArn"`
	IdentityStoreID string                 `json:"identityStoreId"`
	// AppID is the app through which people sign in afterwards; empty while it is to be made.
	AppID string `json:"appId,omitempty"`
	// AssignmentGroup and People are whom the run assigns to it.
	AssignmentGroup string   `json:"assignmentGroup"`
	People          []string `json:"people,omitempty"`
}

// TakenStock is what a change would do. A nil Pack says that nobody and nothing is there to lose, so that nobody is to be asked.
type TakenStock struct {
	Impact  []string                 `json:"impact,omitempty"`
	Consent string                   `json:"consent,omitempty"`
	Pack    *onboarding.RollbackPack `json:"pack,omitempty"`
	// Provisioned says that people came from another directory, so that automatic provisioning is likely enabled.
	Provisioned bool `json:"provisioned,omitempty"`
}

const packOperation = "rollback-pack"

// TakeStock looks at everything that hangs on the instance and, where a change would concern anybody, keeps it as a rollback pack
// before anybody is asked.
func (x *Activities) TakeStock(ctx context.Context, in StockInput) (TakenStock, error) {
	state, err := x.look(ctx, in)
	if err != nil {
		return TakenStock{}, err
	}
	admitted, err := x.admitted(ctx, in, state)
	if err != nil {
		return TakenStock{}, err
	}
	impact := state.Impact(in.Change, in.AppID, admitted)
	taken := TakenStock{Provisioned: state.Stock().Users.Provisioned > 0}
	if !impact.InUse {
		return taken, nil
	}
	kept := pack{state: state, impact: impact, run: fmt.Sprintf("run %d of %s", in.Run, in.Studio), region: in.Region,
		metadata: map[string]string{}}
	for _, app := range state.Apps {
		xml, err := x.Okta.Metadata(ctx, app.ID)
		if _, err := provider.Trouble(err); err != nil {
			return TakenStock{}, err
		}
		kept.metadata[app.ID] = string(xml) // an app without any, such as an inactive one, has none to go back to
	}
	listing, err := x.Packs.SavePack(ctx, in.Studio, in.Run, kept.lines(in.AppID))
	if err != nil {
		return TakenStock{}, err
	}
	taken.Impact, taken.Consent = impact.Sentences, impact.Consent
	taken.Pack = &onboarding.RollbackPack{Run: in.Run, Listing: listing}
	return taken, nil
}

func (x *Activities) look(ctx context.Context, in StockInput) (State, error) {
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx, onboarding.Count{Step: onboarding.StepSAMLExchange, What: "looking at what hangs on Identity Center"})
	}
	return Look(ctx, Sources{AWS: x.AWS, Okta: x.Okta}, Where{IdentityCenter: in.IdentityCenter, Region: in.Region,
		InstanceARN: in.InstanceARN, IdentityStoreID: in.IdentityStoreID, Whole: true})
}

// The templates of user names of which is known what Okta makes of a person.
const (
	templateLogin = "${source.login}"
	templateEmail = "${source.email}"
)

// admitted are those whom the app lets in, or will let in when the run has assigned its people.
func (x *Activities) admitted(ctx context.Context, in StockInput, state State) (Admitted, error) {
	admitted := Admitted{}
	template := templateLogin
	for _, app := range state.Apps {
		if app.ID != in.AppID {
			continue
		}
		template = app.UserNameTemplate
		for _, user := range app.Users {
			if (people.Person{AppUser: &user}).Assigned() {
				admitted[user.UserName] = true
			}
		}
	}
	add := func(user model.User) {
		switch {
		case user.Status != people.ActiveStatus:
		case template == templateLogin || template == "":
			admitted[user.Login] = true
		case template == templateEmail:
			admitted[user.Email] = true
		}
	}
	group, err := x.Okta.Group(ctx, in.AssignmentGroup)
	if err == nil {
		err = x.Okta.GroupUsers(ctx, group.ID, func(page []model.User) error {
			for _, user := range page {
				add(user)
			}
			return nil
		})
	}
	if _, err := provider.Trouble(err); err != nil {
		return nil, err
	}
	for _, login := range in.People {
		user, err := x.Okta.UserByLogin(ctx, login)
		if err == nil {
			add(user)
		} else if _, err := provider.Trouble(err); err != nil {
			return nil, err
		}
	}
	return admitted, nil
}

// PackInput names a pack.
type PackInput struct {
	Studio string                  `json:"studio"`
	Pack   onboarding.RollbackPack `json:"pack"`
}

// CheckedPack says how much a pack has.
type CheckedPack struct {
	Lines int `json:"lines"`
}

// CheckPack reads a pack to its end. Class NotFound where it is not there, or not whole: nobody is to agree to anything then.
func (x *Activities) CheckPack(ctx context.Context, in PackInput) (CheckedPack, error) {
	var checked CheckedPack
	err := x.Packs.ReadPack(ctx, in.Studio, in.Pack.Run, in.Pack.Listing.Generation, 0, func(onboarding.PackLine, int64) bool {
		checked.Lines++
		return true
	})
	if errors.Is(err, fs.ErrNotExist) {
		return checked, fault.New(fault.NotFound, "worker", packOperation, "The rollback pack is not in the worker's store: %v.", err).AsWhole()
	}
	return checked, err
}

// CompareInput says what to compare with which pack.
type CompareInput struct {
	Stock StockInput              `json:"stock"`
	Pack  onboarding.RollbackPack `json:"pack"`
}

// Compared is what is missing; the pack has a file more then, which names it.
type Compared struct {
	Missing Missing `json:"missing"`
	// IdentityStoreID is the instance's after the change: a change from an Active Directory, or to one, gives it another.
	IdentityStoreID string `json:"identityStoreId,omitempty"`
	// Text says it in sentences; empty where nothing is missing.
	Text string                  `json:"text,omitempty"`
	Pack onboarding.RollbackPack `json:"pack"`
}

// CompareStock looks again, after a change, for everybody and everything that the pack says was there before.
func (x *Activities) CompareStock(ctx context.Context, in CompareInput) (Compared, error) {
	store, err := x.storeOf(ctx, in.Stock)
	if err != nil {
		return Compared{}, err
	}
	in.Stock.IdentityStoreID = store
	result := Compared{Pack: in.Pack, IdentityStoreID: store}
	var compared *comparison
	// What was changed may take seconds until every read shows it.
	err = provider.LookUntil(ctx, x.Waits.Seen(), x.Waits.Seen()/3, func() (bool, error) {
		now, err := x.look(ctx, in.Stock)
		if err != nil {
			return false, err
		}
		compared = compareWith(now, in.Stock.AppID)
		err = x.each(ctx, in, func(line onboarding.PackLine) error {
			if line.File != recordsFile {
				return nil
			}
			return compared.line(line.Text)
		})
		return compared.missing.Nothing(), err
	})
	if err != nil || compared.missing.Nothing() {
		return result, err
	}
	result.Missing, result.Text = compared.missing, compared.missing.String()
	var failed error
	lines := func(yield func(onboarding.PackLine) bool) {
		stop := errors.New("nobody wants more")
		failed = x.each(ctx, in, func(line onboarding.PackLine) error {
			if line.File != missingFile && !yield(line) {
				return stop
			}
			return nil
		})
		for _, line := range compared.lines() {
			if failed != nil || !yield(line) {
				return
			}
		}
	}
	// A pack that cannot be read to its end is never put in the place of the one that is there.
	whole := slices.Collect(lines)
	if failed != nil {
		return Compared{}, failed
	}
	result.Pack.Listing, err = x.Packs.SavePack(ctx, in.Stock.Studio, in.Pack.Run, slices.Values(whole))
	return result, err
}

// storeOf is the identity store that the instance has now.
func (x *Activities) storeOf(ctx context.Context, in StockInput) (string, error) {
	cfg, err := x.AWS.Config(ctx, in.IdentityCenter, in.Region)
	if err != nil {
		return "", err
	}
	out, err := ssoadmin.NewFromConfig(cfg).DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &in.InstanceARN})
	if err != nil {
		_, err := provider.Trouble(err)
		return in.IdentityStoreID, err // where it may not be read, it is taken for the same
	}
	return cmp.Or(aws.ToString(out.IdentityStoreId), in.IdentityStoreID), nil
}

// each reads the lines of the pack.
func (x *Activities) each(ctx context.Context, in CompareInput, do func(onboarding.PackLine) error) error {
	var stopped error
	err := x.Packs.ReadPack(ctx, in.Stock.Studio, in.Pack.Run, in.Pack.Listing.Generation, 0, func(line onboarding.PackLine, _ int64) bool {
		stopped = do(line)
		return stopped == nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "worker", packOperation, "The rollback pack is not in the worker's store: %v.", err).AsWhole()
	}
	return errors.Join(err, stopped)
}

// Page is a page of a pack, for a query.
func Page(ctx context.Context, packs PackReader, in onboarding.PackQuery) (onboarding.PackPage, error) {
	page := onboarding.PackPage{Lines: []onboarding.PackLine{}}
	var from int64
	if in.After != "" {
		if n, err := fmt.Sscanf(in.After, "%d", &from); err != nil || n != 1 || from <= 0 {
			return page, fault.New(fault.Invalid, "worker", "", "%q is no page of a rollback pack", in.After).WithRemedy("Ask for it anew.")
		}
	}
	size, end := 0, from
	err := packs.ReadPack(ctx, in.Listing.Studio, in.Run, in.Listing.Generation, from, func(line onboarding.PackLine, next int64) bool {
		if size += len(line.Text) + len(line.File); size > onboarding.MaxPackPage && len(page.Lines) > 0 {
			page.Next = fmt.Sprint(end)
			return false
		}
		if last := len(page.Lines) - 1; last >= 0 && page.Lines[last].File == line.File {
			page.Lines[last].Text += line.Text
		} else {
			page.Lines = append(page.Lines, line)
		}
		end = next
		return true
	})
	return page, err
}
