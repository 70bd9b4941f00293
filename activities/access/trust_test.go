package access_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/access"
	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/signin"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

const ann = "ann@example.com"

// trusted is a small team in which everybody has access, with what was seen of sign-ins.
type trusted struct {
	*testing.T
	cloud *fakeCloud
	okta  *fakeOkta
	x     *access.Activities
	in    access.Input
}

func newTrusted(t *testing.T) *trusted {
	w := &trusted{T: t, cloud: smallTeam(t), in: accessTo("users")}
	w.x = accessOf(t, w.cloud)
	w.okta = w.x.Okta.(*fakeOkta)
	_, err := perform(t, w.x.ConvergeAccess, w.in)
	require.NoError(t, err)
	return w
}

// seen keeps sign-ins as collecting them does.
func (w *trusted) seen(change func(*onboarding.SignIns)) {
	w.Helper()
	known := onboarding.SignIns{IdentityStoreID: w.in.IdentityStoreID, AppID: w.in.AppID, Until: time.Now().UTC()}
	change(&known)
	require.NoError(w, w.x.People.(store.Lists).SaveSignIns(w.Context(), w.in.Run, known))
}

func signedIn(userID, person string, ago time.Duration) func(*onboarding.SignIns) {
	return func(known *onboarding.SignIns) {
		one := onboarding.SignIn{UserID: userID, Person: person, At: time.Now().UTC().Add(-ago)}
		known.Last, known.People = &one, []onboarding.SignIn{one}
	}
}

// link is what an explanation says of a link.
func link(e onboarding.PersonExplanation, name string) onboarding.PersonLink {
	return e.Links[slices.IndexFunc(e.Links, func(l onboarding.PersonLink) bool { return l.Link == name })]
}

// judged looks at everybody and at ann, who are judged alike.
func (w *trusted) judged() (access.VerifyResult, onboarding.PersonRecord, onboarding.PersonExplanation) {
	w.Helper()
	result, err := perform(w.T, w.x.VerifyAccess, w.in)
	require.NoError(w, err)
	records := storetest.PeopleAt(w, result.PeopleFile)
	record := records[slices.IndexFunc(records, func(p onboarding.PersonRecord) bool { return p.Person == ann })]
	explained, err := perform(w.T, w.x.ExplainPerson, access.ExplainInput{Access: w.in, Login: ann})
	require.NoError(w, err)
	require.Equal(w, record.Ready, explained.Ready)
	require.Equal(w, record.Grade, explained.Grade)
	require.True(w, record.LastSignIn.Equal(explained.LastSignIn))
	return result, record, explained
}

