package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

func written(t *testing.T, path string) (onboarding.Spec, string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	spec, err := specfile.Decode(path, data)
	require.NoError(t, err)
	return spec, string(data)
}

func TestInitWritesASpecFromFlags(t *testing.T) {
	p := sit(t, nil)
	path := filepath.Join(t.TempDir(), "team.yaml")
	code, out, stderr := p.types("init", "-o", path, "--name", "team", "--region", "eu-west-1", "--assignment-group", "all: of #us",
		"--group", "ml=SageMakerStudio-ml", "--group", "analysts", "--person", "ada@example.com",
		"--studio-account", "222222222222", "--studio-role", "StudioOnboarding", "--identity-account", "111111111111",
		"--vpc", "vpc-1", "--subnet", "subnet-1,subnet-2", "--security-group", "sg-1", "--vpc-only", "--execution-role", "Studio")
	require.Zero(t, code, stderr)
	require.Contains(t, out, "Next: starter check -f "+path)
	spec, text := written(t, path)
	require.Equal(t, "team", spec.Name)
	require.Equal(t, "all: of #us", spec.Okta.AssignmentGroup)
	require.Equal(t, []onboarding.GroupAccessSpec{{Name: "ml", ExecutionRole: "SageMakerStudio-ml"}, {Name: "analysts"}}, spec.Access.Groups)
	require.Equal(t, "ada@example.com", spec.Access.People[0].Login)
	require.Equal(t, "arn:aws:iam::222222222222:role/StudioOnboarding", spec.Studio.AssumeRole)
	require.Equal(t, "111111111111", spec.IdentityCenter.Account)
	require.Equal(t, onboarding.NetworkSpec{VPC: "vpc-1", Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-1"},
		Access: "vpc-only"}, spec.Domain.Network)
	require.Equal(t, "Studio", spec.Domain.ExecutionRole)
	require.Contains(t, text, "# Names the run")
}

// What a spec leaves open is a comment that becomes a valid spec when it is taken in.
func TestTheCommentsOfAWrittenSpecAreValidToo(t *testing.T) {
	minimal := draft{name: "x", region: "us-east-1", assignmentGroup: "a", groups: []string{"b"}, executionRole: "R"}
	var taken []string
	for line := range strings.Lines(string(minimal.spec())) {
		bare := strings.Replace(line, "# ", "", 1)
		if trimmed := strings.TrimLeft(bare, " "); strings.HasPrefix(strings.TrimLeft(line, " "), "# ") &&
			(strings.Contains(trimmed, ": ") && !strings.Contains(trimmed, ". ") && strings.Count(trimmed, " ") <= 3 ||
				strings.HasSuffix(trimmed, ":\n")) {
			line = bare
		}
		taken = append(taken, line)
	}
	spec, err := specfile.Decode("spec.yaml", []byte(strings.Join(taken, "")))
	require.NoError(t, err, strings.Join(taken, ""))
	require.Equal(t, "111111111111", spec.IdentityCenter.Account)
	require.Equal(t, "vpc-0abc1234def567890", spec.Domain.Network.VPC)
	require.Equal(t, "4711", spec.Domain.Tags["cost-center"])
	require.Equal(t, "ada@example.com", spec.Access.People[0].Login)
}

func minimalFlags(more ...string) []string {
	return append([]string{"init", "--name", "team", "--region", "us-east-1", "--assignment-group", "all", "--group", "studio"}, more...)
}

func TestInitWritesToStandardOutput(t *testing.T) {
	p := sit(t, nil)
	code, out, stderr := p.types(minimalFlags("-o", "-")...)
	require.Zero(t, code, stderr)
	spec, err := specfile.Decode("out", []byte(out))
	require.NoError(t, err)
	require.Equal(t, "SageMakerStudio-team", spec.Domain.ExecutionRole)
}

func TestInitNeverOverwritesWithoutForce(t *testing.T) {
	p := sit(t, nil)
	path := p.file("spec.yaml", "precious\n")
	code, _, stderr := p.types(minimalFlags("-o", path)...)
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "--force")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious\n", string(data))
	code, _, stderr = p.types(minimalFlags("-o", path, "--force")...)
	require.Zero(t, code, stderr)
	written(t, path)
}

