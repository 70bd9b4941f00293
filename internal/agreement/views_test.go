package agreement

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/scim"
	"studio-onboarding/internal/secret"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// Everything that reads the product's results is in this file, and puts them into the words of these tests.

// lists are where activities keep a line for each person.
func (s *site) lists() store.Lists { return storetest.At(s, filepath.Join(s.Dir, "people")) }

// activities are those of a worker, by its own adapters.
func (s *site) activities() []any {
	at, err := url.Parse(s.URL)
	require.NoError(s, err)
	environment, err := s.EnvironmentAs(s.Context(), s.worker)
	require.NoError(s, err)
	options, err := oktaorg.OptionsFromEnvironment(func(name string) string { return environment[name] })
	require.NoError(s, err)
	okta, err := oktaorg.New(s.Context(), options)
	require.NoError(s, err)
	cloud := s.CloudAs(s.worker)
	return activities.All(activities.Providers{
		AWS: cloud, Okta: okta, SCIM: &scim.Client{}, Secrets: secret.New(func(string) string { return "" }, cloud), Waits: s.waits,
		People:        s.lists(),
		PlainHTTPHost: at.Host,
	})
}

// said is what a look ahead says.
type said struct {
	// blocked are the steps at which a run would park, with the reasons.
	blocked map[onboarding.Step]string
	// people are those who could not sign in as they are, with the reasons.
	people map[string]string
	// writes are what a run would write, as "create Studio domain team", sorted.
	writes []string
	// asks are what a run would ask the operator for.
	asks []string
	// texts are everything that was said.
	texts []string
}

func (v *said) block(step onboarding.Step, text string) {
	if v.blocked == nil {
		v.blocked = map[onboarding.Step]string{}
	}
	v.blocked[step] = strings.TrimSpace(v.blocked[step] + "\n" + text)
}

// person writes down that a text is about these people.
func (v *said) person(text string, logins ...string) {
	if v.people == nil {
		v.people = map[string]string{}
	}
	for _, login := range logins {
		v.people[login] = text
	}
}

// check is what starter check does.
func (s *site) check() said {
	s.Helper()
	var result onboarding.Assessment
	require.NoError(s, s.do(onboarding.WorkflowCheck, onboarding.CheckInput{Spec: s.Spec}, &result))
	var v said
	for _, verdict := range result.Checked() {
		text := sentence(verdict.Reason, verdict.Remedy)
		switch verdict.Kind {
		case onboarding.VerdictBlocked:
			v.block(stepOf(verdict), text)
		case onboarding.VerdictWarning, onboarding.VerdictAsk:
		default:
			continue
		}
		v.texts = append(v.texts, text)
		if strings.HasPrefix(verdict.Code, "people") {
			for _, login := range everybody() {
				if strings.Contains(strings.ToLower(verdict.Reason), login) {
					v.person(text, login)
				}
			}
		}
	}
	return v
}

// stepOf says at which step a run would park.
func stepOf(verdict onboarding.Verdict) onboarding.Step {
	switch verdict.Code {
	case "identity-account", "studio-account", "okta-credentials", "identity-permissions", "studio-permissions":
		return onboarding.StepPreflight
	case "okta-app-certificate":
		return onboarding.StepSAMLExchange
	case "okta-assignment-group", "okta-access-group":
		return onboarding.StepOktaGroups
	case "people-made-by-hand", "people", "people-without-app":
		return onboarding.StepDirectorySync
	case "identity-store-network":
		return onboarding.StepSCIM
	case "quota-domains", "sagemaker":
		return onboarding.StepDomain
	case "quota-profiles":
		return onboarding.StepAccess
	}
	return verdict.Resource.Info().Step
}

