package survey_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/survey"
	"studio-onboarding/internal/awscloud"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// inUse is an organization whose production app has another label than specs have, with people of another source besides.
const inUse = `
okta:
  groups: [{name: all-staff}, {name: platform}, {name: studio-app}]
  people:
    - {login: ada@example.com, firstName: Ada, lastName: Lovelace, groups: [all-staff, platform, studio-app]}
    - {login: bo@example.com, firstName: Bo, lastName: Ek, groups: [all-staff]}
    - {login: cy@example.com, firstName: Cy, lastName: Oz, groups: [all-staff]}
  apps:
    - {label: AWS SSO (test), organization: other, groups: [platform]}
    - {label: AWS SSO (production), organization: this, groups: [all-staff], provisioning: true, pushGroups: [platform]}
    - {label: AWS IAM Identity Center, organization: none}
aws:
  identityCenter:
    source: external
    oktaApp: AWS SSO (production)
    users: [{userName: break.glass@example.com, groups: [admins]}]
    groups: [admins]
    provisioning: {tokens: 2}
    additionalRegions: [eu-west-1]
    permissionSets:
      - name: Administrator
        assignments: [{account: management, group: admins}, {account: studio, group: platform}, {account: studio, user: bo@example.com}]
      - {name: ReadOnly}
    applications:
      - {name: wiki, groups: [platform], users: [bo@example.com]}
      - {name: everybody, assignmentRequired: false, visibility: DISABLED}
`

// world is a simulated organization with the real clients on it, as its administrator sees it.
type world struct {
	testing.TB
	sandbox.Client
	clouds *awscloud.Clouds
	okta   *oktaorg.Org
	lists  store.Lists
	waits  provider.Waits
}

func start(t *testing.T, text string) world {
	t.Helper()
	const speed = 400
	file, err := sandbox.ReadWorld("world.yaml", []byte(text))
	require.NoError(t, err)
	server, err := sandbox.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", sandbox.Config{Speed: speed, World: file, Unlimited: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	w := world{TB: t, Client: sandbox.Client{URL: server.URL}, lists: storetest.New(t), waits: provider.DefaultWaits().Faster(speed)}
	env, err := w.EnvironmentAs(t.Context(), sandbox.AsAdministrator)
	require.NoError(t, err)
	w.clouds, err = awscloud.New(t.Context(), awscloud.Options{Speed: speed, LoadOptions: []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")),
	}})
	require.NoError(t, err)
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return env[name] })
	require.NoError(t, err)
	w.okta, err = oktaorg.New(t.Context(), options)
	require.NoError(t, err)
	return w
}

// stock names the instance, and the app of that label.
func (w world) stock(label string) survey.StockInput {
	w.Helper()
	in := survey.StockInput{Studio: "team", Run: 3, Change: survey.ChangeSource, Region: activitytest.Region, AssignmentGroup: "studio-app"}
	instance := w.instance()
	in.InstanceARN, in.IdentityStoreID = instance[0], instance[1]
	apps, err := w.okta.Apps(w.Context())
	require.NoError(w, err)
	for _, app := range apps {
		if app.Label == label {
			in.AppID = app.ID
		}
	}
	return in
}

func (w world) look() survey.State {
	w.Helper()
	in := w.stock("")
	state, err := survey.Look(w.Context(), survey.Sources{AWS: w.clouds, Okta: w.okta}, survey.Where{Region: in.Region, InstanceARN: in.InstanceARN,
		IdentityStoreID: in.IdentityStoreID})
	require.NoError(w, err)
	return state
}

func (w world) activities() *survey.Activities {
	return &survey.Activities{AWS: w.clouds, Okta: w.okta, Waits: w.waits, Packs: w.lists}
}

// files are the files of a pack, as a person saves them.
func (w world) files(pack onboarding.RollbackPack) map[string]string {
	w.Helper()
	files := map[string]string{}
	query := onboarding.PackQuery{RollbackPack: pack}
	for {
		page, err := survey.Page(w.Context(), w.lists, query)
		require.NoError(w, err)
		for _, line := range page.Lines {
			files[line.File] += line.Text
		}
		if page.Next == "" {
			return files
		}
		query.After = page.Next
	}
}