func TestInitWithoutATerminalSaysWhichFlagsAreMissing(t *testing.T) {
	p := sit(t, nil)
	path := filepath.Join(t.TempDir(), "spec.yaml")
	code, _, stderr := p.types("init", "-o", path, "--name", "team")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "--region, --assignment-group, --group (or --person) are missing")
	require.NoFileExists(t, path)
}

func TestInitSaysWhichFlagIsWrong(t *testing.T) {
	p := sit(t, nil)
	path := filepath.Join(t.TempDir(), "spec.yaml")
	for flag, wrong := range map[string]string{
		"--region": "us-east-1a", "--studio-account": "12", "--studio-role": "nobody", "--vpc": "vpc", "--execution-role": "a b",
		"--group": "all", "--person": "a b",
	} {
		code, _, stderr := p.types(minimalFlags("-o", path, flag, wrong)...)
		require.Equal(t, 2, code, flag)
		require.Contains(t, stderr, flag+": ", wrong)
		require.NoFileExists(t, path)
	}
}

func TestInitAsksOnATerminal(t *testing.T) {
	p := sit(t, nil)
	p.io.Asks = true
	p.io.Env = env{"AWS_REGION": "eu-central-1"}
	path := filepath.Join(t.TempDir(), "spec.yaml")
	p.io.In = strings.NewReader(strings.Join([]string{
		"", "Team Blue", "team-blue", // a name is needed, and a right one
		"",                                                       // AWS_REGION
		"",                                                       // aws-identity-center
		"aws-identity-center", "ml=SageMakerStudio-ml, analysts", // not the group that is assigned
		"222222222222", "", // StudioOnboarding
		"vpc-1", "subnet-1, subnet-2", "", // no security groups, and so no further question
		"",
	}, "\n") + "\n")
	code, out, stderr := p.types("init", "-o", path)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "1 to 40 lower-case letters")
	require.Contains(t, stderr, "Okta does not support one group")
	require.Contains(t, out, "Next: starter check")
	spec, _ := written(t, path)
	require.Equal(t, "team-blue", spec.Name)
	require.Equal(t, "eu-central-1", spec.Region)
	require.Equal(t, "aws-identity-center", spec.Okta.AssignmentGroup)
	require.Equal(t, []onboarding.GroupAccessSpec{{Name: "ml", ExecutionRole: "SageMakerStudio-ml"}, {Name: "analysts"}}, spec.Access.Groups)
	require.Equal(t, "arn:aws:iam::222222222222:role/StudioOnboarding", spec.Studio.AssumeRole)
	require.Equal(t, []string{"subnet-1", "subnet-2"}, spec.Domain.Network.Subnets)
	require.Equal(t, "SageMakerStudio-team-blue", spec.Domain.ExecutionRole)
}

func TestInitAsksOnlyForWhatFlagsDoNotSay(t *testing.T) {
	p := sit(t, nil)
	p.io.Asks, p.io.In = true, strings.NewReader("\n\n\n")
	path := filepath.Join(t.TempDir(), "spec.yaml")
	code, _, stderr := p.types(minimalFlags("-o", path)...)
	require.Zero(t, code, stderr)
	require.NotContains(t, stderr, "Name of the run")
	require.Contains(t, stderr, "VPC of the domain")
	spec, _ := written(t, path)
	require.Empty(t, spec.Studio)
}

func TestInitEndsWhenNobodyAnswers(t *testing.T) {
	p := sit(t, nil)
	p.io.Asks, p.io.In = true, strings.NewReader("team\n")
	path := filepath.Join(t.TempDir(), "spec.yaml")
	code, _, stderr := p.types("init", "-o", path)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "nothing was written")
	require.NoFileExists(t, path)
}

func TestInitCanBeInterruptedWhileItWaitsForAnAnswer(t *testing.T) {
	p := sit(t, nil)
	in, answers := io.Pipe()
	defer answers.Close()
	p.io.Asks, p.io.In = true, in
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"init", "-o", filepath.Join(t.TempDir(), "spec.yaml")}, p.io) }()
	cancel()
	select {
	case code := <-done:
		require.Equal(t, exitInterrupted, code)
	case <-time.After(10 * time.Second):
		t.Fatal("init waits on")
	}
}
