package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	awsworld "studio-onboarding/sandbox/internal/aws"
	"studio-onboarding/sandbox/internal/okta"
	"studio-onboarding/sandbox/internal/simulation"
)

// World is a simulated Okta org and AWS organization. Safe for concurrent use.
type World struct {
	config Config
	calls  *simulation.CallLog
	faults *simulation.Faults
	okta   *okta.Org
	aws    *awsworld.World
}

// New makes a world in which nothing has been onboarded. Config.BaseURL must be set: links and the SCIM endpoint lie below it.
// The world provisions people only while Run runs.
func New(config Config) (*World, error) {
	config = config.withDefaults()
	if config.BaseURL == "" {
		return nil, errors.New("sandbox: BaseURL is needed to make a world; Start fills it in from its address")
	}
	w := &World{config: config, calls: &simulation.CallLog{}, faults: &simulation.Faults{Seed: config.Seed}}
	clock := simulation.Clock{Speed: config.Speed}
	inOkta := okta.Config{
		Clock: clock, Calls: w.calls, Faults: w.faults, BaseURL: config.BaseURL, People: config.People, Groups: config.Groups, Seed: config.Seed,
		Unlimited: config.Unlimited,
	}
	inAWS := awsworld.Config{
		Clock: clock, Calls: w.calls, Faults: w.faults, BaseURL: config.BaseURL, Region: config.Region, People: config.People, Seed: config.Seed,
		Record: config.Record,
		Limits: awsworld.Limits{Off: config.Unlimited, SageMaker: config.SageMakerRate},
	}
	if err := w.make(inOkta, inAWS); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	w.calls.Forget()
	if err := w.faults.Set(config.Faults); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return w, nil
}

// Run lets the Okta org provision until ctx is done. It returns at once.
func (w *World) Run(ctx context.Context) { w.okta.Start(ctx) }

// Handler serves the whole world on one port: AWS requests are known by their signature, SCIM and console requests by their
// path, and everything else is the Okta org.
func (w *World) Handler() http.Handler {
	browser := w.browser()
	aws, scim, org := w.aws.API(), w.aws.SCIM(), w.okta.API()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/sandbox/") && r.Method != http.MethodGet && r.Header.Get("Origin") != "":
			// There is no page with forms: programs work at the consoles. A page of the web might want to, from somebody's browser.
			http.Error(rw, "the consoles of the simulated world take no orders from web pages (Origin)", http.StatusForbidden)
		case strings.HasPrefix(r.URL.Path, "/sandbox/"):
			browser.ServeHTTP(rw, r)
		case strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-"), r.Method == http.MethodPost && r.URL.Path == "/":
			aws.ServeHTTP(rw, r)
		case isSCIM(r.URL.Path):
			scim.ServeHTTP(rw, r)
		default:
			org.ServeHTTP(rw, r)
		}
	})
}

// isSCIM says whether a path is below /{tenant}/scim/v2.
func isSCIM(path string) bool {
	parts := strings.SplitN(path, "/", 5)
	return len(parts) >= 4 && parts[2] == "scim" && parts[3] == "v2"
}

// browser serves what people do and see: consoles, signing in, and the looks into the world that Client offers.
func (w *World) browser() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/sandbox/console/aws/", w.aws.Console())
	mux.Handle("/sandbox/console/okta/", w.okta.Console())
	mux.HandleFunc("GET /sandbox/calls", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = w.calls.WriteTo(rw) // the client is gone when this fails
	})
	mux.HandleFunc("GET /sandbox/state", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, map[string]any{"aws": w.aws.State(), "okta": w.okta.State()})
	})
	mux.HandleFunc("GET /sandbox/people", func(rw http.ResponseWriter, _ *http.Request) { writeJSON(rw, w.people()) })
	mux.HandleFunc("GET /sandbox/environment", func(rw http.ResponseWriter, r *http.Request) {
		environment, err := w.Environment(r.URL.Query().Get("as"))
		if err != nil {
			http.Error(rw, err.Error(), http.StatusNotFound)
			return
		}
		writeJSON(rw, environment)
	})
	mux.Handle("POST /sandbox/policies", w.aws.Policies())
	mux.Handle("POST /sandbox/settings/aws", w.aws.ChangeSettings())
	mux.HandleFunc("POST /sandbox/settings/okta", func(rw http.ResponseWriter, r *http.Request) {
		var to OktaSettings
		if readJSON(rw, r, &to) {
			w.okta.ChangeCertificates(time.Duration(to.CertificateDays) * 24 * time.Hour)
			writeJSON(rw, struct{}{})
		}
	})
	mux.HandleFunc("POST /sandbox/faults", func(rw http.ResponseWriter, r *http.Request) {
		var faults []Fault
		if !readJSON(rw, r, &faults) {
			return
		}
		if err := w.faults.Set(faults); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		writeJSON(rw, struct{}{})
	})
	mux.HandleFunc("POST /sandbox/sign-in", func(rw http.ResponseWriter, r *http.Request) {
		var in SignInInput
		switch {
		case !readJSON(rw, r, &in):
		case !slices.Contains([]string{"", AddressTile, AddressPortal, AddressStudio}, in.Address):
			http.Error(rw, fmt.Sprintf("there is no address %q; there are %s, %s and %s", in.Address,
				AddressTile, AddressPortal, AddressStudio), http.StatusBadRequest)
		default:
			writeJSON(rw, w.signIn(in))
		}
	})
	return mux
}