func TestAGradeSaysHowSureItIs(t *testing.T) {
	denied := fault.New(fault.Denied, "okta", "okta:GET metadata", "may not be read")
	for name, test := range map[string]struct {
		change func(*trusted)
		grade  onboarding.Grade
		saml   onboarding.LinkState
	}{
		"nobody has signed in": {func(*trusted) {}, onboarding.GradeVerified, onboarding.LinkOK},
		"signed in, by ID":     {func(w *trusted) { w.seen(signedIn("id-"+ann, "old@example.com", time.Hour)) }, onboarding.GradeProven, onboarding.LinkOK},
		"signed in, by name":   {func(w *trusted) { w.seen(signedIn("", ann, time.Hour)) }, onboarding.GradeProven, onboarding.LinkOK},
		"somebody else has":    {func(w *trusted) { w.seen(signedIn("id-bob@example.com", "bob@example.com", time.Hour)) }, onboarding.GradeVerified, onboarding.LinkOK},
		"long ago":             {func(w *trusted) { w.seen(signedIn("id-"+ann, ann, 100*24*time.Hour)) }, onboarding.GradeVerified, onboarding.LinkOK},
		"before the trust was changed": {func(w *trusted) {
			w.seen(func(known *onboarding.SignIns) {
				signedIn("id-"+ann, ann, time.Hour)(known)
				known.Changed = time.Now().Add(-time.Minute)
			})
		}, onboarding.GradeVerified, onboarding.LinkOK},
		"through another app": {func(w *trusted) {
			w.seen(func(known *onboarding.SignIns) {
				signedIn("id-"+ann, ann, time.Hour)(known)
				known.AppID = "other"
			})
		}, onboarding.GradeVerified, onboarding.LinkOK},
		"CloudTrail is read no more": {func(w *trusted) {
			w.seen(func(known *onboarding.SignIns) {
				signedIn("id-"+ann, ann, time.Hour)(known)
				known.Unreadable = &onboarding.Trouble{Class: "Denied", Message: "no"}
			})
		}, onboarding.GradeVerified, onboarding.LinkOK},
		"the certificate is not seen": {func(w *trusted) { w.okta.metadata = func() ([]byte, error) { return nil, denied } },
			onboarding.GradeConfigured, onboarding.LinkUnknown},
		"the certificate is not seen, and a sign-in is": {func(w *trusted) {
			w.okta.metadata = func() ([]byte, error) { return nil, denied }
			w.seen(signedIn("id-"+ann, ann, time.Hour))
		}, onboarding.GradeProven, onboarding.LinkUnknown},
		"another NameID format": {func(w *trusted) {
			w.okta.alter = func(app *model.App) { app.NameIDFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" }
		}, onboarding.GradeConfigured, onboarding.LinkUnknown},
		"the application is not seen, and a sign-in is": {func(w *trusted) {
			w.cloud.refuse = func(operation string, _ map[string]any) string {
				if operation == "DescribeApplication" {
					return "AccessDeniedException: no"
				}
				return ""
			}
			w.seen(signedIn("id-"+ann, ann, time.Hour))
		}, onboarding.GradeConfigured, onboarding.LinkOK},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTrusted(t)
			test.change(w)
			result, record, explained := w.judged()
			require.True(t, record.Ready, record.Reason)
			require.Equal(t, test.grade, record.Grade)
			require.Equal(t, test.saml, link(explained, onboarding.LinkSAML).State)
			require.Equal(t, result.People.Ready, result.People.Proven+result.People.Verified+result.People.Configured())
		})
	}
}

// The trap: the identity source was given another app's metadata. Everything else is right, and nobody is called ready.
func TestATrustThatRefusesBreaksEverybodysChain(t *testing.T) {
	w := newTrusted(t)
	w.seen(func(known *onboarding.SignIns) {
		known.Refused = &onboarding.Refusal{At: time.Now().UTC(), Message: "Not a valid response for the provided request id", Person: ann}
	})
	result, record, explained := w.judged()
	require.Zero(t, result.People.Ready)
	require.Equal(t, "saml-refused", record.Code)
	require.Contains(t, record.Reason, "Not a valid response for the provided request id")
	require.Contains(t, record.Remedy, "Upload the app's current metadata")
	require.Equal(t, onboarding.LinkSAML, explained.Broken)
	require.Len(t, onboarding.Blocked(result.Findings), 1)

	w.seen(func(known *onboarding.SignIns) { // somebody came in since
		signedIn("id-bob@example.com", "bob@example.com", 0)(known)
		known.Refused = &onboarding.Refusal{At: time.Now().UTC().Add(-time.Minute)}
	})
	_, record, _ = w.judged()
	require.Equal(t, onboarding.GradeVerified, record.Grade)
}