func TestTheStockOfAnOrganizationInUse(t *testing.T) {
	w := start(t, inUse)
	state := w.look()
	stock := state.Stock()
	require.Empty(t, stock.Unread)
	require.Equal(t, onboarding.StockedPeople{Total: 4, Enabled: 4, Provisioned: 3}, stock.Users)
	require.Equal(t, 2, stock.Groups.Total)
	require.Equal(t, 3, stock.AccountAssignments)
	require.False(t, stock.AtLeast)
	sets := map[string][2]int{}
	for _, set := range stock.PermissionSets {
		sets[set.Name] = [2]int{set.Accounts, set.Assignments}
	}
	require.Equal(t, map[string][2]int{"Administrator": {2, 3}, "ReadOnly": {0, 0}}, sets)
	for _, application := range stock.Applications {
		require.NotNil(t, application.AssignmentRequired)
		switch application.Name {
		case "wiki":
			require.Equal(t, 2, application.Assignments)
			require.True(t, *application.AssignmentRequired)
		case "everybody":
			require.False(t, *application.AssignmentRequired)
			require.False(t, application.Visible)
		}
	}
	require.Len(t, stock.OktaApps, 3)
	for _, app := range stock.OktaApps {
		switch app.Label {
		case "AWS SSO (production)":
			require.Equal(t, onboarding.BelongsHere, app.Belongs)
			require.Equal(t, []string{"all-staff"}, app.Groups)
			require.Equal(t, 3, *app.People)
			require.True(t, app.Provisions)
		case "AWS SSO (test)":
			require.Equal(t, onboarding.BelongsElsewhere, app.Belongs)
		default:
			require.Equal(t, onboarding.BelongsNowhere, app.Belongs)
		}
	}
	require.Equal(t, onboarding.SourceExternal, stock.Source.Kind)
	require.Equal(t, []string{"eu-west-1"}, state.Regions)

	said := map[string]string{}
	for _, verdict := range survey.Judge(state) {
		require.Equal(t, onboarding.VerdictKeep, verdict.Kind, "%+v", verdict)
		said[verdict.Code] += verdict.Reason + "\n"
		require.NotContains(t, verdict.Reason, "@example.com", "verdicts name nobody")
	}
	require.Contains(t, said[survey.CodePeople], "4 users, 4 of them enabled, 3 from another directory.")
	require.Contains(t, said[survey.CodeApplications], "1 of them admit everybody of the directory")
	require.Contains(t, said[survey.CodeOktaApps], `"AWS SSO (production)"`)
}

func TestWhatMayNotBeReadIsUnknownAndNeverNone(t *testing.T) {
	w := start(t, inUse)
	require.NoError(t, w.SetFaults(t.Context(), []sandbox.Fault{
		{Service: "identitystore", Operation: "ListUsers", Kind: sandbox.FaultDeny}, {Service: "sso", Operation: "ListPermissionSets", Kind: sandbox.FaultDeny},
		{Service: "cloudtrail", Kind: sandbox.FaultDeny},
	}))
	state := w.look()
	require.Equal(t, []string{onboarding.StockSource, onboarding.StockPermissionSets, onboarding.StockUsers}, state.Stock().Unread)
	unknown := 0
	for _, verdict := range survey.Judge(state) {
		if verdict.Kind == onboarding.VerdictUnknown {
			require.True(t, strings.HasPrefix(verdict.Reason, "unknown: "), verdict.Reason)
			unknown++
		}
		require.NotContains(t, verdict.Reason, "0 users")
		require.NotContains(t, verdict.Reason, "0 permission sets")
	}
	require.Equal(t, 3, unknown)
	impact := state.Impact(survey.ChangeSource, "", nil)
	require.True(t, impact.InUse)
	require.Contains(t, impact.Consent, "an unknown number of people can no longer sign in")
}

