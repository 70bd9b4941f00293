package specfile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

var update = flag.Bool("update", false, "rewrite docs/spec.schema.json and testdata")

const smallest = `name: data-science
region: us-east-1
okta:
  assignmentGroup: aws-identity-center
access:
  groups:
    - name: sagemaker-studio-users
`

func TestTheSmallestSpecGetsEveryDefault(t *testing.T) {
	require.Less(t, strings.Count(smallest, "\n"), 10)
	week := onboarding.Duration(7 * 24 * time.Hour)
	spec, err := specfile.Decode("spec.yaml", []byte(smallest))
	require.NoError(t, err)
	require.Equal(t, onboarding.Spec{
		Name:   "data-science",
		Region: "us-east-1",
		Okta:   onboarding.OktaSpec{AppLabel: "AWS IAM Identity Center", AssignmentGroup: "aws-identity-center"},
		Domain: onboarding.DomainSpec{
			Name: "data-science", ExecutionRole: "SageMakerStudio-data-science",
		},
		Access: onboarding.AccessSpec{
			Groups:   []onboarding.GroupAccessSpec{{Name: "sagemaker-studio-users"}},
			Profiles: "eager", OnRemoval: "revoke", Rollout: "everybody", Guard: onboarding.GuardSpec{Share: 20, People: 3, Window: week, Quarantine: &week},
		},
		Operator: onboarding.OperatorSpec{RemindEvery: onboarding.Duration(4 * time.Hour), Deadline: onboarding.Duration(14 * 24 * time.Hour)},
	}, spec)
}

func TestEveryFieldIsRead(t *testing.T) {
	spec, err := specfile.Decode("spec.yaml", []byte(`
name: ml
region: eu-central-1
okta: {appLabel: AWS, assignmentGroup: everybody}
identityCenter: {account: "111111111111", assumeRole: "arn:aws:iam::111111111111:role/Identity"}
studio: {account: "222222222222", assumeRole: "arn:aws:iam::222222222222:role/path/Studio"}
domain:
  name: ML-domain
  executionRole: arn:aws:iam::222222222222:role/Studio
  homeFileSystem: enabled
  kmsKey: arn:aws:kms:eu-central-1:222222222222:key/11111111-2222-3333-4444-555555555555
  idleShutdown: 90m
  instanceTypes: [ml.t3.medium, ml.g4dn.xlarge]
  hiddenApps: [Canvas, RStudioServerPro]
  spaceStorage: {default: 10, maximum: 100}
  sourceIdentity: enabled
  trustedIdentityPropagation: disabled
  landingPage: studio
  notebookSharing: {s3: s3://example-studio/shared, kmsKey: alias/shared}
  tags: {team: ml, "cost center": "0042"}
  network: {vpc: vpc-0a1, subnets: [subnet-0a1, subnet-0b2], securityGroups: [sg-0a1], access: vpc-only}
access:
  groups: [{name: users}, {name: ml, executionRole: SageMakerStudio-ml}]
  people: [{login: ada@example.com, executionRole: SageMakerStudio-ada}]
  profiles: first-sign-in
  onRemoval: delete-profile
  canary: {person: ada@example.com}
  rollout: canary-first
  guard: {share: 10, people: 5, window: 36h, quarantine: 0s}
operator: {remindEvery: 90m, deadline: 2d}
`))
	require.NoError(t, err)
	require.Equal(t, onboarding.Spec{
		Name:           "ml",
		Region:         "eu-central-1",
		Okta:           onboarding.OktaSpec{AppLabel: "AWS", AssignmentGroup: "everybody"},
		IdentityCenter: onboarding.AccountSpec{Account: "111111111111", AssumeRole: "arn:aws:iam::111111111111:role/Identity"},
		Studio:         onboarding.AccountSpec{Account: "222222222222", AssumeRole: "arn:aws:iam::222222222222:role/path/Studio"},
		Domain: onboarding.DomainSpec{
			Name: "ML-domain", ExecutionRole: "arn:aws:iam::222222222222:role/Studio", HomeFileSystem: "enabled",
			KMSKey:       "arn:aws:kms:eu-central-1:222222222222:key/11111111-2222-3333-4444-555555555555",
			IdleShutdown: "90m", InstanceTypes: []string{"ml.t3.medium", "ml.g4dn.xlarge"}, HiddenApps: []string{"Canvas", "RStudioServerPro"},
			SpaceStorage: &onboarding.SpaceStorageSpec{Default: 10, Maximum: 100}, SourceIdentity: "enabled", TrustedIdentityPropagation: "disabled",
			LandingPage:     "studio",
			NotebookSharing: &onboarding.NotebookSharingSpec{S3: "s3://example-studio/shared", KMSKey: "alias/shared"},
			Tags:            map[string]string{"team": "ml", "cost center": "0042"},
			Network: onboarding.NetworkSpec{
				VPC: "vpc-0a1", Subnets: []string{"subnet-0a1", "subnet-0b2"}, SecurityGroups: []string{"sg-0a1"}, Access: "vpc-only",
			},
		},
		Access: onboarding.AccessSpec{
			Groups:   []onboarding.GroupAccessSpec{{Name: "users"}, {Name: "ml", ExecutionRole: "SageMakerStudio-ml"}},
			People:   []onboarding.PersonAccessSpec{{Login: "ada@example.com", ExecutionRole: "SageMakerStudio-ada"}},
			Profiles: "first-sign-in", OnRemoval: "delete-profile",
			Canary: &onboarding.CanarySpec{Person: "ada@example.com"}, Rollout: "canary-first",
			Guard: onboarding.GuardSpec{Share: 10, People: 5, Window: onboarding.Duration(36 * time.Hour), Quarantine: new(onboarding.Duration)},
		},
		Operator: onboarding.OperatorSpec{RemindEvery: onboarding.Duration(90 * time.Minute), Deadline: onboarding.Duration(48 * time.Hour)},
	}, spec)
}

