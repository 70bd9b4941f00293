package survey

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// Sources are what a look reads from.
type Sources struct {
	AWS  provider.AWS
	Okta provider.Okta
}

// Where says what to look at.
type Where struct {
	IdentityCenter onboarding.AccountSpec
	Region         string
	// InstanceARN and IdentityStoreID are the instance's; empty while there is none.
	InstanceARN, IdentityStoreID string
	// Whole reads every assignment, whatever it costs; without it the look stops after a number of calls, and says so.
	Whole bool
	// Users are those of the directory, where somebody has just read them.
	Users []people.User
}

const (
	// quickCalls is how many calls a look makes at most for assignments of permission sets, and for those of applications.
	quickCalls = 200
	// quickUsers is how many people of each app are read at most then.
	quickUsers = 5000
	// atOnce is how many calls are on their way.
	atOnce = 8
	// listPage is how many entries a page has at most.
	listPage = 100
	// eventPages is how many pages of 50 sign-ins are looked at; CloudTrail allows two calls a second.
	eventPages = 2
)

// Look takes stock. The error is one worth another try; what may not be read is a Trouble of its part.
func Look(ctx context.Context, from Sources, where Where) (State, error) {
	state := State{OrgURL: from.Okta.URL(), IdentityStoreID: where.IdentityStoreID, InstanceARN: where.InstanceARN, Now: time.Now().UTC()}
	l := &look{Sources: from, Where: where, State: &state}
	parts := []part{{&state.AppsTrouble, l.apps}}
	if where.InstanceARN != "" {
		cfg, err := from.AWS.Config(ctx, where.IdentityCenter, where.Region)
		if err != nil {
			return State{}, err
		}
		l.cfg, l.admin = cfg, ssoadmin.NewFromConfig(cfg)
		parts = append(parts, part{&state.UsersTrouble, l.users}, part{&state.GroupsTrouble, l.groups},
			part{&state.PermissionSetsTrouble, l.permissionSets}, part{&state.ApplicationsTrouble, l.applications},
			part{&state.RegionsTrouble, l.regions}, part{&state.EventsTrouble, l.events})
	}
	reading, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		reading.Go(func() (err error) {
			*p.trouble, err = provider.Trouble(p.read(ctx))
			return err
		})
	}
	return state, reading.Wait()
}

type part struct {
	trouble **onboarding.Trouble
	read    func(context.Context) error
}

type look struct {
	Sources
	Where
	*State
	cfg   aws.Config
	admin *ssoadmin.Client
}

// calls counts what may still be asked; a whole look may ask for everything.
type calls struct {
	mu    sync.Mutex
	left  int
	whole bool
}

func (c *calls) take() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	return c.whole || c.left >= 0
}

func (l *look) budget() *calls { return &calls{left: quickCalls, whole: l.Whole} }

func (l *look) users(ctx context.Context) (err error) {
	if l.Where.Users != nil {
		l.State.Users = l.Where.Users
		return nil
	}
	store, err := people.OpenIdentityStore(ctx, l.AWS, l.IdentityCenter, l.Region, l.Where.IdentityStoreID)
	if err == nil {
		l.State.Users, err = store.Users(ctx)
	}
	return err
}

func (l *look) groups(ctx context.Context) (err error) {
	store, err := people.OpenIdentityStore(ctx, l.AWS, l.IdentityCenter, l.Region, l.Where.IdentityStoreID)
	if err == nil {
		l.Groups, err = store.Groups(ctx)
	}
	return err
}