func TestThePackHoldsWhatTheChangeWouldTakeAway(t *testing.T) {
	w := start(t, inUse)
	taken, err := w.activities().TakeStock(t.Context(), w.stock("AWS IAM Identity Center"))
	require.NoError(t, err)
	require.Equal(t, "I agree that 3 people can no longer sign in through IAM Identity Center", taken.Consent, "ada is in the assignment group")
	all := strings.Join(taken.Impact, "\n")
	require.Contains(t, all, "4 users are enabled")
	require.Contains(t, all, "1 of them have an Okta login of exactly the same name")
	require.Contains(t, all, `The Okta app "AWS SSO (production)"`)
	require.NotContains(t, all, "@example.com", "nobody is named in a history")

	files := w.files(*taken.Pack)
	require.Contains(t, files["cut-off.csv"], "break.glass@example.com")
	require.NotContains(t, files["cut-off.csv"], "ada@example.com")
	require.Contains(t, files["users.csv"], "ada@example.com")
	require.Contains(t, files["account-assignments.csv"], "platform")
	require.Contains(t, files["application-assignments.csv"], "wiki")
	require.Contains(t, files["restore-assignments.sh"], `"$(group 'platform')"`)
	require.Contains(t, files["README.md"], "## The steps back")
	script := exec.CommandContext(t.Context(), "bash", "-n")
	script.Stdin = strings.NewReader(files["restore-assignments.sh"])
	said, err := script.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, files["README.md"], "can no longer sign in: bo@example.com")
	production := w.stock("AWS SSO (production)").AppID
	require.Contains(t, files["okta-apps/"+production+"/idp-metadata.xml"], "EntityDescriptor")
	require.Contains(t, files["okta-apps/"+production+"/app.json"], w.stock("").IdentityStoreID)
	require.Contains(t, files["okta-apps/"+production+"/people.csv"], "cy@example.com")

	checked, err := w.activities().CheckPack(t.Context(), survey.PackInput{Studio: "team", Pack: *taken.Pack})
	require.NoError(t, err)
	require.Equal(t, taken.Pack.Listing.Lines, checked.Lines)
	gone := *taken.Pack
	gone.Listing.Generation = "20200101T000000.000000000Z-gone"
	_, err = w.activities().CheckPack(t.Context(), survey.PackInput{Studio: "team", Pack: gone})
	activitytest.RequireClass(t, err, "NotFound")
}

func TestTheAppThatPeopleComeThroughCutsNobodyOff(t *testing.T) {
	w := start(t, inUse)
	taken, err := w.activities().TakeStock(t.Context(), w.stock("AWS SSO (production)"))
	require.NoError(t, err)
	require.Equal(t, "I agree that 1 person can no longer sign in through IAM Identity Center", taken.Consent, "whom nobody brought by SCIM")
}

func TestAGreenfieldOrganizationIsAskedNothing(t *testing.T) {
	w := start(t, "aws:\n  identityCenter: {}\nokta:\n  groups: [{name: studio-app}]\n")
	taken, err := w.activities().TakeStock(t.Context(), w.stock(""))
	require.NoError(t, err)
	require.Equal(t, survey.TakenStock{}, taken)
}

func TestAfterwardsEverybodyIsStillThereOrIsNamed(t *testing.T) {
	w := start(t, inUse)
	in := w.stock("AWS IAM Identity Center")
	taken, err := w.activities().TakeStock(t.Context(), in)
	require.NoError(t, err)
	compare := survey.CompareInput{Stock: in, Pack: *taken.Pack}
	compared, err := w.activities().CompareStock(t.Context(), compare)
	require.NoError(t, err)
	require.True(t, compared.Missing.Nothing(), "%s", compared.Text)
	require.Equal(t, *taken.Pack, compared.Pack)

	w.takeAway("bo@example.com")
	compared, err = w.activities().CompareStock(t.Context(), compare)
	require.NoError(t, err)
	require.Equal(t, 1, compared.Missing.Users)
	require.Contains(t, compared.Text, "1 user who was enabled")
	require.NotContains(t, compared.Text, "@example.com")
	files := w.files(compared.Pack)
	require.Contains(t, files["missing.csv"], "bo@example.com")
	require.Contains(t, files["users.csv"], "bo@example.com", "the rest of the pack is kept")

	require.NoError(t, w.SetFaults(t.Context(), []sandbox.Fault{{Service: "identitystore", Operation: "ListUsers", Kind: sandbox.FaultDeny}}))
	compared, err = w.activities().CompareStock(t.Context(), compare)
	require.NoError(t, err)
	require.NotEmpty(t, compared.Missing.Unread)
	require.Contains(t, compared.Text, "could not be read")
}