func TestAliasesAndMergesAreResolved(t *testing.T) {
	spec, err := specfile.Decode("spec.yaml", []byte(smallest+`    - &ml {name: ml, executionRole: Ml}
    - {<<: *ml, name: ml-guests}
identityCenter: &account {account: "111111111111"}
studio: *account
`))
	require.NoError(t, err)
	require.Equal(t, []onboarding.GroupAccessSpec{{Name: "sagemaker-studio-users"}, {Name: "ml", ExecutionRole: "Ml"},
		{Name: "ml-guests", ExecutionRole: "Ml"}}, spec.Access.Groups)
	require.Equal(t, "111111111111", spec.Studio.Account)
}

func TestEveryExampleIsValid(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 2)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		_, err = specfile.Decode(file, data)
		require.NoError(t, err)
		require.Contains(t, string(data), "# yaml-language-server: $schema=../docs/spec.schema.json\n")
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	var said strings.Builder
	for _, broken := range brokenSpecs() {
		_, err := specfile.Decode("s.yaml", []byte(broken.spec))
		var wrong *specfile.Error
		require.ErrorAs(t, err, &wrong, broken.name)
		require.NotEmpty(t, wrong.Findings, broken.name)
		fmt.Fprintf(&said, "# %s\n%s\n\n", broken.name, err)
	}
	requireFile(t, "testdata/broken-specs.txt", said.String())
}

func TestAliasesCannotMultiplyForever(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'i'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	_, err := specfile.Decode("s.yaml", []byte(bomb))
	require.ErrorContains(t, err, "its aliases multiply each other")
}

func TestAFileThatIsNoSpecIsRefusedBeforeItIsRead(t *testing.T) {
	_, err := specfile.Decode("disk.img", make([]byte, 2<<20))
	require.EqualError(t, err, "disk.img:1:1: has 2097152 bytes, which no spec needs; is this the right file?")
}

func TestTheSchemaInDocsIsTheOneThatIsEnforced(t *testing.T) {
	schema, err := specfile.Schema()
	require.NoError(t, err)
	requireFile(t, "../../docs/spec.schema.json", string(schema))
}

func TestEveryFieldIsDescribedInSchemaAndDocs(t *testing.T) {
	schema, err := specfile.Schema()
	require.NoError(t, err)
	docs, err := os.ReadFile("../../docs/spec.md")
	require.NoError(t, err)
	var root schemaNode
	require.NoError(t, json.Unmarshal(schema, &root))
	root.walk("", func(path string, node schemaNode) {
		require.NotEmpty(t, node.Description, path)
		require.Contains(t, string(docs), "`"+path+"`", "docs/spec.md should explain %s", path)
		if node.Pattern != "" {
			require.NotEmpty(t, node.PatternErrorMessage, path)
		}
	})
}

func TestEverySpecInTheDocsIsValid(t *testing.T) {
	docs, err := os.ReadFile("../../docs/spec.md")
	require.NoError(t, err)
	specs := 0
	for _, block := range strings.Split(string(docs), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if strings.Contains(block, "\nname: ") || strings.HasPrefix(block, "name: ") {
			_, err := specfile.Decode("docs/spec.md", []byte(block))
			require.NoError(t, err)
			specs++
		}
	}
	require.NotZero(t, specs)
}

type schemaNode struct {
	Description         string                `json:"description"`
	Pattern             string                `json:"pattern"`
	PatternErrorMessage string                `json:"patternErrorMessage"`
	Properties          map[string]schemaNode `json:"properties"`
	Items               *schemaNode           `json:"items"`
}

func (n schemaNode) walk(path string, visit func(string, schemaNode)) {
	if n.Items != nil {
		n.Items.walk(path+"[]", visit)
	}
	for name, property := range n.Properties {
		inner := strings.TrimPrefix(path+"."+name, ".")
		visit(inner, property)
		property.walk(inner, visit)
	}
}

// requireFile compares with a file that `go test ./internal/specfile -update` writes.
func requireFile(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(got), want, "%s is out of date; if the change is meant: go test ./internal/specfile -update", file)
}
