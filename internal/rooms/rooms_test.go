// Package rooms holds the test of who may know whom: one table for every package of the project, which docs/design.md shows.
package rooms

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the table of docs/design.md anew")

const (
	module = "studio-onboarding"
	page   = "../../docs/design.md"
	begin  = "<!-- rooms: written by go test ./internal/rooms -update -->\n"
	end    = "<!-- /rooms -->\n"
)

// room is a package, or several of one kind.
type room struct {
	// packages are patterns of path.Match below the module, without it.
	packages []string
	// holds says what is in it.
	holds string
	// knows are the packages of ours that it may import, as patterns; nothing else of ours.
	knows []string
	// never are packages that it may not even depend on indirectly, by the beginning of their path.
	never []string
}

// What a room may not even depend on indirectly.
const (
	awsSDK  = "github.com/aws/"
	oktaSDK = "github.com/okta/"
	server  = "go.temporal.io/server"
	client  = "go.temporal.io/sdk"
)

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestEveryRoomKnowsOnlyWhomItMay(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", module+"/...")
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	used := map[int]bool{}
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		name, _ := ours(p.ImportPath)
		i := roomOf(name)
		if !assertRoom(t, name, i) {
			continue
		}
		used[i] = true
		r := rooms()[i]
		for _, imported := range p.Imports {
			if other, of := ours(imported); of && roomOf(other) != i {
				require.True(t, matches(r.knows, other), "%s may not import %s; it may import: %s", name, other, strings.Join(r.knows, ", "))
			}
		}
		for _, dependency := range p.Deps {
			for _, prefix := range r.never {
				require.False(t, strings.HasPrefix(dependency, prefix), "%s depends on %s", name, dependency)
			}
		}
	}
	for i, r := range rooms() {
		require.True(t, used[i], "no package is in the room %v", r.packages)
	}
}

func assertRoom(t *testing.T, name string, i int) bool {
	t.Helper()
	require.GreaterOrEqual(t, i, 0, "%s has no room: add it to the table", name)
	return i >= 0
}

// A judge decides from plain values: it does no I/O, asks no clock, and knows no SDK.
func TestAJudgeKnowsNothingOfTheOutsideWorld(t *testing.T) {
	files, err := filepath.Glob("../../activities/*/judge*.go")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 9)
	allowed := []string{module + "/onboarding", module + "/internal/fault", module + "/internal/oktaorg/model", module + "/internal/saml",
		module + "/internal/policy", module + "/internal/profile", module + "/internal/roster",
		// access judges people as the judge of people sees them.
		module + "/activities/people"}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			first, _, _ := strings.Cut(imported, "/")
			switch {
			case imported == "context" || strings.HasPrefix(imported, "net/http") || imported == "os":
				require.Fail(t, "a judge does no I/O", "%s imports %s", file, imported)
			case !strings.Contains(first, ".") && first != module: // the standard library
			default:
				require.Contains(t, allowed, imported, "%s", file)
			}
		}
	}
}

// The table of the design is this one.
func TestTheDesignShowsTheRooms(t *testing.T) {
	var b strings.Builder
	b.WriteString("| room | what it holds | may import of ours | never depends on |\n|---|---|---|---|\n")
	for _, r := range rooms() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(r.packages), r.holds, otherwise(code(r.knows), "nothing"), otherwise(code(r.never), "–"))
	}
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), begin)
	require.True(t, found, "the page has no place for the table")
	was, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+b.String()+end+after), 0o644))
		return
	}
	require.Equal(t, b.String(), was, "go test ./internal/rooms -update")
}

func ours(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// roomOf is the first room that the package is in; -1 for none.
func roomOf(name string) int {
	for i, r := range rooms() {
		if matches(r.packages, name) {
			return i
		}
	}
	return -1
}

func matches(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if pattern == "everything" {
			return true
		}
		if below, deep := strings.CutSuffix(pattern, "/..."); deep && (name == below || strings.HasPrefix(name, below+"/")) {
			return true
		}
		if ok, _ := path.Match(pattern, name); ok {
			return true
		}
	}
	return false
}

func code(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		if quoted[i] = "`" + name + "`"; name == "everything" {
			quoted[i] = name
		}
	}
	return strings.Join(quoted, ", ")
}

func otherwise(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}