// permissionSets reads what each is assigned to. AWS has a list for each permission set and account, and none for all.
func (l *look) permissionSets(ctx context.Context) error {
	pages := ssoadmin.NewListPermissionSetsPaginator(l.admin, &ssoadmin.ListPermissionSetsInput{InstanceArn: &l.Where.InstanceARN,
		MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, arn := range page.PermissionSets {
			l.PermissionSets = append(l.PermissionSets, PermissionSet{ARN: arn})
		}
	}
	budget := l.budget()
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(atOnce)
	for i := range l.PermissionSets {
		reading.Go(func() error { return l.permissionSet(ctx, &l.PermissionSets[i], budget) })
	}
	return reading.Wait()
}

func (l *look) permissionSet(ctx context.Context, set *PermissionSet, budget *calls) error {
	set.Name, set.More = set.ARN[strings.LastIndexByte(set.ARN, '/')+1:], true
	if !budget.take() {
		return nil
	}
	described, err := l.admin.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: &l.Where.InstanceARN,
		PermissionSetArn: &set.ARN})
	if err != nil {
		return err
	}
	if described.PermissionSet != nil && aws.ToString(described.PermissionSet.Name) != "" {
		set.Name = *described.PermissionSet.Name
	}
	accounts := ssoadmin.NewListAccountsForProvisionedPermissionSetPaginator(l.admin, &ssoadmin.ListAccountsForProvisionedPermissionSetInput{
		InstanceArn: &l.Where.InstanceARN, PermissionSetArn: &set.ARN, MaxResults: aws.Int32(listPage),
	})
	for accounts.HasMorePages() {
		if !budget.take() {
			return nil
		}
		page, err := accounts.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, account := range page.AccountIds {
			if whole, err := l.accountAssignments(ctx, set, account, budget); err != nil || !whole {
				return err
			}
		}
	}
	set.More = false
	return nil
}

