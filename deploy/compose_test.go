package deploy_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

const root = ".."

// settings are those of .env.example, as a user has them after the first copy.
func settings(t *testing.T) map[string]string {
	t.Helper()
	values, err := dotenv.Read(filepath.Join(root, ".env.example"))
	require.NoError(t, err)
	return values
}

func load(t *testing.T, environment map[string]string) (*types.Project, error) {
	t.Helper()
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}},
		Environment: environment,
	}, func(o *loader.Options) {
		o.SetProjectName("studio-onboarding", true)
		if profiles := environment["COMPOSE_PROFILES"]; profiles != "" {
			o.Profiles = strings.Split(profiles, ",")
		}
	})
}

func mustLoad(t *testing.T, environment map[string]string) *types.Project {
	t.Helper()
	project, err := load(t, environment)
	require.NoError(t, err)
	return project
}

// withOperator is the file with every profile.
func withOperator(t *testing.T) *types.Project {
	t.Helper()
	environment := settings(t)
	environment["COMPOSE_PROFILES"] = "sandbox,operator"
	return mustLoad(t, environment)
}

func TestServicesAndTheirPinnedImages(t *testing.T) {
	project := mustLoad(t, settings(t))
	images := make(map[string]string)
	for name, service := range project.Services {
		if service.Build == nil {
			images[name] = service.Image
		}
		require.Empty(t, service.ContainerName, "a fixed container name clashes with a second project: %s", name)
	}
	require.Equal(t, map[string]string{
		"postgresql":         "postgres:16",
		"temporal-schema":    "temporalio/admin-tools:1.32.0",
		"temporal":           "temporalio/server:1.32.0",
		"temporal-namespace": "temporalio/admin-tools:1.32.0",
		"temporal-ui":        "temporalio/ui:2.54.1",
	}, images)
	require.Equal(t, "worker", project.Services["worker"].Build.Target)
	require.Equal(t, "standalone", project.Services["sandbox"].Build.Target)
	require.Equal(t, "standalone", withOperator(t).Services["operator"].Build.Target)

	environment := settings(t)
	digest := "postgres:16@sha256:" + strings.Repeat("0", 64)
	environment["POSTGRES_IMAGE"] = digest
	require.Equal(t, digest, mustLoad(t, environment).Services["postgresql"].Image, "an image can be pinned by its digest")
	require.Equal(t, "starter", project.Services["payload-keys"].Build.Target)
	require.Equal(t, "starter", project.Services["codec"].Build.Target)
}

// TestPayloadsAreEncryptedFromTheFirstStart: worker and codec endpoint read the file that is made before they start, and the
// UI asks the endpoint where the browser reaches it.
func TestPayloadsAreEncryptedFromTheFirstStart(t *testing.T) {
	environment := settings(t)
	environment["CODEC_PORT"], environment["TEMPORAL_UI_PORT"] = "9234", "9080"
	project := mustLoad(t, environment)
	made := project.Services["payload-keys"].Command
	require.Equal(t, types.ShellCommand{"keys", "create", "--keep", "/keys/payload-keys.json"}, made)
	for _, name := range []string{"worker", "codec"} {
		require.Equal(t, made[len(made)-1], *project.Services[name].Environment["TEMPORAL_PAYLOAD_KEYS"], name)
	}
	codec := project.Services["codec"]
	require.Equal(t, "http://127.0.0.1:"+codec.Ports[0].Published, *project.Services["temporal-ui"].Environment["TEMPORAL_CODEC_ENDPOINT"])
	require.Equal(t, "http://127.0.0.1:"+project.Services["temporal-ui"].Ports[0].Published, codec.Command[len(codec.Command)-1])
}

func TestOnlyTheProfileBringsTheSandbox(t *testing.T) {
	environment := settings(t)
	require.Contains(t, mustLoad(t, environment).Services, "sandbox", "the example runs against the simulated clouds")

	delete(environment, "COMPOSE_PROFILES")
	require.NotContains(t, mustLoad(t, environment).Services, "sandbox")
}

// TestTheExampleFitsTheSandbox: the made-up credentials of .env.example are those of the world that the service serves.
func TestTheExampleFitsTheSandbox(t *testing.T) {
	service := mustLoad(t, settings(t)).Services["sandbox"]
	at := slices.Index(service.Command, "--base-url")
	require.Positive(t, at)
	world, err := sandbox.New(sandbox.Config{BaseURL: service.Command[at+1]})
	require.NoError(t, err)
	environment, err := world.Environment(sandbox.AsWorker)
	require.NoError(t, err)
	example := settings(t)
	for name, value := range environment {
		require.Equal(t, value, example[name], name)
	}
}

