package check

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write THIRD_PARTY_LICENSES anew")

const licencesFile = root + "/THIRD_PARTY_LICENSES"

// sentences are what a licence is known by, in lower case, with single spaces. Permissive ones may be linked: none of them asks for the
// source of what it is linked with.
var sentences = []struct {
	id, says   string
	permissive bool
}{
	{"Apache-2.0", "apache license version 2.0", true},
	{"Apache-2.0", "licensed under the apache license, version 2.0", true},
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy", true},
	{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee", true},
	{"ISC", "permission to use, copy, modify, and distribute this software for any purpose with or without fee", true},
	{"BSD", "redistribution and use in source and binary forms", true},
	{"CC0-1.0", "cc0 1.0 universal", true},
	{"Unlicense", "this is free and unencumbered software released into the public domain", true},
	{"GPL, LGPL or AGPL", "gnu general public license", false},
	{"GPL, LGPL or AGPL", "gnu lesser general public license", false},
	{"GPL, LGPL or AGPL", "gnu affero general public license", false},
	{"MPL", "mozilla public license", false},
	{"EPL", "eclipse public license", false},
	{"CDDL", "common development and distribution license", false},
	{"BUSL", "business source license", false},
	{"SSPL", "server side public license", false},
	{"Elastic", "elastic license", false},
	{"CC-BY", "creative commons attribution", false},
}

// exceptions are modules of which somebody has to know something; the file says it.
var exceptions = map[string]string{
	"github.com/go-sql-driver/mysql": "MPL-2.0. In standalone alone, which never opens MySQL: Temporal's server links it. " +
		"Unchanged; its source is the module itself",
	"github.com/cactus/go-statsd-client/statsd": "MIT, as the repository's LICENSE says, which this old module of it lacks; " +
		"the text is that of github.com/cactus/go-statsd-client/v5",
	"github.com/nexus-rpc/nexus-proto-annotations": "the module has no licence file. It is one file of generated code, " +
		"which Temporal's API (go.temporal.io/api, MIT) imports",
}

// module is one that is linked into a program.
type module struct {
	Path, Version, Dir string
	Replace            *module
	Main               bool
}

func (m module) String() string { return m.Path + " " + m.Version }

// linked are the modules of the programs on all systems that they are released for.
func linked(t *testing.T) []module {
	t.Helper()
	found := make(map[string]module)
	for system, programs := range map[string][]string{
		"linux":   {"./starter", "./worker", "./standalone"},
		"darwin":  {"./starter", "./standalone"},
		"windows": {"./starter"},
	} {
		command := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps", "-json=Module"}, programs...)...)
		command.Dir, command.Stderr = root, os.Stderr
		command.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0", "GOWORK=off")
		out, err := command.Output()
		require.NoError(t, err)
		decoder := json.NewDecoder(strings.NewReader(string(out)))
		for {
			var listed struct{ Module *module }
			err := decoder.Decode(&listed)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if m := listed.Module; m != nil && !m.Main {
				require.Nil(t, m.Replace, "%s is replaced: say which licence counts", m)
				found[m.Path] = *m
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b module) int { return cmp.Compare(a.Path, b.Path) })
}

// paper is a text that has to go with what is linked.
type paper struct {
	text string
	ids  []string
	of   []string
}

var paperName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense|notice|copyright)([-.].*)?$`)

// papersOf are licence and notice of a module: their texts, the licences that they are, and those of them that are not permissive.
func papersOf(t *testing.T, dir string) (texts, ids, refused []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	known := make(map[string]bool)
	for _, entry := range entries {
		if entry.IsDir() || !paperName.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
		plain := strings.Join(strings.Fields(strings.ToLower(string(text))), " ")
		for _, sentence := range sentences {
			if !strings.Contains(plain, sentence.says) {
				continue
			}
			id := sentence.id
			if id == "BSD" {
				id = map[bool]string{true: "BSD-3-Clause", false: "BSD-2-Clause"}[strings.Contains(plain, "neither the name")]
			}
			if known[id] = true; !sentence.permissive {
				refused = append(refused, id)
			}
		}
	}
	return texts, slices.Sorted(maps.Keys(known)), refused
}

// TestLicences holds that the programs are made of permissively licensed modules, and that THIRD_PARTY_LICENSES has the text of each.
func TestLicences(t *testing.T) {
	table, papers := &strings.Builder{}, make(map[[32]byte]*paper)
	used := make(map[string]bool)
	take := func(name, dir string) {
		texts, ids, refused := papersOf(t, dir)
		modulePath, _, _ := strings.Cut(name, " ")
		if says := exceptions[modulePath]; says != "" {
			used[modulePath] = true
			require.True(t, len(texts) == 0 || len(refused) > 0, "%s is no exception any more", name)
			ids = []string{says}
		} else {
			assert.NotEmpty(t, texts, "%s has no licence", name)
			assert.NotEmpty(t, ids, "%s has a licence that is not among those that are known → read it", name)
			assert.Empty(t, refused, "%s has a licence that is not permissive", name)
		}
		fmt.Fprintf(table, "%s: %s\n", name, strings.Join(ids, ", "))
		for _, text := range texts {
			sum := sha256.Sum256([]byte(text))
			if papers[sum] == nil {
				papers[sum] = &paper{text: text}
			}
			papers[sum].of = append(papers[sum].of, name)
		}
	}
	take("Go's standard library and runtime", runtime.GOROOT())
	for _, m := range linked(t) {
		take(m.String(), m.Dir)
	}
	require.Len(t, used, len(exceptions), "an exception is of a module that is not linked any more")

	var b strings.Builder
	b.WriteString("What the programs of studio-onboarding are made of besides its own code, and the licences of it.\n" +
		"Written by: cd deploy/check && go test -count=1 -run Licences . -update\n\n" + table.String())
	for _, p := range slices.SortedFunc(maps.Values(papers), func(a, b *paper) int { return cmp.Compare(a.of[0]+a.text, b.of[0]+b.text) }) {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(p.of, "\n"), p.text)
	}
	if *update {
		require.NoError(t, os.WriteFile(licencesFile, []byte(b.String()), 0o644))
	}
	was, err := os.ReadFile(licencesFile)
	require.NoError(t, err)
	require.True(t, string(was) == b.String(),
		"the modules that are linked have changed → cd deploy/check && go test -count=1 -run Licences . -update")
}
