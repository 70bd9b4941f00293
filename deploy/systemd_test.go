package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/workerhost"
)

// units are the programs that run as services.
var units = []string{"worker", "standalone"}

func unitFile(program string) string {
	return filepath.Join("systemd", "studio-onboarding-"+program+".service")
}

// settingsOf reads a unit: what each setting is, in the order of the file.
func settingsOf(t *testing.T, program string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(unitFile(program))
	require.NoError(t, err)
	found := make(map[string][]string)
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			found[name] = append(found[name], value)
		}
	}
	return found
}

func systemdAnalyze(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze isn't there (Debian package systemd): the unit files are not verified")
	}
	return path
}

// TestTheUnitsAreValid: systemd knows every setting, and the program that a unit starts is where the packages put it.
func TestTheUnitsAreValid(t *testing.T) {
	analyze := systemdAnalyze(t)
	const installed = "/usr/lib/studio-onboarding/"
	for _, program := range units {
		t.Run(program, func(t *testing.T) {
			text, err := os.ReadFile(unitFile(program))
			require.NoError(t, err)
			require.Contains(t, string(text), "ExecStart="+installed+program+" ")
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"), 0o755))
			copied := filepath.Join(dir, filepath.Base(unitFile(program)))
			require.NoError(t, os.WriteFile(copied, []byte(strings.ReplaceAll(string(text), installed, dir+"/")), 0o600))
			out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", copied).CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Empty(t, strings.TrimSpace(string(out)))
		})
	}
}

// TestTheUnitsAreHardened: the exposure, of 10 at most, is 1.1 with systemd 252, which counts what both
// need: the network, and the host's root directory.
func TestTheUnitsAreHardened(t *testing.T) {
	analyze := systemdAnalyze(t)
	for _, program := range units {
		// The threshold is in tenths.
		out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold=15",
			unitFile(program)).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "Overall exposure level")
	}
}

func TestTheUnitsGiveTimeToStop(t *testing.T) {
	for _, program := range units {
		settings := settingsOf(t, program)
		wait, err := time.ParseDuration(settings["TimeoutStopSec"][0])
		require.NoError(t, err)
		require.Greater(t, wait, workerhost.StopTimeout, program)
		require.Equal(t, []string{"on-failure"}, settings["Restart"])
	}
	require.Equal(t, []string{"yes"}, settingsOf(t, "worker")["DynamicUser"])
}

// TestTheExampleSettingsHoldNoSecret: secrets are files that systemd hands to the unit, under the name that it gives them.
func TestTheExampleSettingsHoldNoSecret(t *testing.T) {
	secret := regexp.MustCompile(`(TOKEN|SECRET|PASSWORD|PRIVATEKEY|API_KEY|PAYLOAD_KEYS|KEY_PATH|CREDENTIALS_FILE|_URL)$`)
	for _, program := range units {
		file := filepath.Join("systemd", program+".env.example")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		// What is commented out counts too: a setting begins right after the mark.
		values, err := dotenv.UnmarshalBytesWithLookup([]byte(regexp.MustCompile(`(?m)^#([A-Z])`).ReplaceAllString(string(text), "$1")), nil)
		require.NoError(t, err)
		credentials := "/run/credentials/studio-onboarding-" + program + ".service/secret_"
		settings := settingsOf(t, program)
		require.Equal(t, []string{"secret:/etc/studio-onboarding/secrets"}, settings["LoadCredential"])
		require.Equal(t, []string{"-/etc/studio-onboarding/" + program + ".env"}, settings["EnvironmentFile"])
		for name, value := range values {
			if secret.MatchString(name) && value != "" {
				require.True(t, strings.HasPrefix(strings.TrimPrefix(value, "file:"), credentials), "%s of %s", name, file)
			}
		}
		require.Contains(t, values, "OKTA_CLIENT_ORGURL")
		require.False(t, slices.Contains(settings["Environment"], "OKTA"), "settings are in the file")
	}
}
