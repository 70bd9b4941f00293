// Package buildinfo says what a program was built from: version, commit, date.
package buildinfo

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// Set by a release with -ldflags "-X studio-onboarding/internal/buildinfo.version=…"; they win over what the Go command stamped.
// The linker sets variables of a package and nothing else, so these are the project's only ones.
var version, commit, date string

const unknown = "unknown"

// Info is what a program was built from. A field that nobody knows is "unknown".
type Info struct {
	// Version is a release such as v1.2.3, a pseudo-version, or "(devel)".
	Version string `json:"version"`
	// Commit is the full hash of the commit, with "-dirty" where files had been changed since.
	Commit string `json:"commit"`
	// Date is when the commit was made, in RFC 3339 and UTC. It isn't when the program was built: two builds of a commit are the same.
	Date string `json:"date"`
	// Go is the version of Go that built it.
	Go string `json:"go"`
}

// Read reads what this program was built from.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	return from(build, version, commit, date)
}

// from lets what a release said win over what the Go command stamped.
func from(build *debug.BuildInfo, version, commit, date string) Info {
	stamps := make(map[string]string)
	for _, setting := range build.Settings {
		stamps[setting.Key] = setting.Value
	}
	stamped := stamps["vcs.revision"]
	if stamped != "" && stamps["vcs.modified"] == "true" {
		stamped += "-dirty"
	}
	return Info{
		Version: cmp.Or(version, build.Main.Version, unknown),
		Commit:  cmp.Or(commit, stamped, unknown),
		Date:    cmp.Or(date, stamps["vcs.time"], unknown),
		Go:      cmp.Or(build.GoVersion, unknown),
	}
}

// String is one line: v1.2.3 (commit 4f6d80b71d44, 2026-11-25T13:08:49Z, go1.26.8).
func (i Info) String() string {
	hash, dirty := strings.CutSuffix(i.Commit, "-dirty")
	short := hash[:min(len(hash), 12)]
	if dirty {
		short += "-dirty"
	}
	return fmt.Sprintf("%s (commit %s, %s, %s)", i.Version, short, i.Date, i.Go)
}
