// Package awsworld simulates an AWS organization with a management account and a member account: the services that
// onboarding Studio touches, on their wire protocols, AWS's SCIM endpoint, and the console steps that have no public API.
// Everything is in memory and behind one lock; what takes time is computed from time stamps when somebody looks.
package awsworld

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"studio-onboarding/sandbox/internal/aws/model"
	"studio-onboarding/sandbox/internal/simulation"
)

// The accounts of the organization.
const (
	ManagementAccount = "111111111111"
	MemberAccount     = "222222222222"
)

// Config describes the AWS side of a world.
type Config struct {
	Clock  simulation.Clock
	Calls  *simulation.CallLog
	Faults *simulation.Faults
	// BaseURL is the world's address without trailing slash; the SCIM endpoint lies below it.
	BaseURL string
	// Region is where the accounts have their networks. Quotas and services answer in any Region.
	Region string
	// People is how many persons are expected, so that quotas leave room for them.
	People int
	// Seed makes identifiers the same each time.
	Seed int64
	// Record takes every exchange with the AWS services as JSON lines (type Exchange); nil records nothing.
	Record io.Writer
	// Limits are the rates at which the services throttle.
	Limits Limits
}

// World is the AWS side. Safe for concurrent use.
type World struct {
	clock   simulation.Clock
	calls   *simulation.CallLog
	faults  *simulation.Faults
	baseURL string
	region  string
	limits  *limiter
	journal io.Writer
	models  map[string]*model.Service
	routes  map[string]map[string]handler

	mu sync.Mutex
	// past is the world before its last write, while the fault script has stale reads.
	past     *World
	names    simulation.Names
	sequence int
	// began is when the world was made; begun, that it is.
	began      time.Time
	begun      bool
	accounts   map[string]*account
	principals map[string]*principal
	// policies replace what principals may do, by their ARN.
	policies  map[string]*Policy
	settings  settings
	instances []*instance
	// applications are the Identity Center applications by ARN.
	applications map[string]*application
	trail        []*event
	// buckets are those of S3, of all accounts.
	buckets []*bucket
	// kinds are those of the events.
	kinds map[eventKind]*eventKind
}

// New makes a world in which nobody has enabled Identity Center. What somebody has written down is put into it by SeedIdentityCenter,
// SeedTrust, SeedAccess and SeedAccounts, in this order, and Begin ends that.
func New(config Config) (*World, error) {
	w := &World{
		began: config.Clock.Now(),
		clock: config.Clock, calls: config.Calls, faults: config.Faults, baseURL: config.BaseURL, region: config.Region, limits: &limiter{Limits: config.Limits}, journal: config.Record,
		models: map[string]*model.Service{}, names: simulation.Names{Seed: config.Seed},
		accounts: map[string]*account{}, principals: map[string]*principal{}, policies: map[string]*Policy{}, applications: map[string]*application{},
	}
	if w.limits.SageMaker == 0 {
		w.limits.SageMaker = DefaultSageMakerRate
	}
	w.routes = w.services()
	for name := range w.routes {
		service, err := model.Load(name)
		if err != nil {
			return nil, err
		}
		w.models[name] = service
	}
	w.seedAccounts(config.People)
	w.seedPrincipals()
	return w, nil
}

// services are the operations of each service, by the name that signatures have for it.
func (w *World) services() map[string]map[string]handler {
	return map[string]map[string]handler{
		"sso":            w.ssoOperations(),
		"identitystore":  w.identityStoreOperations(),
		"sagemaker":      w.sageMakerOperations(),
		"organizations":  w.organizationsOperations(),
		"servicequotas":  w.quotaOperations(),
		"secretsmanager": w.secretOperations(),
		"kms":            w.kmsOperations(),
		"cloudtrail":     w.trailOperations(),
		"health":         w.healthOperations(),
		"iam":            w.iamOperations(),
		"sts":            w.stsOperations(),
		"ec2":            w.ec2Operations(),
	}
}

// API serves the AWS services. Requests are told apart by the credential scope of their signature.
func (w *World) API() http.Handler {
	if w.journal == nil {
		return http.HandlerFunc(w.serveAPI)
	}
	return recording(http.HandlerFunc(w.serveAPI), w.journal)
}

// SCIM serves the SCIM endpoint below /{tenantId}/scim/v2.
func (w *World) SCIM() http.Handler { return http.HandlerFunc(w.serveSCIM) }

// digest makes n hexadecimal digits that depend on the seed and on what they are for, not on the order of calls. Each
// time the same thing is made again, it gets other digits.
func (w *World) digest(n int, kind string, of ...string) string {
	sum := w.names.Digest(kind, of...)
	return hex.EncodeToString(sum[:])[:n]
}

// uuid is a digest in the form of a UUID.
func (w *World) uuid(kind string, of ...string) string {
	d := w.digest(32, kind, of...)
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", d[:8], d[8:12], d[13:16], d[17:20], d[20:32])
}

// next numbers things in the order in which they are made; lists are in this order.
func (w *World) next() int {
	w.sequence++
	return w.sequence
}