// plan is what starter plan does.
func (s *site) plan() said {
	s.Helper()
	var plan onboarding.Assessment
	mark := s.Mark()
	require.NoError(s, s.do(onboarding.WorkflowPlan, onboarding.PlanInput{Spec: s.Spec}, &plan))
	for _, call := range s.Product(mark) {
		require.False(s, call.Write, "a plan writes nothing: %+v", call)
	}
	var v said
	for _, verdict := range plan.Planned() {
		text := fmt.Sprint(verdict.Kind, " ", verdict.Resource.Info().Title, " ", verdict.Subject)
		switch {
		case verdict.Kind.Writes():
			v.writes = append(v.writes, text)
		case verdict.Kind == onboarding.VerdictAsk:
			v.asks = append(v.asks, text)
		}
		v.texts = append(v.texts, text+" "+verdict.Reason)
	}
	for _, verdict := range onboarding.OfKind(plan.Verdicts, onboarding.VerdictBlocked, onboarding.VerdictWarning) {
		text := sentence(verdict.Reason, verdict.Remedy)
		v.texts = append(v.texts, text)
		if verdict.Kind == onboarding.VerdictBlocked {
			v.block(stepOf(verdict), text)
		}
	}
	for _, e := range plan.Exceptions {
		v.person(sentence(e.Reason, e.Remedy), e.Person)
	}
	v.writes = once(v.writes)
	return v
}

// ended is the end of a run.
type ended struct {
	state onboarding.RunState
	// wanted and ready count people, profiles those with one in service.
	wanted, ready, profiles int
	// people are those who can't sign in, with the reasons.
	people map[string]string
	// warnings are what the report says besides.
	warnings []string
	handles  onboarding.Handles
}

func endOf(report onboarding.Report) ended {
	end := ended{state: report.State, wanted: report.People.Wanted, ready: report.People.Ready, profiles: report.People.Profiles,
		people: map[string]string{}}
	for _, e := range report.Exceptions {
		end.people[e.Person] = sentence(e.Reason, e.Remedy)
	}
	for _, finding := range report.Findings {
		end.warnings = append(end.warnings, sentence(finding.Reason, finding.Remedy))
	}
	if report.Handles != nil {
		end.handles = *report.Handles
	}
	return end
}

// appIn is the Okta app of a run that has come so far.
func appIn(report onboarding.Report) string {
	for _, resource := range report.Resources {
		if resource.Kind == onboarding.ResourceOktaApp.Info().Title {
			return resource.ID
		}
	}
	return ""
}

// line is what the list of people says of somebody.
type line struct {
	ready  bool
	reason string
}

// list is what starter access does: a line for everybody who should have access.
func (s *site) list(handles onboarding.Handles) map[string]line {
	s.Helper()
	var kept onboarding.Listing
	require.NoError(s, s.do(onboarding.WorkflowAccessList, onboarding.AccessListInput{Handles: handles}, &kept))
	page, err := access.PeoplePage(s.Context(), s.lists(), onboarding.PeopleQuery{Studio: kept.Studio, Generation: kept.Generation})
	require.NoError(s, err)
	lines := map[string]line{}
	for _, person := range page.People {
		lines[strings.ToLower(person.Person)] = line{person.Ready, sentence(person.Reason, person.Remedy)}
	}
	return lines
}

// explain is what starter access --person does.
func (s *site) explain(handles onboarding.Handles, login string) line {
	s.Helper()
	var person onboarding.PersonExplanation
	require.NoError(s, s.do(onboarding.WorkflowExplainPerson, onboarding.ExplainPersonInput{Handles: handles, Login: login}, &person))
	return line{person.Ready, sentence(person.Broken, person.Remedy)}
}

// drift is what a reconcile would do: how many differences there are, and who can't sign in.
func (s *site) drift(handles onboarding.Handles) (changes int, people map[string]string) {
	s.Helper()
	var report onboarding.ReconcileReport
	require.NoError(s, s.do(onboarding.WorkflowReconcile, onboarding.ReconcileInput{Handles: handles, DryRun: true}, &report))
	people = map[string]string{}
	for _, e := range report.Exceptions {
		people[e.Person] = sentence(e.Reason, e.Remedy)
	}
	return report.Changes.Total, people
}

// parkedPeople are those for whom a step has failed; nil where it failed as a whole.
func parkedPeople(parked onboarding.Parked) map[string]string {
	if parked.Class != "Incomplete" {
		return nil
	}
	people := map[string]string{}
	for _, e := range parked.People {
		people[e.Person] = sentence(e.Reason, e.Remedy)
	}
	return people
}

func sentence(reason, remedy string) string {
	if remedy == "" {
		return reason
	}
	return reason + " → " + remedy
}

