package agreement

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

const (
	// slowSpeed leaves a minute of the world long enough to be measured.
	slowSpeed = 20
	// healed is how long a lost write may stay unnoticed, by the world's time.
	healed = time.Minute
)

// lostWrite is a kind of write that is acknowledged and lost once.
type lostWrite struct {
	name, service, operation string
	// later brings the write about after an onboarding; nil: it is one of the first onboarding.
	later func(*site)
}

func lostWrites() []lostWrite {
	spec := func(changes values) func(*site) { return func(s *site) { s.set(changes) } }
	// Who leaves is deleted at once.
	five := func(s *site) {
		s.Join(worldtest.AssignmentGroup, worldtest.Eve)
		s.Join(worldtest.PeopleGroup, worldtest.Eve)
		s.set(values{"access.people.0.login": worldtest.Di, "access.onRemoval": onboarding.RemovalDeleteProfile,
			"access.guard.quarantine": "0s"})
		s.onboarded()
	}
	return []lostWrite{
		{"the app", "okta", "POST /api/v1/apps", nil},
		{"a setting of the app", "okta", "PUT /api/v1/apps/{id}", nil},
		{"the assignment group", "okta", "PUT /api/v1/apps/{id}/groups/{groupId}", nil},
		{"a single person's app assignment", "okta", "POST /api/v1/apps/{id}/users", spec(values{"access.people.0.login": worldtest.Eve})},
		{"a push mapping", "okta", "POST /api/v1/apps/{id}/group-push/mappings", nil},
		{"a push mapping that is switched on again", "okta", "PATCH /api/v1/apps/{id}/group-push/mappings/{mappingId}", (*site).stopPush},
		{"an execution role", "iam", "CreateRole", nil},
		{"a role's policy", "iam", "AttachRolePolicy", nil},
		{"a role's tags", "iam", "TagRole", spec(values{"domain.tags": map[string]string{"team": "a"}})},
		{"the domain", "sagemaker", "CreateDomain", nil},
		{"the domain's update", "sagemaker", "UpdateDomain", spec(values{"domain.homeFileSystem": "enabled"})},
		{"tags of domain and profiles", "sagemaker", "AddTags", spec(values{"domain.tags": map[string]string{"team": "a"}})},
		{"an assignment", "sso", "CreateApplicationAssignment", nil},
		{"a profile", "sagemaker", "CreateUserProfile", nil},
		{"a profile's role", "sagemaker", "UpdateUserProfile", spec(values{"access.groups.0.executionRole": "SageMakerStudio-new"})},
		{"a profile's deletion", "sagemaker", "DeleteUserProfile", func(s *site) {
			five(s)
			s.Leave(worldtest.PeopleGroup, worldtest.Ada)
			s.eventually(func() bool { return !s.directory().has(worldtest.PeopleGroup, worldtest.Ada) })
		}},
		{"an assignment's deletion", "sso", "DeleteApplicationAssignment", func(s *site) {
			five(s)
			s.Spec.Access.People = nil
		}},
	}
}

// A write that is acknowledged and lost is noticed, and made again, within a minute and without a person.
func TestALostWriteHealsWithinAMinute(t *testing.T) {
	for _, x := range lostWrites() {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := newSiteAt(t, slowSpeed)
			if x.later != nil {
				s.onboarded()
				x.later(s)
			}
			mark := s.Mark()
			s.Faults(sandbox.Fault{Service: x.service, Operation: x.operation, Kind: sandbox.FaultLostWrite, Times: 1})
			r := s.onboard()
			calls := s.Product(mark)
			lost, again := s.madeAgain(calls, x)
			require.NotNil(t, lost, "there was no such write")
			require.NotNil(t, again, "%s was lost and never made again; parked: %v, outside: %v", lost.Operation, r.parked, r.people)
			took := time.Duration(float64(again.Time.Sub(lost.Time))*slowSpeed) + s.pauses.between(lost.Time, again.Time, slowSpeed, x.service)
			t.Logf("made again after %s of the world's time", took.Round(100*time.Millisecond))
			require.LessOrEqual(t, took, healed)
			require.Empty(t, r.parked, "nobody had to do anything")
			require.Empty(t, r.people)
			s.Faults()
			require.Empty(t, s.plan().writes)
			s.sameOfEverybody(r.end.handles)
		})
	}
}

// madeAgain finds the write that was lost, and the next one of the same thing that was not.
func (s *site) madeAgain(calls []sandbox.Call, x lostWrite) (lost, again *sandbox.Call) {
	for i, call := range calls {
		switch {
		case call.Service != x.service || call.Operation != x.operation:
		case call.Fault == sandbox.FaultLostWrite && lost == nil:
			lost = &calls[i]
		case lost != nil && call.Fault == "" && call.Status < 300 && call.Effect != "none" && s.inWords(call) == s.inWords(*lost):
			return lost, &calls[i]
		}
	}
	return lost, nil
}