func TestWhatIsWrongWithTheTrustOrTheApplicationIsSaidOfEverybody(t *testing.T) {
	for code, change := range map[string]func(*trusted){
		"saml-mode":   func(w *trusted) { w.okta.alter = func(app *model.App) { app.SignOnMode = "BOOKMARK" } },
		"saml-values": func(w *trusted) { w.okta.alter = func(app *model.App) { app.ACSURL = "" } },
		"saml-other-instance": func(w *trusted) {
			w.okta.alter = func(app *model.App) {
				app.EntityID = "https://us-east-1.signin.aws.amazon.com/platform/saml/d-0000000000"
			}
		},
		"saml-certificate": func(w *trusted) {
			expired := []byte(activitytest.IdPMetadata(w, time.Now().Add(-time.Hour)))
			w.okta.metadata = func() ([]byte, error) { return expired, nil }
		},
		"studio-application-disabled": func(w *trusted) { w.cloud.application = "DISABLED" },
	} {
		t.Run(code, func(t *testing.T) {
			w := newTrusted(t)
			change(w)
			result, record, explained := w.judged()
			require.Zero(t, result.People.Ready)
			require.Equal(t, code, record.Code)
			require.NotEmpty(t, record.Remedy)
			require.Equal(t, code, explained.Code)
		})
	}
}

func TestAnApplicationThatAdmitsEverybodyIsWarnedOf(t *testing.T) {
	w := newTrusted(t)
	w.cloud.open = true
	result, record, explained := w.judged()
	require.Equal(t, onboarding.GradeVerified, record.Grade)
	require.Equal(t, "studio-application-open", result.Findings[0].Code)
	require.Contains(t, explained.Notices[0], "admits everybody in the directory")
}

// With canary-first, the canary alone is let in at first, and nothing is taken from anybody.
func TestTheCanaryIsLetInAloneAndThenTheOthers(t *testing.T) {
	cloud := smallTeam(t)
	x, in := accessOf(t, cloud), accessTo("users")
	first := in
	first.Canary = &onboarding.CanarySpec{Person: ann}
	result, err := perform(t, x.ConvergeAccess, first)
	require.NoError(t, err)
	require.Equal(t, []string{"id-" + ann}, result.First)
	require.Equal(t, map[string]bool{"USER/id-" + ann: true}, cloud.assigned)
	require.Len(t, cloud.profiles, 1)

	in.First = result.First
	result, err = perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"GROUP/g-users": true}, cloud.assigned, "the canary comes in by the group now")
	require.Equal(t, len(cloud.groups["users"])-1, result.ProfilesMade)
	require.Zero(t, result.ProfilesRemoved)
}

func TestACanaryGroupIsLetInAsAGroup(t *testing.T) {
	cloud := smallTeam(t)
	x, in := accessOf(t, cloud), accessTo("ml", "users")
	in.Canary = &onboarding.CanarySpec{Group: "ml"}
	result, err := perform(t, x.ConvergeAccess, in)
	require.NoError(t, err)
	require.Empty(t, result.First)
	require.Equal(t, map[string]bool{"GROUP/g-ml": true}, cloud.assigned)
	require.Len(t, cloud.profiles, len(cloud.groups["ml"]))
	for _, profile := range cloud.profiles {
		require.Equal(t, fakeRoleML, profile.role)
	}
}

func TestACanaryWithoutAccessIsNamed(t *testing.T) {
	cloud := smallTeam(t)
	x, in := accessOf(t, cloud), accessTo("users")
	in.Canary = &onboarding.CanarySpec{Person: "nobody@example.com"}
	_, err := perform(t, x.ConvergeAccess, in)
	requireFault(t, fault.NotFound, err)
	require.ErrorContains(t, err, "nobody@example.com is in none of the access groups")
	require.Empty(t, cloud.assigned)
}

func TestAPlanSaysWhetherSomebodyIsAskedToSignIn(t *testing.T) {
	for kind, found := range map[onboarding.VerdictKind]*signin.Found{
		onboarding.VerdictAsk:     {},
		onboarding.VerdictKeep:    {Proven: &onboarding.SignIn{Person: ann}},
		onboarding.VerdictUnknown: {Unreadable: &onboarding.Trouble{Message: "may not be read"}},
	} {
		verdicts := access.Judge(onboarding.Spec{Name: fakeRun}, access.State{SignIns: found})
		i := slices.IndexFunc(verdicts, func(v onboarding.Verdict) bool { return v.Resource == onboarding.ResourceSignIn })
		require.Equal(t, kind, verdicts[i].Kind)
		require.NotContains(t, verdicts[i].Reason, ann)
	}
}