// accountAssignments adds those of one account; whole is false where the budget did not suffice.
func (l *look) accountAssignments(ctx context.Context, set *PermissionSet, account string, budget *calls) (whole bool, err error) {
	pages := ssoadmin.NewListAccountAssignmentsPaginator(l.admin, &ssoadmin.ListAccountAssignmentsInput{
		InstanceArn: &l.Where.InstanceARN, PermissionSetArn: &set.ARN, AccountId: &account, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		if !budget.take() {
			return false, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, err
		}
		for _, one := range page.AccountAssignments {
			principal := Principal{string(one.PrincipalType), aws.ToString(one.PrincipalId)}
			set.Assignments = append(set.Assignments, AccountAssignment{account, principal})
		}
	}
	return true, nil
}

func (l *look) applications(ctx context.Context) error {
	pages := ssoadmin.NewListApplicationsPaginator(l.admin, &ssoadmin.ListApplicationsInput{InstanceArn: &l.Where.InstanceARN,
		MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, one := range page.Applications {
			l.Applications = append(l.Applications, Application{ARN: aws.ToString(one.ApplicationArn), Name: aws.ToString(one.Name),
				Account: aws.ToString(one.ApplicationAccount), Status: string(one.Status),
				Visible: one.PortalOptions == nil || one.PortalOptions.Visibility != ssoadmintypes.ApplicationVisibilityDisabled})
		}
	}
	budget := l.budget()
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(atOnce)
	for i := range l.Applications {
		reading.Go(func() error { return l.application(ctx, &l.Applications[i], budget) })
	}
	return reading.Wait()
}

func (l *look) application(ctx context.Context, application *Application, budget *calls) error {
	application.More = true
	if !budget.take() {
		return nil
	}
	config, err := l.admin.GetApplicationAssignmentConfiguration(ctx, &ssoadmin.GetApplicationAssignmentConfigurationInput{
		ApplicationArn: &application.ARN,
	})
	if err == nil {
		application.Required = config.AssignmentRequired
	} else if _, err := provider.Trouble(err); err != nil {
		return err // where it may not be read, nothing is known of it; the assignments are worth reading all the same
	}
	pages := ssoadmin.NewListApplicationAssignmentsPaginator(l.admin, &ssoadmin.ListApplicationAssignmentsInput{
		ApplicationArn: &application.ARN, MaxResults: aws.Int32(listPage),
	})
	for pages.HasMorePages() {
		if !budget.take() {
			return nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, one := range page.ApplicationAssignments {
			application.Assignments = append(application.Assignments, Principal{string(one.PrincipalType), aws.ToString(one.PrincipalId)})
		}
	}
	application.More = false
	return nil
}

func (l *look) regions(ctx context.Context) error {
	pages := ssoadmin.NewListRegionsPaginator(l.admin, &ssoadmin.ListRegionsInput{InstanceArn: &l.Where.InstanceARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, region := range page.Regions {
			if !region.IsPrimaryRegion && aws.ToString(region.RegionName) != l.Region {
				l.Regions = append(l.Regions, aws.ToString(region.RegionName))
			}
		}
	}
	return nil
}

// The events after which the source is an external provider, or an Active Directory.
const (
	eventExternal        = "EnableExternalIdPConfigurationForDirectory"
	eventActiveDirectory = "AssociateDirectory"
)

// sourceChanges are the calls that the console makes for a change of the identity source (IAM Identity Center User Guide, "Logging IAM
// Identity Center API calls with AWS CloudTrail").
var sourceChanges = []string{eventExternal, "DisableExternalIdPConfigurationForDirectory", eventActiveDirectory, "DisassociateDirectory"}

// events reads what CloudTrail shows of the identity source, one call after the other.
func (l *look) events(ctx context.Context) error {
	client := cloudtrail.NewFromConfig(l.cfg)
	l.Events.SignIns = map[string]int{}
	for _, name := range sourceChanges {
		err := eachEvent(ctx, client, name, 1, func(event cloudtrailtypes.Event, detail eventDetail) {
			if detail.ErrorCode == "" {
				l.Events.Changes = append(l.Events.Changes, Event{name, aws.ToTime(event.EventTime).UTC()})
			}
		})
		if err != nil {
			return err
		}
	}
	return eachEvent(ctx, client, "UserAuthentication", eventPages, func(_ cloudtrailtypes.Event, detail eventDetail) {
		if kind := detail.Additional.CredentialType; kind != "" && detail.ErrorCode == "" {
			l.Events.SignIns[kind]++
		}
	})
}

// eventDetail is what is looked at of the record in an event.
type eventDetail struct {
	ErrorCode  string `json:"errorCode"`
	Additional struct {
		CredentialType string `json:"CredentialType"`
	} `json:"additionalEventData"`
}

func eachEvent(ctx context.Context, client *cloudtrail.Client, name string, most int, each func(cloudtrailtypes.Event, eventDetail)) error {
	pages := cloudtrail.NewLookupEventsPaginator(provider.LookupEvents(client.LookupEvents), &cloudtrail.LookupEventsInput{
		LookupAttributes: []cloudtrailtypes.LookupAttribute{{AttributeKey: cloudtrailtypes.LookupAttributeKeyEventName, AttributeValue: &name}},
	})
	for n := 0; n < most && pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, event := range page.Events {
			var detail eventDetail
			if err := json.Unmarshal([]byte(aws.ToString(event.CloudTrailEvent)), &detail); err == nil {
				each(event, detail)
			}
		}
	}
	return nil
}

// apps reads all Okta apps of the kind, and who is assigned to them.
func (l *look) apps(ctx context.Context) error {
	apps, err := l.Okta.Apps(ctx)
	if err != nil {
		return err
	}
	l.Apps = make([]App, len(apps))
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(atOnce)
	for i, app := range apps {
		l.Apps[i] = App{App: app, Groups: map[string]string{}}
		reading.Go(func() (err error) {
			l.Apps[i].Trouble, err = provider.Trouble(l.assigned(ctx, &l.Apps[i]))
			return err
		})
	}
	return reading.Wait()
}

func (l *look) assigned(ctx context.Context, app *App) error {
	ids, err := l.Okta.AppGroups(ctx, app.ID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		name, err := l.Okta.GroupName(ctx, id)
		if err != nil {
			if _, err := provider.Trouble(err); err != nil {
				return err
			}
			name = id // it is there, and only its name may not be read
		}
		app.Groups[id] = name
	}
	enough := errors.New("enough people read")
	err = l.Okta.AppUsers(ctx, app.ID, func(page []model.AppUser) error {
		app.Users = append(app.Users, page...)
		if !l.Whole && len(app.Users) > quickUsers {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		app.More, err = true, nil
	}
	return err
}
