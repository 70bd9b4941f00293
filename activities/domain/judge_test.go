package domain_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/domain"
	"studio-onboarding/onboarding"
)

const (
	keyARN   = "arn:aws:kms:us-east-1:222222222222:key/11111111-2222-3333-4444-555555555555"
	otherARN = "arn:aws:kms:us-east-1:222222222222:key/99999999-2222-3333-4444-555555555555"
	roleARN  = "arn:aws:iam::222222222222:role/SageMakerStudio-demo"
)

// world is a spec with a state to judge.
type world struct {
	spec  onboarding.Spec
	state domain.State
}

// existing is a domain of the run's own that is as its spec says.
func existing() world {
	return world{
		onboarding.Spec{Name: "demo", Region: "us-east-1", Domain: onboarding.DomainSpec{Name: "demo", ExecutionRole: "SageMakerStudio-demo"}},
		domain.State{
			ExecutionRoleARN: roleARN, Account: "222222222222", InstanceTypes: []string{"ml.t3.medium", "ml.m5.large", "ml.g5.xlarge"},
			Network: domain.Network{VPC: "vpc-default", Subnets: []string{"subnet-default"}},
			Domain: &domain.Description{
				Domain: domain.Domain{ID: "d-1", Name: "demo", Status: "InService", ApplicationARN: "arn:a", Origin: onboarding.OriginCreated,
					VPC: "vpc-1"},
				AuthMode: "SSO", Subnets: []string{"subnet-1", "subnet-2"}, Access: onboarding.NetworkPublic, ExecutionRole: roleARN,
				HomeFileSystem: onboarding.Disabled, SourceIdentity: onboarding.Disabled, TrustedIdentityPropagation: onboarding.Disabled,
				JupyterLab: 2 * time.Hour, CodeEditor: 2 * time.Hour, Portal: true, Tags: map[string]string{"studio-onboarding:run": "demo"},
			},
		},
	}
}

