package agreement

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// everyone are all people of these worlds.
func everyone() []string {
	return slices.Concat([]string{worldtest.Ada, worldtest.Bo, worldtest.Cy, worldtest.Di, worldtest.Eve, outsider}, others)
}

// signingIn are those who come as far as the access portal, in the order of everyone.
func (s *site) signingIn() []string {
	s.Helper()
	var in []string
	for _, login := range everyone() {
		result, err := s.SignIn(s.Context(), sandbox.SignInInput{Login: login, Address: sandbox.AddressPortal})
		require.NoError(s, err)
		if result.OK {
			in = append(in, login)
		}
	}
	return in
}

// seenSigningIn is how many sign-ins CloudTrail shows.
func (s *site) seenSigningIn() int {
	s.Helper()
	trail := s.IdentityAdmin()
	trail.Region = cmp.Or(s.primary, trail.Region)
	events, err := cloudtrail.NewFromConfig(trail).LookupEvents(s.Context(), &cloudtrail.LookupEventsInput{
		LookupAttributes: []cloudtrailtypes.LookupAttribute{{
			AttributeKey: cloudtrailtypes.LookupAttributeKeyEventName, AttributeValue: aws.String("UserAuthentication"),
		}},
	})
	require.NoError(s, err)
	return len(events.Events)
}

// missing are those of before who are not there any more.
func missing(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(before), func(login string) bool { return slices.Contains(after, login) })
}

// TestNobodyIsCutOffUnasked: in an organization that is in use, whoever could sign in before a run can do so after it, unless somebody
// typed the sentence that says who can't.
func TestNobodyIsCutOffUnasked(t *testing.T) {
	for _, world := range worldsInUse() {
		t.Run(world.name, func(t *testing.T) {
			t.Parallel()
			s := newSiteIn(t, world.yaml())
			s.choose, s.primary, s.worker, s.refuses = world.choose, world.primary, cmp.Or(world.worker, s.worker), true
			s.waits.Settle = 100 * time.Millisecond // whom Okta does not bring are given up sooner than the clock of a run can leap
			before := s.signingIn()
			s.eventually(func() bool { return s.seenSigningIn() >= len(before) })
			var asked []onboarding.Request
			s.asked = func(request onboarding.Request) {
				if request.Consent != "" {
					asked = append(asked, request)
				}
			}
			r := s.onboard()
			require.Empty(t, missing(before, s.signingIn()), "without the sentence")
			switch {
			case world.stops != "":
				require.Contains(t, r.parked[onboarding.Step(world.stops)], world.says, "%v", r.parked)
				return
			case world.asks == "":
				require.Empty(t, asked, "nobody could be cut off")
				require.False(t, r.aborted, "%v", r.parked)
				require.Equal(t, 3, r.end.ready, "%v", r.end.people)
				return
			}
			require.NotEmpty(t, asked, "%v", r.parked)
			require.Contains(t, asked[0].Consent, world.asks)
			require.NotEmpty(t, asked[0].Impact)
			require.NotNil(t, asked[0].RollbackPack)
			require.True(t, r.aborted)

			s.refuses = false
			r = s.onboard()
			require.ElementsMatch(t, world.cutOff, missing(before, s.signingIn()), "as the sentence said")
			if len(world.cutOff) == 0 {
				require.Equal(t, 3, r.end.ready, "%v %v", r.parked, r.end.people)
			}
			if world.back != nil {
				require.NoError(t, world.back(s, s.pack(*asked[len(asked)-1].RollbackPack)))
				require.Empty(t, missing(before, s.signingIn()), "after the steps back")
			}
		})
	}
}

// pack are the files of a rollback pack by their names.
func (s *site) pack(in onboarding.RollbackPack) map[string]string {
	s.Helper()
	files := map[string]string{}
	require.NoError(s, s.lists().ReadPack(s.Context(), in.Listing.Studio, in.Run, in.Listing.Generation, 0,
		func(line onboarding.PackLine, _ int64) bool {
			files[line.File] += line.Text
			return true
		}))
	return files
}

// TestAWrongSentenceIsNoConsent: what is typed has to be what will happen.
func TestAWrongSentenceIsNoConsent(t *testing.T) {
	request := onboarding.Request{Step: onboarding.StepSAMLExchange, Consent: "4 people will be cut off.",
		Needs: []onboarding.Need{{Name: onboarding.ValueConsent}}}
	accepts := func(sentence string) error {
		return request.Accepts(onboarding.Answer{Step: request.Step, Values: map[string]string{onboarding.ValueConsent: sentence}})
	}
	require.NoError(t, accepts("4 People  will be\ncut off"))
	require.ErrorContains(t, accepts("yes"), request.Consent)
	require.ErrorContains(t, accepts(strings.Replace(request.Consent, "4", "3", 1)), request.Consent)
}
