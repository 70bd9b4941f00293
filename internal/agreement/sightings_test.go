package agreement

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/secret"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// The contradictions that were seen, each as a test.

func TestAnExistingDomainGetsTheAccessOfTheSpecOrBlocks(t *testing.T) {
	vpcOnly := func(s *site) {
		s.network(func(standard, _ place) {
			s.Spec.Domain.Network.Access, s.Spec.Domain.Network.SecurityGroups = onboarding.NetworkVPCOnly, []string{standard.group}
		})
	}
	t.Run("a key cannot be given later", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		s.enable(here)
		s.domain(nil)
		before := s.described()
		vpcOnly(s)
		s.Spec.Domain.KMSKey = "alias/studio"
		check, plan, mark := s.check(), s.plan(), s.Mark()
		for _, v := range []said{check, plan} {
			require.Contains(t, v.blocked[onboarding.StepDomain], "key", "the domain has no key, and can't get one")
		}
		r := s.onboard()
		require.Contains(t, r.parked[onboarding.StepDomain], "key")
		require.Equal(t, before.AppNetworkAccessType, s.described().AppNetworkAccessType)
		for _, call := range s.Product(mark) {
			require.NotEqual(t, "UpdateDomain", call.Operation, "a domain that blocks is left alone")
		}
	})
	t.Run("the access can", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		s.enable(here)
		s.domain(nil)
		vpcOnly(s)
		require.Contains(t, s.plan().writes, "change Studio domain team")
		s.compare()
		require.Equal(t, sagemakertypes.AppNetworkAccessTypeVpcOnly, s.described().AppNetworkAccessType)
	})
}

func TestASecondOnboardingChangesWhatTheSpecChanges(t *testing.T) {
	for field, x := range map[string]struct {
		change func(*site)
		seen   func(*testing.T, *site, *sagemaker.DescribeDomainOutput)
	}{
		"executionRole": {func(s *site) { s.Spec.Domain.ExecutionRole = "SageMakerStudio-other" },
			func(t *testing.T, _ *site, d *sagemaker.DescribeDomainOutput) {
				require.Contains(t, aws.ToString(d.DefaultUserSettings.ExecutionRole), "role/SageMakerStudio-other")
			}},
		"tags": {func(s *site) { s.Spec.Domain.Tags = map[string]string{"team": "research"} },
			func(t *testing.T, s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(t, "research", s.tags(d.DomainArn)["team"])
			}},
		"homeFileSystem": {func(s *site) { s.Spec.Domain.HomeFileSystem = onboarding.FileSystemEnabled },
			func(t *testing.T, _ *site, d *sagemaker.DescribeDomainOutput) {
				require.NotEmpty(t, aws.ToString(d.HomeEfsFileSystemId))
			}},
		"subnets": {func(s *site) {
			s.network(func(standard, _ place) { s.Spec.Domain.Network.Subnets = standard.subnets[:1] })
		},
			func(t *testing.T, s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(t, s.Spec.Domain.Network.Subnets, d.SubnetIds)
			}},
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.onboarded()
			x.change(s)
			s.compare()
			x.seen(t, s, s.described())
		})
	}
}

func TestADomainInAnotherVPCBlocksEverywhere(t *testing.T) {
	s := newSite(t)
	s.enable(here)
	_, other := s.places()
	s.domain(func(in *sagemaker.CreateDomainInput) { in.VpcId, in.SubnetIds = &other.vpc, other.subnets })
	s.network(nil)
	check, plan, r := s.check(), s.plan(), s.onboard()
	for what, blocked := range map[string]string{
		"check": check.blocked[onboarding.StepDomain], "plan": plan.blocked[onboarding.StepDomain], "run": r.parked[onboarding.StepDomain],
	} {
		require.Contains(t, blocked, other.vpc, "%s\ncheck: %v\nplan: %v\nrun: %v", what, check.blocked, plan.blocked, r.parked)
	}
}

func TestSomebodyAssignedDirectlyCanSignInWithoutTheGroup(t *testing.T) {
	s := newSite(t)
	handles := s.onboarded().end.handles
	d := s.directory()
	d.assign(worldtest.Ada)
	d.removeMember(worldtest.PeopleGroup, worldtest.Ada)
	signedIn, err := s.SignIn(t.Context(), sandbox.SignInInput{Login: worldtest.Ada})
	require.NoError(t, err)
	require.True(t, signedIn.OK, "%+v", signedIn)
	s.sameOfEverybody(handles)
}

func TestTheVerificationOfARunNamesTheAssignmentGroup(t *testing.T) {
	s := newSite(t)
	s.Leave(worldtest.AssignmentGroup, worldtest.Ada)
	r := s.onboard()
	require.Contains(t, r.people[onboarding.StepDirectorySync][worldtest.Ada], worldtest.AssignmentGroup)
	require.Contains(t, r.end.people[worldtest.Ada], worldtest.AssignmentGroup, "the report, too, says what to do")
	require.Equal(t, r.people[onboarding.StepDirectorySync][worldtest.Ada], r.end.people[worldtest.Ada], "with the same words")
}