func TestTheJudge(t *testing.T) {
	apps := []domain.App{{Name: "JupyterLab default of ada", Status: "InService"}}
	for name, tc := range map[string]struct {
		change func(w *world)
		field  string
		kind   onboarding.VerdictKind
		says   string
	}{
		"missing": {func(w *world) { w.state.Domain = nil }, "", onboarding.VerdictCreate,
			"There is no domain demo yet; the run creates it."},
		"adopted": {func(w *world) { w.state.Domain.Origin = onboarding.OriginAdopted }, "", onboarding.VerdictAdopt,
			"the run adopts it"},
		"IAM": {func(w *world) { w.state.Domain.AuthMode = "IAM" }, "", onboarding.VerdictBlocked,
			"The domain demo (d-1) has IAM authentication, and that cannot be changed."},
		"being deleted": {func(w *world) { w.state.Domain.Status = "Deleting" }, "", onboarding.VerdictCreate, "once the old one is gone"},
		"failed": {func(w *world) { w.state.Domain.Status = "Failed" }, "", onboarding.VerdictBlocked,
			"is Failed: AWS gives no reason."},
		"failed for nothing": {func(w *world) { w.state.Domain.Status, w.state.Domain.Transient = "Failed", true }, "",
			onboarding.VerdictRemove, "The run deletes it."},
		"old": {func(w *world) { w.state.Domain.ApplicationARN = "" }, "", onboarding.VerdictBlocked, "no Identity Center application"},
		"no SageMaker": {func(w *world) { w.state = domain.State{Unreachable: "api.sagemaker.us-east-1.amazonaws.com"} }, "",
			onboarding.VerdictBlocked, "There is no SageMaker in the Region us-east-1"},
		"not to be looked at": {func(w *world) {
			w.state = domain.State{Trouble: &onboarding.Trouble{Operation: "sagemaker:ListDomains", Message: "no"}}
		}, "", onboarding.VerdictBlocked, "sagemaker:ListDomains: no"},
		"quota": {func(w *world) { w.state.Domain, w.state.Domains = nil, &domain.Quota{Known: true, Value: 1, Used: 1} }, "",
			onboarding.VerdictBlocked, "The quota is 1 domains, and the account has 1."},
		"people": {func(w *world) { w.state.People, w.state.Profiles = 3, &domain.Quota{Known: true, Value: 4, Used: 2} }, "",
			onboarding.VerdictBlocked, "3 people and 2 profiles of other domains are more than the quota of 4 profiles."},
		"people at first sign-in": {func(w *world) {
			w.spec.Access.Profiles = onboarding.ProfilesFirstSignIn
			w.state.People, w.state.Profiles = 3, &domain.Quota{Known: true, Value: 2}
		}, "", onboarding.VerdictWarning, "more than the quota"},
		"quota not readable": {func(w *world) { w.state.Profiles = &domain.Quota{Code: "L-AC46C40F"} }, "", onboarding.VerdictUnknown,
			"cannot be read"},
		"own tag": {func(w *world) {}, "name", onboarding.VerdictKeep, "tag of this run's name"},
		"another run's": {func(w *world) {
			w.state.Domain.Origin = onboarding.OriginAdopted
			w.state.Domain.Tags["studio-onboarding:run"] = "other"
		}, "name", onboarding.VerdictKeep, "The run other made the domain"},
		"role": {func(w *world) { w.state.Domain.ExecutionRole = "arn:aws:iam::222222222222:role/Old" }, "domain.executionRole",
			onboarding.VerdictChange, "role/Old to " + roleARN},
		"role that is not there yet": {func(w *world) {
			w.state.ExecutionRoleARN = ""
			w.state.Domain.ExecutionRole = "arn:aws:iam::222222222222:role/Old"
		}, "domain.executionRole", onboarding.VerdictChange, "to SageMakerStudio-demo"},
		"role by name": {func(w *world) { w.state.ExecutionRoleARN = "" }, "domain.executionRole", onboarding.VerdictKeep, "as the spec says"},
		"default role, adopted": {func(w *world) {
			w.state.Domain.Origin = onboarding.OriginAdopted
			w.state.Domain.ExecutionRole = "arn:aws:iam::222222222222:role/Old"
		}, "domain.executionRole", onboarding.VerdictKeep, "keeps its execution role"},
		"named role, adopted": {func(w *world) {
			w.state.Domain.Origin = onboarding.OriginAdopted
			w.spec.Domain.ExecutionRole = "Other"
			w.state.ExecutionRoleARN = "arn:aws:iam::222222222222:role/Other"
		}, "domain.executionRole", onboarding.VerdictChange, "role/Other"},
		"VPC": {func(w *world) {
			w.spec.Domain.Network = onboarding.NetworkSpec{VPC: "vpc-2", Subnets: []string{"subnet-9"}}
		}, "domain.network.vpc", onboarding.VerdictBlocked, "is in vpc-1, and the spec says vpc-2; a domain cannot be moved."},
		"no VPC of its own": {func(w *world) { w.state.Domain.VPC = ""; w.spec.Domain.Network.VPC = "vpc-2" },
			"domain.network.vpc", onboarding.VerdictBlocked, "Unified Studio"},
		"default VPC elsewhere":     {func(w *world) {}, "domain.network.vpc", onboarding.VerdictKeep, "vpc-1"},
		"default subnets elsewhere": {func(w *world) {}, "domain.network.subnets", onboarding.VerdictKeep, "subnet-1, subnet-2"},
		"subnets in another order": {func(w *world) { w.spec.Domain.Network.Subnets = []string{"subnet-2", "subnet-1"} },
			"domain.network.subnets", onboarding.VerdictKeep, "as the spec says"},
		"a subnet less while apps run": {func(w *world) { w.spec.Domain.Network.Subnets, w.state.Domain.Apps = []string{"subnet-1"}, apps },
			"domain.network.subnets", onboarding.VerdictBlocked, "JupyterLab default of ada (InService)"},
		"a subnet more while apps run": {func(w *world) {
			w.spec.Domain.Network.Subnets, w.state.Domain.Apps = []string{"subnet-1", "subnet-2", "subnet-3"}, apps
		}, "domain.network.subnets", onboarding.VerdictChange, "subnet-3"},
		"access": {func(w *world) { w.spec.Domain.Network.Access = onboarding.NetworkVPCOnly }, "domain.network.access",
			onboarding.VerdictChange, "from public to vpc-only"},
		"access with RStudio": {func(w *world) { w.spec.Domain.Network.Access, w.state.Domain.RStudio = onboarding.NetworkVPCOnly, true },
			"domain.network.access", onboarding.VerdictBlocked, "RStudio"},
		"access while apps run": {func(w *world) { w.spec.Domain.Network.Access, w.state.Domain.Apps = onboarding.NetworkVPCOnly, apps },
			"domain.network.access", onboarding.VerdictBlocked, "no app of the domain runs"},
		"access, apps unknown": {func(w *world) {
			w.spec.Domain.Network.Access, w.state.Domain.AppsTrouble = onboarding.NetworkVPCOnly, &onboarding.Trouble{Message: "denied"}
		}, "domain.network.access", onboarding.VerdictChange, "denied"},
		"unwritten access": {func(w *world) { w.state.Domain.Access = onboarding.NetworkVPCOnly }, "domain.network.access",
			onboarding.VerdictKeep, "vpc-only"},
		"files": {func(w *world) { w.spec.Domain.HomeFileSystem = onboarding.Enabled }, "domain.homeFileSystem",
			onboarding.VerdictChange, "enabled"},
		"files for ever": {func(w *world) {
			w.spec.Domain.HomeFileSystem, w.state.Domain.HomeFileSystem = onboarding.Disabled, onboarding.Enabled
		}, "domain.homeFileSystem", onboarding.VerdictBlocked, "does not take a home file system away"},
		"key by alias": {func(w *world) {
			w.spec.Domain.KMSKey, w.state.Domain.KMSKey = "alias/a", keyARN
			w.state.Keys = map[string]domain.Key{"alias/a": {ARN: keyARN}}
		}, "domain.kmsKey", onboarding.VerdictKeep, "as the spec says"},
		"key by ID": {func(w *world) { w.spec.Domain.KMSKey, w.state.Domain.KMSKey = keyARN, keyARN[len(keyARN)-36:] }, "domain.kmsKey",
			onboarding.VerdictKeep, "as the spec says"},
		"another key": {func(w *world) {
			w.spec.Domain.KMSKey, w.state.Domain.KMSKey = "alias/a", otherARN
			w.state.Keys = map[string]domain.Key{"alias/a": {ARN: keyARN}}
		}, "domain.kmsKey", onboarding.VerdictBlocked, "cannot be changed"},
		"key of an existing domain": {func(w *world) { w.spec.Domain.KMSKey = "alias/a" }, "domain.kmsKey", onboarding.VerdictBlocked,
			"cannot be changed"},
		"key not to be looked at": {func(w *world) {
			w.spec.Domain.KMSKey, w.state.Domain.KMSKey = "alias/a", keyARN
			w.state.Keys = map[string]domain.Key{"alias/a": {Trouble: &onboarding.Trouble{Class: "Denied"}}}
		}, "domain.kmsKey", onboarding.VerdictWarning, "could not be looked at"},
		"key elsewhere": {func(w *world) {
			w.state.Domain, w.spec.Domain.KMSKey = nil, "alias/a"
			w.state.Keys = map[string]domain.Key{"alias/a": {ARN: strings.Replace(keyARN, "us-east-1", "eu-west-1", 1)}}
		}, "domain.kmsKey", onboarding.VerdictBlocked, "is in eu-west-1"},
		"idle": {func(w *world) { w.spec.Domain.IdleShutdown = "90m" }, "domain.idleShutdown", onboarding.VerdictChange,
			"from 2h to 1h30m"},
		"idle by another unit": {func(w *world) { w.spec.Domain.IdleShutdown = "120m" }, "domain.idleShutdown", onboarding.VerdictKeep,
			"as the spec says"},
		"idle, half": {func(w *world) { w.spec.Domain.IdleShutdown, w.state.Domain.CodeEditor = "2h", 0 }, "domain.idleShutdown",
			onboarding.VerdictChange, "Code Editor disabled"},
		"idle off": {func(w *world) { w.spec.Domain.IdleShutdown = onboarding.Disabled }, "domain.idleShutdown",
			onboarding.VerdictChange, "to disabled"},
		"instance types": {func(w *world) { w.spec.Domain.InstanceTypes = []string{"ml.t3.medium"} }, "domain.instanceTypes",
			onboarding.VerdictChange, "from all to ml.t3.medium"},
		"instance types that are so": {func(w *world) {
			w.spec.Domain.InstanceTypes = []string{"ml.t3.medium"}
			w.state.Domain.HiddenInstanceTypes = []string{"ml.g5.xlarge", "ml.m5.large"}
		}, "domain.instanceTypes", onboarding.VerdictKeep, "ml.t3.medium"},
		"apps": {func(w *world) { w.spec.Domain.HiddenApps = []string{"Canvas"} }, "domain.hiddenApps",
			onboarding.VerdictChange, "from none to Canvas"},
		"storage": {func(w *world) { w.spec.Domain.SpaceStorage = &onboarding.SpaceStorageSpec{Default: 5, Maximum: 10} },
			"domain.spaceStorage.maximum", onboarding.VerdictChange, "10 GB"},
		"identity while apps run": {func(w *world) { w.spec.Domain.SourceIdentity, w.state.Domain.Apps = onboarding.Enabled, apps },
			"domain.sourceIdentity", onboarding.VerdictBlocked, "source identity"},
		"propagation": {func(w *world) {
			w.spec.Domain.TrustedIdentityPropagation, w.state.Domain.Apps = onboarding.Enabled, apps
		}, "domain.trustedIdentityPropagation", onboarding.VerdictChange, "enabled"},
		"landing": {func(w *world) { w.spec.Domain.LandingPage = onboarding.LandingStudio }, "domain.landingPage",
			onboarding.VerdictChange, "studio"},
		"landing, switched off": {func(w *world) {
			w.spec.Domain.LandingPage, w.state.Domain.LandingPage, w.state.Domain.Portal = "studio", "studio", false
		}, "domain.landingPage", onboarding.VerdictChange, "switched off"},
		"classic": {func(w *world) { w.spec.Domain.LandingPage = onboarding.LandingClassic }, "domain.landingPage",
			onboarding.VerdictBlocked, "nothing shows"},
		"classic in a new domain": {func(w *world) { w.state.Domain, w.spec.Domain.LandingPage = nil, onboarding.LandingClassic },
			"domain.landingPage", onboarding.VerdictBlocked, "new domains have no Studio Classic"},
		"classic where it is": {func(w *world) {
			w.spec.Domain.LandingPage, w.state.Domain.Classic = onboarding.LandingClassic, "it has apps"
		}, "domain.landingPage", onboarding.VerdictChange, "classic"},
		"sharing": {func(w *world) { w.spec.Domain.NotebookSharing = &onboarding.NotebookSharingSpec{S3: "s3://b/x"} },
			"domain.notebookSharing.s3", onboarding.VerdictBlocked, "belongs to Studio Classic"},
		"tags": {func(w *world) {
			w.spec.Domain.Tags = map[string]string{"team": "ml"}
			w.state.Domain.Tags["team"] = "old"
		}, "domain.tags", onboarding.VerdictChange, "team=ml"},
	} {
		t.Run(name, func(t *testing.T) {
			w := existing()
			tc.change(&w)
			var said []string
			for _, verdict := range domain.Judge(w.spec, w.state) {
				require.NotEmpty(t, verdict.Reason)
				require.NotEmpty(t, verdict.Code)
				if verdict.Kind == onboarding.VerdictBlocked {
					require.NotEmpty(t, verdict.Remedy)
				}
				if verdict.Field == tc.field && verdict.Kind == tc.kind {
					said = append(said, verdict.Reason)
				}
			}
			require.Contains(t, strings.Join(said, "\n"), tc.says)
		})
	}
}