func TestEachServiceWaitsForWhatItNeeds(t *testing.T) {
	project := mustLoad(t, settings(t))
	for service, needs := range map[string]map[string]string{
		"temporal-schema":    {"postgresql": types.ServiceConditionHealthy},
		"temporal":           {"temporal-schema": types.ServiceConditionCompletedSuccessfully},
		"temporal-namespace": {"temporal": types.ServiceConditionHealthy},
		"temporal-ui":        {"temporal": types.ServiceConditionHealthy},
		"codec":              {"payload-keys": types.ServiceConditionCompletedSuccessfully},
		"worker": {
			"temporal-namespace": types.ServiceConditionCompletedSuccessfully, "payload-keys": types.ServiceConditionCompletedSuccessfully,
		},
	} {
		found := make(map[string]string)
		for name, dependency := range project.Services[service].DependsOn {
			found[name] = dependency.Condition
		}
		require.Equal(t, needs, found, service)
	}
	for name, service := range project.Services {
		for dependency, d := range service.DependsOn {
			if d.Condition == types.ServiceConditionHealthy {
				require.NotNil(t, project.Services[dependency].HealthCheck, "%s waits for the health of %s", name, dependency)
			}
		}
	}
}

func TestDataIsInNamedVolumes(t *testing.T) {
	project := mustLoad(t, settings(t))
	require.ElementsMatch(t, []string{"postgresql", "people", "keys"}, slices.Collect(maps.Keys(project.Volumes)))
	mounted := make(map[string]string)
	readers := make(map[string]string)
	for name, service := range project.Services {
		for _, volume := range service.Volumes {
			switch volume.Type {
			case types.VolumeTypeVolume:
				require.NotEmpty(t, volume.Source, "an anonymous volume of %s is lost with its container", name)
				if volume.ReadOnly {
					readers[name] = volume.Source + ":" + volume.Target
				} else {
					require.Empty(t, mounted[volume.Source], "one service writes to a volume")
					mounted[volume.Source] = name + ":" + volume.Target
				}
			case types.VolumeTypeBind:
				require.True(t, volume.ReadOnly, "%s writes to %s on the host", name, volume.Source)
			}
		}
	}
	require.Equal(t, map[string]string{
		"postgresql": "postgresql:/var/lib/postgresql/data",
		"people":     "worker:/var/lib/studio-onboarding",
		"keys":       "payload-keys:/keys",
	}, mounted)
	require.Equal(t, map[string]string{"worker": "keys:/keys", "codec": "keys:/keys"}, readers)
}

func TestPortsAreOnLoopback(t *testing.T) {
	published := make(map[string]string)
	for name, service := range mustLoad(t, settings(t)).Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
			published[name] = port.Published
		}
	}
	require.Equal(t, map[string]string{"temporal": "7233", "temporal-ui": "8080", "codec": "8234", "sandbox": "8900"}, published)
}

