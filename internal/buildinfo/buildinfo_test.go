package buildinfo

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

const hash = "4f6d80b71d44d42ab58f51586af9e111c1875200"

func stamped(modified string) *debug.BuildInfo {
	return &debug.BuildInfo{
		GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: hash}, {Key: "vcs.time", Value: "2026-11-25T13:08:49Z"}, {Key: "vcs.modified", Value: modified},
		},
	}
}

func TestTheStampsOfTheGoCommandAreRead(t *testing.T) {
	info := from(stamped("false"), "", "", "")
	require.Equal(t, Info{Version: "v1.2.3", Commit: hash, Date: "2026-11-25T13:08:49Z", Go: "go1.26.8"}, info)
	require.Equal(t, "v1.2.3 (commit 4f6d80b71d44, 2026-11-25T13:08:49Z, go1.26.8)", info.String())
}

func TestChangedFilesAreToldOf(t *testing.T) {
	require.Equal(t, "v1.2.3 (commit 4f6d80b71d44-dirty, 2026-11-25T13:08:49Z, go1.26.8)", from(stamped("true"), "", "", "").String())
}

func TestWhatAReleaseSaysWins(t *testing.T) {
	info := from(stamped("true"), "v2.0.0", "abc", "2027-01-01T00:00:00Z")
	require.Equal(t, Info{Version: "v2.0.0", Commit: "abc", Date: "2027-01-01T00:00:00Z", Go: "go1.26.8"}, info)
}

func TestABuildWithoutStampsSaysSo(t *testing.T) {
	require.Equal(t, "(devel) (commit unknown, unknown, go1.26.8)",
		from(&debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}}, "", "", "").String())
	require.Equal(t, "unknown (commit unknown, unknown, unknown)", from(&debug.BuildInfo{}, "", "", "").String())
}

func TestTheRunningProgramIsRead(t *testing.T) {
	require.NotEqual(t, unknown, Read().Go)
}