// What starter and the run accept as a reference, the worker takes, and nothing else.
func TestOneFormOfSecretReferences(t *testing.T) {
	request := onboarding.Request{Step: onboarding.StepSCIM, Needs: []onboarding.Need{{Name: onboarding.ValueSCIMToken}}}
	for _, reference := range []string{
		"env:SCIM_TOKEN", "env:scim token", "env:1TOKEN", "env:", "file:/run/secrets/token", "file:token", "file:", "file:/run/\ttoken",
		"aws-sm:arn:aws:secretsmanager:us-east-1:111111111111:secret:scim",
		"aws-sm:arn:aws:secretsmanager:us-east-1:111111111111:secret:scim#token",
		"aws-sm:arn:aws-cn:secretsmanager:cn-north-1:111111111111:secret:scim",
		"aws-sm:arn:aws:secretsmanager:us-east-1:111111111111:secret:scim#",
		"aws-sm:arn:aws:s3:::bucket", "aws-sm:scim", "vault:scim", "8a1f3b52-0b6c-4b3e-9d0c-0d7e0c3f3f7a",
	} {
		accepted := request.Accepts(onboarding.Answer{Step: request.Step, Values: map[string]string{onboarding.ValueSCIMToken: reference}}) == nil
		_, err := secret.New(func(string) string { return "a secret" }, lockedAWS{}).Resolve(t.Context(), reference)
		resolvable := fault.ClassOf(err) != fault.Invalid
		require.Equal(t, resolvable, accepted, "%q: the worker can resolve it: %t, the run accepts it: %t", reference, resolvable, accepted)
	}
}

// lockedAWS is an AWS that nobody may enter.
type lockedAWS struct{}

func (lockedAWS) Config(context.Context, onboarding.AccountSpec, string) (aws.Config, error) {
	return aws.Config{}, fault.New(fault.Denied, "aws", "", "no credentials")
}

// Roles are named at three places in a spec, by name and by ARN: check, plan and run have the same ones in mind.
func TestExecutionRolesAreTheSameForEverybody(t *testing.T) {
	s := newSite(t)
	s.role("SageMakerStudio-ml", studioTrust, fullAccess)
	s.Spec.Access.Groups[1].ExecutionRole = "arn:aws:iam::222222222222:role/SageMakerStudio-ml"
	s.Spec.Access.People = []onboarding.PersonAccessSpec{
		{Login: worldtest.Di, ExecutionRole: "SageMakerStudio-di"}, {Login: worldtest.Ada, ExecutionRole: "SageMakerStudio-ml"},
	}
	s.compare()
	for login, role := range map[string]string{worldtest.Di: "SageMakerStudio-di", worldtest.Ada: "SageMakerStudio-ml",
		worldtest.Bo: "SageMakerStudio-ml", worldtest.Cy: "SageMakerStudio-ml"} {
		require.Equal(t, "arn:aws:iam::222222222222:role/"+role, aws.ToString(s.profiles()[login].UserSettings.ExecutionRole), login)
	}
}

// A report says how things are, and not how they were before the run.
func TestAFinishedReportHasNothingFromBefore(t *testing.T) {
	s := newSite(t)
	s.Leave(worldtest.AssignmentGroup, worldtest.Ada)
	s.Leave(worldtest.AssignmentGroup, worldtest.Bo)
	s.asked = func(request onboarding.Request) {
		if request.Step == onboarding.StepSAMLExchange { // Bo is put right while the run waits for its operator
			s.Join(worldtest.AssignmentGroup, worldtest.Bo)
		}
	}
	r := s.onboard()
	require.Equal(t, onboarding.RunDone, r.end.state)
	require.Equal(t, 2, r.end.ready)
	of := regexp.MustCompile(`(\d+) of (?:the )?3\b`)
	for _, warning := range r.end.warnings {
		require.NotContains(t, warning, "not enabled yet")
		require.NotContains(t, warning, worldtest.Bo, "who can sign in")
		for _, found := range of.FindAllStringSubmatch(warning, -1) {
			n, err := strconv.Atoi(found[1])
			require.NoError(t, err)
			require.Contains(t, []int{1, 2}, n, warning)
			require.Equal(t, 1, n, "one person can't sign in: %s", warning)
		}
	}
}

// A profile that was acknowledged and lost is made again at once, and is not counted before it is there.
func TestALostProfileHealsAndIsNotCounted(t *testing.T) {
	s := newSite(t)
	s.Faults(sandbox.Fault{Service: "sagemaker", Operation: "CreateUserProfile", Kind: sandbox.FaultLostWrite, Times: 2})
	var mu sync.Mutex
	var counted, there []int
	s.beat = func(count onboarding.Count) {
		if count.Step != onboarding.StepAccess || !strings.Contains(count.What, "profile") {
			return
		}
		domains, err := s.studio().ListUserProfiles(s.Context(), &sagemaker.ListUserProfilesInput{})
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			counted, there = append(counted, count.Done), append(there, len(domains.UserProfiles))
		}
	}
	r := s.onboard()
	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, counted)
	for i := range counted {
		assert.LessOrEqual(t, counted[i], there[i], "%d profiles were counted while %d existed", counted[i], there[i])
	}
	require.Empty(t, r.people)
	require.Empty(t, r.parked)
	require.Equal(t, 3, r.end.ready)
	require.Len(t, s.profiles(), 3)
}