// everybody are the people of the small world, and one who isn't there.
func everybody() []string {
	return []string{worldtest.Ada, worldtest.Bo, worldtest.Cy, worldtest.Di, worldtest.Eve, nobody}
}

// written are the writes of calls, in the words of a plan. What is written twice, or in several calls, counts once.
func (s *site) written(calls []sandbox.Call) []string {
	s.Helper()
	var writes []string
	for _, call := range calls {
		if !call.Write || call.Effect == "none" || call.Status >= 300 {
			continue
		}
		writes = append(writes, s.inWords(call))
	}
	return once(writes)
}

// once sorts writes and leaves out what is there twice. What is removed and made again has changed.
func once(writes []string) []string {
	slices.Sort(writes)
	writes = slices.Compact(writes)
	for _, write := range slices.Clone(writes) {
		thing, removed := strings.CutPrefix(write, "remove ")
		if removed && slices.Contains(writes, "create "+thing) {
			writes = slices.DeleteFunc(writes, func(w string) bool { return w == write || w == "create "+thing })
			writes = append(writes, "change "+thing)
		}
	}
	slices.Sort(writes)
	return slices.Compact(writes)
}

func (s *site) inWords(call sandbox.Call) string {
	about := call.Params
	switch call.Service + " " + call.Operation {
	case "okta POST /api/v1/apps":
		return "create Okta app " + about["label"]
	case "okta PUT /api/v1/apps/{id}":
		return "change SAML trust " + about["label"]
	case "okta PUT /api/v1/apps/{id}/groups/{groupId}":
		return "create Okta group assignment " + about["group"]
	case "okta POST /api/v1/apps/{id}/users":
		return "create Okta app assignment " + s.loginOf(about["userId"])
	case "okta POST /api/v1/apps/{id}/group-push/mappings":
		return "create Okta group push " + about["group"]
	case "okta PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}":
		return "change Okta group push " + about["group"]
	case "iam CreateRole":
		return "create Execution role " + about["RoleName"]
	case "iam AttachRolePolicy", "iam PutRolePolicy":
		return "create Role policy " + about["RoleName"]
	case "iam UpdateAssumeRolePolicy", "iam TagRole", "iam UntagRole":
		return "change Execution role " + about["RoleName"]
	case "sagemaker CreateDomain":
		return "create Studio domain " + about["DomainName"]
	case "sagemaker UpdateDomain":
		return "change Studio domain " + s.Spec.Domain.Name
	case "sagemaker DeleteDomain":
		return "remove Studio domain " + s.Spec.Domain.Name
	case "sagemaker AddTags", "sagemaker DeleteTags":
		if _, name, ok := strings.Cut(about["ResourceArn"], ":user-profile/"); ok {
			_, name, _ = strings.Cut(name, "/")
			return "change User profile " + s.userOf(name)
		}
		return "change Studio domain " + s.Spec.Domain.Name
	case "sso CreateApplicationAssignment":
		return "create Studio assignment " + about["PrincipalName"]
	case "sso DeleteApplicationAssignment":
		return "remove Studio assignment " + about["PrincipalName"]
	case "sagemaker CreateUserProfile":
		return "create User profile " + about["SingleSignOnUserValue"]
	case "sagemaker UpdateUserProfile":
		return "change User profile " + s.userOf(about["UserProfileName"])
	case "sagemaker DeleteUserProfile":
		return "remove User profile " + s.userOf(about["UserProfileName"])
	}
	require.Fail(s, "nobody knows this write", "%+v", call)
	return ""
}

// loginOf is the login of an Okta user, given by ID.
func (s *site) loginOf(id string) string {
	var found struct{ Profile struct{ Login string } }
	s.Okta("GET", "/api/v1/users/"+id, nil, &found)
	return found.Profile.Login
}

// userOf is the user of a profile, also of one that is gone.
func (s *site) userOf(profile string) string {
	all, err := s.Calls(s.Context())
	require.NoError(s, err)
	for _, call := range all {
		if call.Operation == "CreateUserProfile" && call.Params["UserProfileName"] == profile {
			return call.Params["SingleSignOnUserValue"]
		}
	}
	return profile
}
