package signin

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
)

const ada, bo = "ada@example.com", "bo@example.com"

func at(second int) time.Time { return time.Date(2026, 11, 2, 9, 0, second, 0, time.UTC) }

func sent(second int, login string) letIn {
	return letIn{at: at(second), login: login, userName: login}
}

// A refusal names nobody: among many who sign in at once, it says something of the trust only where nobody else can be meant.
func TestARefusalIsHeldAgainstTheTrustOnlyWhereItIsCertain(t *testing.T) {
	for name, test := range map[string]struct {
		letIn    []letIn
		signedIn []sighting
		known    []string
		certain  bool
	}{
		"one whom Identity Center has":             {letIn: []letIn{sent(4, ada)}, known: []string{ada}, certain: true},
		"one whom it has not":                      {letIn: []letIn{sent(4, ada)}},
		"nobody, so that it came from elsewhere":   {known: []string{ada}},
		"somebody, but long before":                {letIn: []letIn{{at: at(5).Add(-time.Minute), login: ada}}, known: []string{ada}},
		"two, and Identity Center has both":        {letIn: []letIn{sent(4, ada), sent(3, bo)}, known: []string{ada, bo}, certain: true},
		"two, and Identity Center has one":         {letIn: []letIn{sent(4, ada), sent(3, bo)}, known: []string{ada}},
		"two, and the one whom it has came in":     {letIn: []letIn{sent(4, ada), sent(3, bo)}, signedIn: []sighting{{at: at(5), userName: ada}}, known: []string{ada}},
		"one who came in, so that nobody is meant": {letIn: []letIn{sent(4, ada)}, signedIn: []sighting{{at: at(5), userName: ada}}, known: []string{ada}},
	} {
		t.Run(name, func(t *testing.T) {
			s := state{now: at(50), letIn: test.letIn, signedIn: test.signedIn, refusals: []refusal{{at: at(5), message: "no"}}, known: map[string]bool{}}
			for _, name := range test.known {
				s.known[name] = true
			}
			known := add(onboarding.SignIns{}, s)
			require.Equal(t, test.certain, known.Refused != nil)
			if test.certain {
				require.True(t, known.Refuses())
				require.Contains(t, Judge(known)[0].Reason, "Sign-ins are refused")
			}
		})
	}
}

func TestALaterSuccessOrAChangeOfTheTrustClearsARefusal(t *testing.T) {
	s := state{now: at(50), letIn: []letIn{sent(4, ada)}, refusals: []refusal{{at: at(5)}}, known: map[string]bool{ada: true}}
	known := add(onboarding.SignIns{}, s)
	require.True(t, known.Refuses())
	repaired := add(known, state{now: at(55), changed: at(52), change: "EnableExternalIdPConfigurationForDirectory"})
	require.False(t, repaired.Refuses())
	require.Nil(t, repaired.Last)
	seen := add(known, state{now: at(55), letIn: []letIn{sent(51, bo)}, signedIn: []sighting{{at: at(52), userID: "id-bo", userName: bo}}})
	require.False(t, seen.Refuses())
	require.Equal(t, []onboarding.SignIn{{UserID: "id-bo", Person: bo, At: at(52)}}, seen.People)
}

// Who looks for the first time in a long while does not know what has changed meanwhile.
func TestAGapInWhatWasReadProvesNothing(t *testing.T) {
	known := add(onboarding.SignIns{}, state{now: at(50), letIn: []letIn{sent(4, ada)}, signedIn: []sighting{{at: at(5), userName: ada}}})
	require.True(t, known.Proves(at(5), at(50)))
	later := at(50).Add(reach + time.Hour)
	known = add(known, state{now: later})
	require.False(t, known.Proves(at(5), later))
	require.Len(t, known.People, 1, "when somebody was last seen stays known")
}