// signIn takes one person as far as they come.
func (w *World) signIn(in SignInInput) SignInResult {
	d := signInPath{okta: w.okta, aws: w.aws}
	for _, domain := range w.aws.Domains() {
		d.domains = append(d.domains, studioDomain{id: domain.ID, status: domain.Status, url: domain.URL, applicationARN: domain.ApplicationARN})
	}
	return d.open(in)
}

func (w *World) people() []Person {
	people := []Person{}
	for _, p := range w.okta.People() {
		people = append(people, Person{Login: p.Login, Status: p.Status, Groups: p.Groups})
	}
	return people
}

// The principals of Environment. The worker has what the product's documentation asks for. The administrators stand for other
// people: they may do everything in the management account and in the Studio account.
const (
	AsWorker              = awsworld.Worker
	AsAdministrator       = awsworld.Administrator
	AsStudioAdministrator = awsworld.StudioAdministrator
	// AsReadOnly is the worker with the Okta token of a read-only administrator.
	AsReadOnly = "read-only"
)

// Environment is what somebody who is to use this world needs to know, as variables. An empty name is the worker.
func (w *World) Environment(as string) (Environment, error) {
	if as == "" {
		as = AsWorker
	}
	token := w.okta.Token()
	if as == AsReadOnly {
		as, token = AsWorker, w.okta.ReadOnlyToken()
	}
	credentials, ok := w.aws.Credentials(as)
	if !ok {
		return nil, fmt.Errorf("sandbox: there is no principal %q; there are %s, %s and %s", as, AsWorker, AsAdministrator, AsStudioAdministrator)
	}
	return Environment{
		"AWS_ENDPOINT_URL":      w.config.BaseURL,
		"AWS_REGION":            w.config.Region,
		"AWS_ACCESS_KEY_ID":     credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": credentials.SecretAccessKey,
		"OKTA_CLIENT_ORGURL":    w.config.BaseURL,
		"OKTA_CLIENT_TOKEN":     token,
		// The Okta SDK refuses http without it.
		"OKTA_TESTING_DISABLE_HTTPS_CHECK": "true",
	}, nil
}

func writeJSON(rw http.ResponseWriter, value any) {
	rw.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(rw)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // the client is gone when this fails
}

func readJSON(rw http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(rw, "the request could not be read: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// Server is a world behind a listening address.
type Server struct {
	// URL is the world's base URL without trailing slash.
	URL string

	http *http.Server
	stop context.CancelFunc
	done chan error
}

// Start makes a world and serves it at address ("127.0.0.1:0" for any free port) until ctx is done or Close is called.
func Start(ctx context.Context, address string, config Config) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("sandbox: listen on %s: %w", address, err)
	}
	if config.BaseURL == "" {
		config.BaseURL = "http://" + listener.Addr().String()
	}
	world, err := New(config)
	if err != nil {
		listener.Close()
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	s := &Server{
		URL: config.BaseURL, stop: stop, done: make(chan error, 1),
		http: &http.Server{Handler: world.Handler(), ReadHeaderTimeout: 10 * time.Second},
	}
	world.Run(ctx)
	go func() { s.done <- s.http.Serve(listener) }()
	context.AfterFunc(ctx, func() { s.http.Close() })
	return s, nil
}

// Close stops provisioning and serving. Requests under way are cut off.
func (s *Server) Close() error {
	s.stop()
	err := s.http.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.done <- http.ErrServerClosed // for another Close
	return err
}