// instance is the ARN of the organization's instance and the ID of its identity store.
func (w world) instance() [2]string {
	w.Helper()
	cfg, err := w.clouds.Config(w.Context(), onboarding.AccountSpec{}, activitytest.Region)
	require.NoError(w, err)
	out, err := ssoadmin.NewFromConfig(cfg).ListInstances(w.Context(), &ssoadmin.ListInstancesInput{})
	require.NoError(w, err)
	require.Len(w, out.Instances, 1)
	return [2]string{aws.ToString(out.Instances[0].InstanceArn), aws.ToString(out.Instances[0].IdentityStoreId)}
}

// takeAway deletes a user by hand.
func (w world) takeAway(userName string) {
	w.Helper()
	cfg, err := w.clouds.Config(w.Context(), onboarding.AccountSpec{}, activitytest.Region)
	require.NoError(w, err)
	for _, user := range w.look().Users {
		if user.UserName == userName {
			_, err := identitystore.NewFromConfig(cfg).DeleteUser(w.Context(), &identitystore.DeleteUserInput{
				IdentityStoreId: aws.String(w.instance()[1]), UserId: &user.ID})
			require.NoError(w, err)
		}
	}
}

// TestAnActiveDirectoryIsToldFromNothingAndSaidSo: with one, the change deletes everything; the pack has it all, and the comparison
// afterwards says what is missing.
func TestAnActiveDirectoryIsToldFromNothingAndSaidSo(t *testing.T) {
	w := start(t, `
okta:
  groups: [{name: studio-app}]
  people: [{login: ada@example.com, firstName: Ada, lastName: Lovelace, groups: [studio-app]}]
  apps: [{label: AWS IAM Identity Center, organization: none, groups: [studio-app]}]
aws:
  identityCenter:
    source: active-directory
    users: [{userName: ada@example.com, groups: [admins]}, {userName: bo@example.com}]
    groups: [admins]
    permissionSets: [{name: Administrator, assignments: [{account: studio, group: admins}, {account: studio, user: bo@example.com}]}]
`)
	in := w.stock("AWS IAM Identity Center")
	taken, err := w.activities().TakeStock(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "I agree that 1 person can no longer sign in through IAM Identity Center, and that all users and assignments are deleted "+
		"if the source is Active Directory", taken.Consent)
	require.Contains(t, strings.Join(taken.Impact, "\n"), "If the source is Active Directory, the change deletes all")

	metadata, err := w.okta.Metadata(t.Context(), in.AppID)
	require.NoError(t, err)
	_, err = w.ChangeIdentitySource(t.Context(), sandbox.ChangeIdentitySourceInput{Metadata: string(metadata)})
	require.NoError(t, err)
	compared, err := w.activities().CompareStock(t.Context(), survey.CompareInput{Stock: in, Pack: *taken.Pack})
	require.NoError(t, err)
	require.Equal(t, 2, compared.Missing.Users)
	require.Equal(t, 2, compared.Missing.Accounts)
	files := w.files(compared.Pack)
	require.Contains(t, files["missing.csv"], "account-assignment")
	require.Contains(t, files["restore-assignments.sh"], `"$(group 'admins')"`)
	require.Contains(t, files["restore-assignments.sh"], `"$(user 'bo@example.com')"`)
}
