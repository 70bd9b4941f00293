// Package check tries the files of deploy with the programs that they are for. It is a module of its own, because what these programs
// consist of would raise dependencies that the embedded Temporal server needs as they are.
package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// programs are standalone and starter, built from the module around this one.
type programs struct{ standalone, starter string }

func build(t *testing.T) programs {
	t.Helper()
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", dir+string(filepath.Separator), "./standalone", "./starter")
	command.Dir = filepath.Join("..", "..")
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return programs{standalone: filepath.Join(dir, "standalone"), starter: filepath.Join(dir, "starter")}
}

// output is what a program has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// demo is a demo that runs, and what was scraped of it, second by second.
type demo struct {
	t   *testing.T
	p   programs
	out *output
	// temporal, world and metrics are addresses.
	temporal, world, metrics string
	stop                     func()
	mu                       sync.Mutex
	scrapes                  []scrape
}

type scrape struct {
	at   time.Time
	text []byte
}

func start(t *testing.T, p programs, args ...string) *demo {
	t.Helper()
	d := &demo{t: t, p: p, out: &output{}}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, p.standalone, append([]string{"demo", "--metrics-listen", "127.0.0.1:0", "--port", "0", "--ui-port", "0"}, args...)...)
	command.Stdout, command.Stderr = d.out, d.out
	command.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 40 * time.Second
	require.NoError(t, command.Start())
	var scraping sync.WaitGroup
	d.stop = sync.OnceFunc(func() {
		cancel()
		_ = command.Wait() // it says that it was interrupted
		scraping.Wait()
	})
	t.Cleanup(d.stop)
	said := func(what string) string {
		t.Helper()
		var found []string
		require.Eventually(t, func() bool {
			found = regexp.MustCompile(`(?m)^` + what + `(\S+)$`).FindStringSubmatch(d.out.String())
			return found != nil
		}, 2*time.Minute, 50*time.Millisecond, "%s", d.out)
		return found[1]
	}
	d.temporal, d.world, d.metrics = said("Temporal: "), said("Simulated Okta and AWS: "), said("Metrics: ")
	scraping.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			if response, err := http.Get(d.metrics); err == nil {
				text, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err == nil && response.StatusCode == http.StatusOK {
					d.mu.Lock()
					d.scrapes = append(d.scrapes, scrape{time.Now(), text})
					d.mu.Unlock()
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return d
}

// seen are the scrapes so far, once the last of them shows a line that matches.
func (d *demo) seen(line string) []scrape {
	d.t.Helper()
	pattern := regexp.MustCompile(`(?m)^` + line)
	var all []scrape
	require.Eventually(d.t, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		all = append([]scrape(nil), d.scrapes...)
		return len(all) > 0 && pattern.Match(all[len(all)-1].text)
	}, 3*time.Minute, 100*time.Millisecond, "%s is not seen\n%s", line, d.out)
	return all
}

// starter runs a command; those that say that a person is needed end with 3.
func (d *demo) starter(args ...string) {
	d.t.Helper()
	out, err := exec.CommandContext(d.t.Context(), d.p.starter, append(args, "--address", d.temporal)...).CombinedOutput()
	if err != nil && !strings.Contains(err.Error(), "exit status 3") {
		require.NoError(d.t, err, string(out))
	}
}

// okta calls the simulated Okta as an administrator.
func (d *demo) okta(method, path string, out any) {
	d.t.Helper()
	var environment map[string]string
	ask(d.t, http.MethodGet, d.world+"/sandbox/environment", "", &environment)
	ask(d.t, method, d.world+path, "SSWS "+environment["OKTA_CLIENT_TOKEN"], out)
}

func ask(t *testing.T, method, url, authorization string, out any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", authorization)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Less(t, response.StatusCode, 300, "%s %s: %s", method, url, body)
	if out != nil {
		require.NoError(t, json.Unmarshal(body, out), "%s", body)
	}
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// studio makes the pattern of a metric of one studio.
func studio(metric, labels, value string) string {
	return fmt.Sprintf(`%s\{.*%s.*\} %s`, metric, labels, value)
}
