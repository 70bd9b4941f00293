package check

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/blakesmith/ar"
	"github.com/goreleaser/fileglob"
	"github.com/goreleaser/goreleaser/v2/pkg/config"
	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // the format deb
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // the format rpm
	"github.com/stretchr/testify/require"
)

const root = "../.."

// release reads the configuration as goreleaser does: a field that it doesn't know is an error.
func release(t *testing.T) config.Project {
	t.Helper()
	project, err := config.Load(filepath.Join(root, ".goreleaser.yaml"))
	require.NoError(t, err)
	require.Equal(t, 2, project.Version)
	return project
}

func TestBuildsAreTheSameEachTime(t *testing.T) {
	project := release(t)
	require.Len(t, project.Builds, 3)
	for _, build := range project.Builds {
		require.Equal(t, "./"+build.ID, build.Main)
		require.DirExists(t, filepath.Join(root, build.Main))
		require.Equal(t, []string{"CGO_ENABLED=0"}, build.Env, build.ID)
		require.Contains(t, build.Flags, "-trimpath", build.ID)
		require.Equal(t, "{{ .CommitTimestamp }}", build.ModTimestamp, build.ID)
		require.Contains(t, build.Goos, "linux")
		require.Equal(t, []string{"amd64", "arm64"}, build.Goarch)
		// The variables that the linker is to set are there.
		source, err := os.ReadFile(filepath.Join(root, "internal", "buildinfo", "buildinfo.go"))
		require.NoError(t, err)
		set := regexp.MustCompile(`-X studio-onboarding/internal/buildinfo\.(\w+)=\S`)
		variables := set.FindAllStringSubmatch(strings.Join(build.Ldflags, " "), -1)
		require.Len(t, variables, 3, build.ID)
		for _, variable := range variables {
			require.Regexp(t, `(?m)^var .*\b`+variable[1]+`\b.* string$`, string(source))
			require.NotRegexp(t, `{{ *\.(Date|Timestamp|Now)`, strings.Join(build.Ldflags, " "), "the time of the build is in no binary")
		}
	}
	for _, archive := range project.Archives {
		require.Equal(t, "{{ .CommitDate }}", archive.BuildsInfo.MTime)
		require.EqualValues(t, 0o755, archive.BuildsInfo.Mode)
		for _, file := range archive.Files {
			require.Equal(t, "{{ .CommitDate }}", file.Info.MTime, file.Source)
			require.EqualValues(t, 0o644, file.Info.Mode, file.Source)
			require.Equal(t, "root", file.Info.Owner, file.Source)
		}
	}
}

func TestEachProgramIsReleased(t *testing.T) {
	project := release(t)
	var archived, packaged []string
	for _, archive := range project.Archives {
		archived = append(archived, archive.IDs...)
		for _, paper := range []string{"LICENSE", "NOTICE", "THIRD_PARTY_LICENSES"} {
			require.True(t, slices.ContainsFunc(archive.Files, func(f config.File) bool { return f.Source == paper }), "%s: %s", archive.ID, paper)
		}
	}
	for _, pack := range project.NFPMs {
		packaged = append(packaged, pack.IDs...)
		require.Equal(t, []string{"deb", "rpm"}, pack.Formats)
		require.Equal(t, "Apache-2.0", pack.License)
	}
	for _, build := range project.Builds {
		require.Contains(t, archived, build.ID)
		require.Contains(t, packaged, build.ID)
	}
	require.Equal(t, "sha256", project.Checksum.Algorithm)
	require.Len(t, project.SBOMs, 1)
	require.Equal(t, "binary", project.SBOMs[0].Artifacts, "an SBOM of each program")
	require.Contains(t, project.SBOMs[0].Args, "$artifact")
	require.Contains(t, project.SBOMs[0].Args, "$document")
	require.True(t, project.Release.Draft)
}

// Templates are made of fields that goreleaser has.
func TestTemplatesAreValid(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	require.NoError(t, err)
	fields := map[string]string{
		"Version": "1.2.3", "Os": "linux", "Arch": "amd64", "FullCommit": "4f6d80b7", "CommitDate": "2026-03-02T09:00:00Z",
		"CommitTimestamp": "1772442000", "Binary": "worker",
	}
	found := regexp.MustCompile(`{{.*?}}`).FindAllString(string(text), -1)
	require.NotEmpty(t, found)
	for _, expression := range found {
		parsed, err := template.New("").Option("missingkey=error").
			Funcs(template.FuncMap{"incpatch": func(v string) string { return v }}).Parse(expression)
		require.NoError(t, err, expression)
		require.NoError(t, parsed.Execute(io.Discard, fields), expression)
	}
}

// copyOfTheTree is a folder with what packages and archives take, the files of scripts/release/assets.sh and programs, all of them last
// changed at a time.
func copyOfTheTree(t *testing.T, at time.Time) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"deploy/systemd", "scripts/release", "examples"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(root, folder))))
	}
	write := func(name string, text []byte) {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, text, 0o644))
	}
	for _, name := range []string{"LICENSE", "NOTICE", "THIRD_PARTY_LICENSES", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		write(name, text)
	}
	for _, program := range []string{"starter", "worker", "standalone"} {
		write("dist/"+program, []byte("#!/bin/sh\n"))
		write("build/assets/man1/"+program+".1.gz", []byte("page of "+program))
		for _, shell := range []string{"bash", "zsh", "fish"} {
			write("build/assets/completions/"+program+"."+shell, []byte("completion of "+program))
		}
	}
	require.NoError(t, filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, at, at)
	}))
	return dir
}

