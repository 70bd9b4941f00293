package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"studio-onboarding/sandbox"
)

// child starts a program, which ends with ctx.
func child(ctx context.Context, env []string, program string, args ...string) (*exec.Cmd, *bufio.Reader, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return cmd, bufio.NewReader(out), cmd.Start()
}

// serveSandbox serves a world, and what it counted below /bench/.
func serveSandbox(ctx context.Context, o options) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := "http://" + listener.Addr().String()
	world, err := sandbox.New(sandbox.Config{People: o.size, Speed: o.speed, BaseURL: address})
	if err != nil {
		return err
	}
	world.Run(ctx)
	counter := &counter{next: world.Handler(), counts: map[key]int{}, made: map[string]int{}}
	server := &http.Server{Handler: counter, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Println(address)
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// counter counts the worker's calls as they are answered, so that not every call has to be kept.
type counter struct {
	next http.Handler

	mu     sync.Mutex
	counts map[key]int
	// made counts successful CreateUserProfile calls by profile.
	made map[string]int
}

// key is what is counted: calls of an API that were answered within a tenth of a second.
type key struct {
	at        int64
	API       string
	throttled bool
}

// slice is how finely calls are counted in time.
const slice = 100 * time.Millisecond

// count is one number of the counter's answer.
type count struct {
	At        time.Time `json:"at"`
	API       string    `json:"api"`
	Throttled bool      `json:"throttled,omitempty"`
	Calls     int       `json:"calls"`
}

type counted struct {
	Counts []count `json:"counts"`
	// MadeTwice is how many profiles were made more than once.
	MadeTwice int `json:"madeTwice"`
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/bench/counts" {
		_ = json.NewEncoder(w).Encode(c.answer())
		return
	}
	api, profile := "", ""
	if authorization := r.Header.Get("Authorization"); strings.HasPrefix(authorization, "AWS4-") {
		scope := strings.Split(authorization, "/")
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		api = scope[min(3, len(scope)-1)] + ":" + operation
		if operation == "CreateUserProfile" {
			profile = profileName(r)
		}
	} else if strings.HasPrefix(r.URL.Path, "/api/v1/") {
		parts := strings.Split(r.URL.Path, "/")
		api = "okta:" + parts[3] + "/" + parts[len(parts)-1]
	}
	recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
	c.next.ServeHTTP(recorder, r)
	if api == "" {
		return
	}
	throttled := recorder.status == http.StatusTooManyRequests || bytes.Contains(recorder.start, []byte("Throttling"))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[key{time.Now().UnixNano() / int64(slice), api, throttled}]++
	if profile != "" && recorder.status == http.StatusOK {
		c.made[profile]++
	}
}

func (c *counter) answer() counted {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out counted
	for k, n := range c.counts {
		out.Counts = append(out.Counts, count{At: time.Unix(0, k.at*int64(slice)), API: k.API, Throttled: k.throttled, Calls: n})
	}
	for _, n := range c.made {
		if n > 1 {
			out.MadeTwice++
		}
	}
	return out
}

// profileName reads the profile's name out of a request and leaves the body as it was.
func profileName(r *http.Request) string {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body) // what cannot be read is refused by the world
	r.Body = http.NoBody
	if body.Len() > 0 {
		r.Body = readCloser{bytes.NewReader(body.Bytes())}
	}
	var in struct{ UserProfileName string }
	_ = json.Unmarshal(body.Bytes(), &in)
	return in.UserProfileName
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// statusRecorder keeps the status and the beginning of an error.
type statusRecorder struct {
	http.ResponseWriter
	status int
	start  []byte
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(data []byte) (int, error) {
	if r.status != http.StatusOK && len(r.start) < 200 {
		r.start = append(r.start, data[:min(len(data), 200)]...)
	}
	return r.ResponseWriter.Write(data)
}

// Unwrap lets faults close the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
