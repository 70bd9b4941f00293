// Package okta simulates an Okta org, in memory: the management API as far as onboarding needs it, the Provisioning and
// Push Groups tabs of the admin console, and the provisioning that Okta carries out over SCIM. It knows the outside world
// only by HTTP.
package okta

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"studio-onboarding/sandbox/internal/simulation"
)

// Config describes an org.
type Config struct {
	Clock simulation.Clock
	// Calls and Faults may be nil: nobody reads the calls, nothing is broken on purpose.
	Calls  *simulation.CallLog
	Faults *simulation.Faults
	// BaseURL is the org's address for the links in its answers; empty takes the host that was asked.
	BaseURL string
	// People is how many persons there are, at least MinPeople; 0 is DefaultPeople. Groups is how many Okta groups there are, at
	// least MinGroups; 0 is MinGroups.
	People, Groups int
	// Population says who there is instead.
	Population *Population
	// This is the AWS organization of the world, for the population's apps.
	This ServiceProvider
	// Seed makes people, identifiers and tokens the same each time.
	Seed int64
	// Unlimited lets every call through, whatever the rate limits say.
	Unlimited bool
}

// Org is an Okta org. Safe for concurrent use.
type Org struct {
	clock  simulation.Clock
	calls  *simulation.CallLog
	faults *simulation.Faults
	queue  *queue
	// key is the one RSA key that signs for all apps; each app has certificates of its own.
	key func() (*rsa.PrivateKey, error)

	mu      sync.Mutex
	baseURL string
	names   simulation.Names
	tokens  map[string]owner
	// services are the OAuth service apps by client ID, access their tokens.
	services map[string]*serviceApp
	access   map[string]*accessToken
	token    string
	reader   string
	users    table[*user]
	logins   map[string]*user
	groups   table[*group]
	apps     table[*app]
	events   []event
	buckets  map[string]*bucket
	// certificates is how long signing certificates last that are made from now on; 0 is what Okta says.
	certificates time.Duration
	// unlimited lets everything through.
	unlimited bool
	// past is the org before its last write, while the fault script has stale reads.
	past *Org
}

// owner is who made an API token, or the service app that got an access token; a token can do what its owner can.
type owner struct {
	user     *user
	app      *serviceApp
	readOnly bool
}

// name is who it is in the call log.
func (w owner) name() string {
	switch {
	case w.user != nil:
		return w.user.login
	case w.app != nil:
		return w.app.id
	}
	return ""
}

// New makes an org with its people, groups and two API tokens. It fails when the population makes no sense.
func New(cfg Config) (*Org, error) {
	population := Population{Generated: &Crowd{cfg.People, cfg.Groups}}
	if cfg.Population != nil {
		population = *cfg.Population
	}
	if cfg.Calls == nil {
		cfg.Calls = &simulation.CallLog{}
	}
	if cfg.Faults == nil {
		cfg.Faults = &simulation.Faults{}
	}
	o := &Org{
		clock: cfg.Clock, calls: cfg.Calls, faults: cfg.Faults, queue: newQueue(), baseURL: strings.TrimRight(cfg.BaseURL, "/"),
		key:   sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }),
		names: simulation.Names{Seed: cfg.Seed}, tokens: map[string]owner{}, buckets: map[string]*bucket{}, unlimited: cfg.Unlimited,
		services: map[string]*serviceApp{}, access: map[string]*accessToken{}, logins: map[string]*user{},
	}
	if err := o.populate(population, cfg.This); err != nil {
		return nil, err
	}
	o.token, o.reader = "00"+o.names.Text(40, "token", adminLogin), "00"+o.names.Text(40, "token", auditorLogin)
	admin, _ := o.findUser(adminLogin)
	auditor, _ := o.findUser(auditorLogin)
	o.tokens[o.token] = owner{user: admin}
	o.tokens[o.reader] = owner{user: auditor, readOnly: true}
	return o, nil
}

// SetBaseURL sets the org's address. Call it before Start.
func (o *Org) SetBaseURL(url string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.baseURL = strings.TrimRight(url, "/")
}

// Token is an API token of a super administrator.
func (o *Org) Token() string { return o.token }

// ReadOnlyToken is an API token of a read-only administrator.
func (o *Org) ReadOnlyToken() string { return o.reader }

// The delays of the real org: how long after an event Okta begins to push a person or a group, and how long one SCIM
// request takes it.
const (
	userPushDelay   = 30 * time.Second
	groupPushDelay  = 10 * time.Second
	scimRequestTime = 300 * time.Millisecond
	pushers         = 5
)

// Start begins to provision; it ends with ctx.
func (o *Org) Start(ctx context.Context) {
	transport := &http.Transport{MaxIdleConnsPerHost: pushers}
	p := &provisioner{org: o, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}, pace: o.clock.Scale(scimRequestTime)}
	o.queue.run(ctx, pushers, o.turnOf, p.work)
	context.AfterFunc(ctx, transport.CloseIdleConnections)
}

// newID makes an identifier as Okta's look: a prefix that tells the kind, 20 characters in all.
func (o *Org) newID(prefix string, of ...string) string {
	return prefix + o.names.Text(20-len(prefix), prefix, of...)
}

// eventID is the identifier of an entry of the System Log, which follows from its place.
func (o *Org) eventID(at int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/event/%d", o.names.Seed, at))
	h := hex.EncodeToString(sum[:14])
	return fmt.Sprintf("%s-%s-11f0-%s-%s", h[:8], h[8:12], h[12:16], h[16:28])
}

// findUser finds a person by ID or login. Okta takes logins in any letters; people whose logins differ by case only are found by
// the exact one.
func (o *Org) findUser(idOrLogin string) (*user, bool) {
	if u, ok := o.users.get(idOrLogin); ok {
		return u, true
	}
	if u, ok := o.logins[idOrLogin]; ok {
		return u, true
	}
	var found *user
	for login, u := range o.logins {
		if strings.EqualFold(login, idOrLogin) {
			if found != nil {
				return nil, false
			}
			found = u
		}
	}
	return found, found != nil
}