func TestArchivesFindTheirFiles(t *testing.T) {
	project := release(t)
	t.Chdir(copyOfTheTree(t, time.Now()))
	for _, archive := range project.Archives {
		for _, file := range archive.Files {
			found, err := fileglob.Glob(file.Source, fileglob.MatchDirectoryIncludesContents)
			require.NoError(t, err)
			require.NotEmpty(t, found, "%s: %s", archive.ID, file.Source)
		}
	}
}

// pack makes a package as goreleaser does, with a program that is none.
func pack(t *testing.T, spec config.NFPM, format string) []byte {
	t.Helper()
	contents := files.Contents{{
		Source: "dist/" + spec.ID, Destination: path.Join(spec.Bindir, spec.ID), FileInfo: &files.ContentFileInfo{Mode: 0o755},
	}}
	for _, content := range spec.Contents {
		contents = append(contents, &files.Content{
			Source: content.Source, Destination: content.Destination, Type: content.Type,
			FileInfo: &files.ContentFileInfo{Owner: content.FileInfo.Owner, Group: content.FileInfo.Group, Mode: content.FileInfo.Mode},
		})
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: spec.PackageName, Arch: "amd64", Platform: "linux", Version: "v1.2.3", Section: spec.Section, Maintainer: spec.Maintainer,
		Description: spec.Description, License: spec.License, MTime: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		Overridables: nfpm.Overridables{
			Contents: contents, Recommends: spec.Recommends, RPM: nfpm.RPM{BuildHost: spec.RPM.BuildHost},
			Scripts: nfpm.Scripts{PostInstall: spec.Scripts.PostInstall, PreRemove: spec.Scripts.PreRemove},
		},
	})
	packager, err := nfpm.Get(format)
	require.NoError(t, err)
	require.NoError(t, nfpm.PrepareForPackager(info, format))
	var out bytes.Buffer
	require.NoError(t, packager.Package(info, &out), "%s %s", spec.PackageName, format)
	return out.Bytes()
}

// inDeb are the files of a package, with their modes, and in "control/…" those that tell how it is installed.
func inDeb(t *testing.T, data []byte) map[string]*tar.Header {
	t.Helper()
	found := make(map[string]*tar.Header)
	outer := ar.NewReader(bytes.NewReader(data))
	for {
		member, err := outer.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		prefix := map[string]string{"control.tar.gz": "control", "data.tar.gz": ""}
		below, inner := prefix[strings.TrimSuffix(member.Name, "/")]
		if !inner {
			continue
		}
		unzipped, err := gzip.NewReader(outer)
		require.NoError(t, err)
		for archive := tar.NewReader(unzipped); ; {
			header, err := archive.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			found[path.Join("/", below, header.Name)] = header
		}
	}
}

func TestPackagesHaveTheProgramItsUnitAndItsSettings(t *testing.T) {
	project := release(t)
	t.Chdir(copyOfTheTree(t, time.Now()))
	for _, spec := range project.NFPMs {
		t.Run(spec.ID, func(t *testing.T) {
			found := inDeb(t, pack(t, spec, "deb"))
			modes := map[string]int64{
				path.Join(spec.Bindir, spec.ID): 0o755, "/usr/share/man/man1/" + spec.ID + ".1.gz": 0o644,
				"/usr/share/doc/" + spec.PackageName + "/copyright": 0o644, "/usr/share/doc/" + spec.PackageName + "/THIRD_PARTY_LICENSES": 0o644,
			}
			if spec.ID == "starter" {
				modes["/usr/share/bash-completion/completions/starter"] = 0o644
				require.NotContains(t, found, "/control/postinst")
			} else {
				unit := "/usr/lib/systemd/system/studio-onboarding-" + spec.ID + ".service"
				modes[unit], modes["/etc/studio-onboarding/"+spec.ID+".env"], modes["/etc/studio-onboarding/secrets"] = 0o644, 0o600, 0o700
				modes["/control/postinst"], modes["/control/prerm"] = 0o755, 0o755
				require.Contains(t, found, "/control/conffiles", "what an administrator wrote into the settings stays")
				text, err := os.ReadFile("deploy/systemd/" + path.Base(unit))
				require.NoError(t, err)
				require.Contains(t, string(text), "ExecStart="+path.Join(spec.Bindir, spec.ID)+" ")
			}
			for name, mode := range modes {
				require.Contains(t, found, name)
				require.Equal(t, mode, found[name].Mode&0o777, name)
				if !strings.HasPrefix(name, "/control/") {
					require.Equal(t, "root", found[name].Uname, name)
				}
			}
		})
	}
}

// The same commit makes the same packages, whenever and wherever it was checked out.
func TestPackagesAreTheSameEachTime(t *testing.T) {
	project := release(t)
	first, second := copyOfTheTree(t, time.Now()), copyOfTheTree(t, time.Now().Add(-1000*time.Hour))
	for _, spec := range project.NFPMs {
		for _, format := range spec.Formats {
			t.Chdir(first)
			was := pack(t, spec, format)
			t.Chdir(second)
			require.True(t, bytes.Equal(was, pack(t, spec, format)), "%s %s differs", spec.PackageName, format)
		}
	}
}