func TestWhatIsRightIsLeftAlone(t *testing.T) {
	w := existing()
	for _, verdict := range domain.Judge(w.spec, w.state) {
		require.Equal(t, onboarding.VerdictKeep, verdict.Kind, "%+v", verdict)
	}
	w.state.Domain.Tags["owner"] = "platform"
	others := onboarding.OfKind(domain.Judge(w.spec, w.state), onboarding.VerdictKeep)
	require.Contains(t, others[len(others)-1].Reason, "1 other tags of the domain stay as they are.")
}

// TestNoFieldOfTheDomainIsIgnored walks through the spec's type: every leaf below domain has one verdict, of a domain that is
// there as of one that is not.
func TestNoFieldOfTheDomainIsIgnored(t *testing.T) {
	var leaves func(path string, is reflect.Type) []string
	leaves = func(path string, is reflect.Type) (found []string) {
		if is.Kind() == reflect.Pointer {
			is = is.Elem()
		}
		if is.Kind() != reflect.Struct {
			return []string{path}
		}
		for i := range is.NumField() {
			name, _, _ := strings.Cut(is.Field(i).Tag.Get("json"), ",")
			found = append(found, leaves(path+"."+name, is.Field(i).Type)...)
		}
		return found
	}
	for _, there := range []bool{true, false} {
		w := existing()
		if !there {
			w.state.Domain = nil
		}
		count := map[string]int{}
		for _, verdict := range domain.Judge(w.spec, w.state) {
			count[verdict.Field]++
		}
		for _, path := range append(leaves("domain", reflect.TypeFor[onboarding.DomainSpec]()), "name") {
			require.Equal(t, 1, count[path], path)
		}
	}
}