// TestNoPasswordIsWrittenDown: passwords and tokens come from .env, and what must be there is asked for by name.
func TestNoPasswordIsWrittenDown(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(password|pwd|token|secret_access_key|privatekey)$`)
	environment := settings(t)
	for name, value := range environment {
		if secret.MatchString(name) {
			environment[name] = "from-the-environment " + value
		}
	}
	for name, service := range mustLoad(t, environment).Services {
		for variable, value := range service.Environment {
			if secret.MatchString(variable) && value != nil {
				require.True(t, strings.HasPrefix(*value, "from-the-environment "), "%s of %s is written down", variable, name)
			}
		}
	}
	for _, file := range []string{"docker-compose.yml", "Dockerfile"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		for name, value := range settings(t) {
			if secret.MatchString(name) {
				require.NotContains(t, string(text), value, "%s of .env.example in %s", name, file)
			}
		}
	}

	for _, required := range []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "OKTA_CLIENT_ORGURL", "AWS_REGION"} {
		incomplete := settings(t)
		delete(incomplete, required)
		_, err := load(t, incomplete)
		require.ErrorContains(t, err, required)
	}
}

func TestTheWorkerGetsOnlyVariablesThatAreSet(t *testing.T) {
	environment := settings(t)
	worker := mustLoad(t, environment).Services["worker"].Environment
	require.Equal(t, "temporal:7233", *worker["TEMPORAL_ADDRESS"])
	require.Equal(t, "http://sandbox:8900", *worker["AWS_ENDPOINT_URL"])

	delete(environment, "AWS_ENDPOINT_URL")
	worker = mustLoad(t, environment).Services["worker"].Environment
	require.Nil(t, worker["AWS_ENDPOINT_URL"], "an empty endpoint is not the same as none")
}

func TestTheWorkerHasTimeToStop(t *testing.T) {
	project := mustLoad(t, settings(t))
	worker := project.Services["worker"]
	require.NotNil(t, worker.StopGracePeriod)
	require.Greater(t, time.Duration(*worker.StopGracePeriod), 30*time.Second, "what the worker gives its activities to end")
}

// TestEveryServiceIsHardened: what may go without is named here.
func TestEveryServiceIsHardened(t *testing.T) {
	once := []string{"temporal-schema", "temporal-namespace", "payload-keys", "operator"}
	adds := map[string][]string{"postgresql": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}}
	for name, service := range withOperator(t).Services {
		require.True(t, service.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.ElementsMatch(t, adds[name], service.CapAdd, name)
		require.Equal(t, []string{"no-new-privileges:true"}, service.SecurityOpt, name)
		require.Positive(t, service.MemLimit, name)
		require.Positive(t, service.PidsLimit, name)
		require.Equal(t, "json-file", service.Logging.Driver, name)
		require.NotEmpty(t, service.Logging.Options["max-size"], "the log of %s grows without end", name)
		require.NotEmpty(t, service.Logging.Options["max-file"], name)
		if !slices.Contains(once, name) {
			require.NotNil(t, service.HealthCheck, name)
		}
	}
}

// TestTheWorkerTakesTheUsualCredentials: whatever the AWS SDK finds by itself gets through, and a proxy does not stand between the
// services.
func TestTheWorkerTakesTheUsualCredentials(t *testing.T) {
	environment := settings(t)
	usual := []string{
		"AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		"HTTPS_PROXY", "HTTP_PROXY",
	}
	for _, name := range usual {
		require.Nil(t, mustLoad(t, environment).Services["worker"].Environment[name], "absent where it is not set")
		environment[name] = "set-" + name
	}
	environment["NO_PROXY"] = ".example.com"
	worker := mustLoad(t, environment).Services["worker"].Environment
	for _, name := range usual {
		require.Equal(t, "set-"+name, *worker[name], name)
	}
	excepted := strings.Split(*worker["NO_PROXY"], ",")
	require.Subset(t, excepted, []string{"temporal", "sandbox", ".example.com"})
}

func TestTheImagesHaveNoPrivileges(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	require.NoError(t, err)
	for _, target := range []string{"worker", "starter", "standalone"} {
		stage := regexp.MustCompile(`(?ms)^FROM \S+ AS ` + target + `\n(.*?)(^FROM|\z)`).FindStringSubmatch(string(text))
		require.NotNil(t, stage, target)
		require.Contains(t, stage[1], "USER 65532:65532", target)
	}
	require.Contains(t, string(text), "CGO_ENABLED=0")
}

func TestScriptsAreThereAndAreValidShell(t *testing.T) {
	shell, err := exec.LookPath("sh")
	require.NoError(t, err, "the scripts are run by sh")
	project := mustLoad(t, settings(t))
	for _, name := range []string{"temporal-schema", "temporal-namespace"} {
		service := project.Services[name]
		require.Len(t, service.Entrypoint, 2)
		require.Len(t, service.Volumes, 1)
		script := filepath.Join(service.Volumes[0].Source, strings.TrimPrefix(service.Entrypoint[1], service.Volumes[0].Target))
		out, err := exec.Command(shell, "-n", script).CombinedOutput()
		require.NoError(t, err, "%s: %s", script, out)
	}
	dynamic := *project.Services["temporal"].Environment["DYNAMIC_CONFIG_FILE_PATH"]
	require.FileExists(t, filepath.Join(project.Services["temporal"].Volumes[0].Source, filepath.Base(dynamic)))
}

// fakeTemporal stands in for the temporal command: it remembers what was created, and fails as the real one does when it exists.
const fakeTemporal = `#!/bin/sh
what=$2-$3
echo "$*" >>"$STATE/calls"
case $what in
cluster-health | count---namespace) ;;
namespace-describe) test -e "$STATE/namespace" ;;
namespace-create) test ! -e "$STATE/namespace" && touch "$STATE/namespace" ;;
search-attribute-list) cat "$STATE/attributes" 2>/dev/null ;;
search-attribute-create) ! grep -qw "$7" "$STATE/attributes" 2>/dev/null && echo "$7 Keyword" >>"$STATE/attributes" ;;
*) exit 2 ;;
esac
`

func TestTheNamespaceScriptMayRunAgain(t *testing.T) {
	shell, err := exec.LookPath("sh")
	require.NoError(t, err, "the scripts are run by sh")
	bin, state := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "temporal"), []byte(fakeTemporal), 0o755))
	run := func() []string {
		calls := filepath.Join(state, "calls")
		require.NoError(t, os.WriteFile(calls, nil, 0o600))
		cmd := exec.CommandContext(t.Context(), shell, filepath.Join("temporal", "namespace.sh"))
		cmd.Env = []string{
			"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "STATE=" + state,
			"TEMPORAL_ADDRESS=temporal:7233", "TEMPORAL_NAMESPACE=default", "RETENTION=720h",
		}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		text, err := os.ReadFile(calls)
		require.NoError(t, err)
		var creates []string
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, " create ") {
				creates = append(creates, strings.TrimSpace(line))
			}
		}
		return creates
	}
	require.Equal(t, []string{
		"operator namespace create --namespace default --retention 720h",
		"operator search-attribute create --namespace default --name OnboardingState --type Keyword",
		"operator search-attribute create --namespace default --name OnboardingStep --type Keyword",
	}, run())
	require.Empty(t, run())
}
