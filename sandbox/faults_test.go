package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// target is a service under faults: a write that makes a thing, a list of these things, and how answers of the service look.
type target struct {
	name string
	// service, write and list are the names for the fault script.
	service, write, list string
	// create makes one more thing, count lists them; both tell the HTTP status, and the code where the service has one.
	create func() (code string, err error)
	count  func() (int, error)
	// codes are the answers to deny, throttle, error and conflict.
	codes [4]string
}

func (w world) targets() []target {
	n := 0
	name := func() string { n++; return fmt.Sprintf("thing-%d", n) }
	secrets := secretsmanager.NewFromConfig(w.studio())
	roles, network := iam.NewFromConfig(w.studio()), ec2.NewFromConfig(w.studio())
	w.enable()
	e, okta := w.provisioning(), w.okta()
	return []target{
		{
			name: "AWS JSON", service: "secretsmanager", write: "CreateSecret", list: "ListSecrets",
			create: func() (string, error) {
				_, err := secrets.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String(name()), SecretString: aws.String("x")})
				return code(err), err
			},
			count: func() (int, error) {
				out, err := secrets.ListSecrets(w.ctx, &secretsmanager.ListSecretsInput{})
				if err != nil {
					return 0, err
				}
				return len(out.SecretList), nil
			},
			codes: [4]string{"AccessDeniedException", "ThrottlingException", "InternalServiceError", "ConflictException"},
		},
		{
			name: "AWS query", service: "iam", write: "CreateRole", list: "ListRoles",
			create: func() (string, error) {
				_, err := roles.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(name()), AssumeRolePolicyDocument: aws.String(trust)})
				return code(err), err
			},
			count: func() (int, error) {
				out, err := roles.ListRoles(w.ctx, &iam.ListRolesInput{})
				if err != nil {
					return 0, err
				}
				return len(out.Roles), nil
			},
			codes: [4]string{"AccessDenied", "Throttling", "ServiceFailure", "ConcurrentModification"},
		},
		{
			name: "EC2", service: "ec2", write: "CreateVpc", list: "DescribeVpcs",
			create: func() (string, error) {
				_, err := network.CreateVpc(w.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.99.0.0/16")})
				return code(err), err
			},
			count: func() (int, error) {
				out, err := network.DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{})
				if err != nil {
					return 0, err
				}
				return len(out.Vpcs), nil
			},
			codes: [4]string{"UnauthorizedOperation", "RequestLimitExceeded", "InternalError", "ConflictException"},
		},
		{
			name: "SCIM", service: "scim", write: "POST /Users", list: "GET /Users",
			create: func() (string, error) {
				return w.send(http.MethodPost, e.url+"/Users", "Bearer "+e.token, person(name()+"@example.com"), nil)
			},
			count: func() (int, error) {
				var list struct{ Resources []object }
				_, err := w.send(http.MethodGet, e.url+"/Users?cursor", "Bearer "+e.token, nil, &list)
				return len(list.Resources), err
			},
			codes: [4]string{"403", "429", "500", "409"},
		},
		{
			name: "Okta", service: "okta", write: "POST /api/v1/groups", list: "GET /api/v1/groups",
			create: func() (string, error) {
				return w.send(http.MethodPost, w.URL+"/api/v1/groups", okta, object{"profile": object{"name": name()}}, nil)
			},
			count: func() (int, error) {
				var groups []object
				_, err := w.send(http.MethodGet, w.URL+"/api/v1/groups", okta, nil, &groups)
				return len(groups), err
			},
			codes: [4]string{"403", "429", "500", "409"},
		},
	}
}

// okta is the Authorization header of the administrator's API token.
func (w world) okta() string {
	environment, err := w.Environment(w.ctx)
	w.NoError(err)
	return "SSWS " + environment["OKTA_CLIENT_TOKEN"]
}

// refused is an answer that is no success.
type refused struct {
	status string
	header http.Header
	body   string
}

func (r *refused) Error() string { return r.status + " " + r.body }

// send makes a plain HTTP call, once, and tells the status if it is no success.
func (w world) send(method, url, authorization string, in, out any) (status string, err error) {
	body := ""
	if in != nil {
		data, err := json.Marshal(in)
		w.NoError(err)
		body = string(data)
	}
	req, err := http.NewRequestWithContext(w.ctx, method, url, io.NopCloser(strings.NewReader(body))) // a body that can't be sent again
	w.NoError(err)
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode/100 != 2 {
		return resp.Status[:3], &refused{resp.Status[:3], resp.Header, string(data)}
	}
	if out != nil {
		w.NoError(json.Unmarshal(data, out), "%s", data)
	}
	return "", nil
}

// TestEveryKindOfFaultOnEveryProtocol is the table of docs/sandbox.md.
func TestEveryKindOfFaultOnEveryProtocol(t *testing.T) {
	w := start(t, fast)
	for _, x := range w.targets() {
		t.Run(x.name, func(t *testing.T) {
			w := world{T: t, Client: w.Client, Assertions: require.New(t), ctx: t.Context()}
			inject := func(faults ...sandbox.Fault) { w.NoError(w.SetFaults(w.ctx, faults)) }
			count := func() int {
				t.Helper()
				n, err := x.count()
				w.NoError(err)
				return n
			}
			there := count()

			for i, kind := range []string{sandbox.FaultDeny, sandbox.FaultThrottle, sandbox.FaultError, sandbox.FaultConflict} {
				inject(sandbox.Fault{Service: x.service, Operation: x.write, Kind: kind, Times: 1})
				got, err := x.create()
				w.Error(err, kind)
				w.Equal(x.codes[i], got, kind)
				w.Equal(there, count(), "%s has no effect", kind)
			}
			for _, kind := range []string{sandbox.FaultReset, sandbox.FaultHTML} {
				inject(sandbox.Fault{Service: x.service, Operation: x.write, Kind: kind, Times: 1})
				_, err := x.create()
				w.Error(err, kind)
				w.Equal(there, count(), "%s has no effect", kind)
			}
			for _, kind := range []string{sandbox.FaultLateError, sandbox.FaultLostAnswer} {
				inject(sandbox.Fault{Service: x.service, Operation: x.write, Kind: kind, Times: 1})
				_, err := x.create()
				w.Error(err, kind)
				there++
				w.Equal(there, count(), "%s has its effect", kind)
			}

			inject(sandbox.Fault{Service: x.service, Kind: sandbox.FaultLostWrite, Times: 1})
			w.Equal(there, count(), "lost-write lets reads through, and isn't used up by them")
			_, err := x.create()
			w.NoError(err)
			w.Equal(there, count(), "lost-write says that it has an effect, and has none")

			inject(sandbox.Fault{Service: x.service, Operation: x.list, Kind: sandbox.FaultEmpty, Times: 1})
			w.Zero(count())
			w.Equal(there, count())

			inject(sandbox.Fault{Service: x.service, Operation: x.list, Kind: sandbox.FaultStaleRead, Times: 1})
			_, err = x.create()
			w.NoError(err)
			there++
			w.Equal(there-1, count(), "stale-read answers from before the write")
			w.Equal(there, count())

			inject(sandbox.Fault{Service: x.service, Operation: x.list, Kind: sandbox.FaultSlow, Delay: 0.2, Times: 1})
			begun := time.Now()
			w.Equal(there, count())
			w.GreaterOrEqual(time.Since(begun), 200*time.Millisecond)
			inject()
		})
	}
	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	logged := map[string]bool{}
	for _, call := range calls {
		logged[call.Fault] = true
	}
	for _, kind := range []string{sandbox.FaultDeny, sandbox.FaultThrottle, sandbox.FaultError, sandbox.FaultLateError, sandbox.FaultHTML, sandbox.FaultLostAnswer,
		sandbox.FaultReset, sandbox.FaultSlow, sandbox.FaultLostWrite, sandbox.FaultEmpty, sandbox.FaultStaleRead, sandbox.FaultConflict} {
		w.True(logged[kind], "the call log has %s", kind)
	}
}

func TestThrottlingWithAndWithoutRetryAfter(t *testing.T) {
	w := start(t, fast)
	_, store := w.enable()
	e := w.provisioning()
	directory := identitystore.NewFromConfig(w.worker())
	for _, seconds := range []int{0, 7} {
		w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Kind: sandbox.FaultThrottle, RetryAfter: seconds}}))
		_, err := w.send(http.MethodGet, e.url+"/Users", "Bearer "+e.token, nil, nil)
		var scim *refused
		w.ErrorAs(err, &scim)
		w.Equal("429", scim.status)
		w.Equal(map[int]string{0: "", 7: "7"}[seconds], scim.header.Get("Retry-After"))
		w.Contains(scim.body, `"status":"429"`)

		_, err = directory.ListUsers(w.ctx, &identitystore.ListUsersInput{IdentityStoreId: &store})
		var throttled *idtypes.ThrottlingException
		w.ErrorAs(err, &throttled)
		w.Equal(int32(seconds), throttled.RetryAfterSeconds)

		begun := time.Now()
		_, err = w.send(http.MethodGet, w.URL+"/api/v1/groups", w.okta(), nil, nil)
		var okta *refused
		w.ErrorAs(err, &okta)
		w.Equal("0", okta.header.Get("X-Rate-Limit-Remaining"))
		var reset int64
		w.NoError(json.Unmarshal([]byte(okta.header.Get("X-Rate-Limit-Reset")), &reset))
		w.GreaterOrEqual(reset, begun.Unix()+int64(seconds))
		w.LessOrEqual(reset, time.Now().Unix()+int64(seconds)+1)
	}
}

func TestARateHitsTheSameCallsEachTime(t *testing.T) {
	pattern := func(seed int64) string {
		w := startWith(t, sandbox.Config{Speed: fast, Seed: seed, Faults: []sandbox.Fault{{Service: "iam", Operation: "GetRole", Kind: sandbox.FaultThrottle, Rate: 0.3, Skip: 2}}})
		client, hits := iam.NewFromConfig(w.studio()), ""
		for range 40 {
			_, err := client.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("DataPlatformNotebooks")})
			hits += map[bool]string{true: "x", false: "."}[err != nil]
		}
		return hits
	}
	first := pattern(3)
	if first != pattern(3) || first == pattern(4) {
		t.Errorf("hits depend on the seed and on nothing else: %s", first)
	}
	if n := strings.Count(first, "x"); n < 4 || n > 22 || !strings.HasPrefix(first, "..") {
		t.Errorf("%d hits of 40 at 30%%: %s", n, first)
	}
}

func TestTheFirstRuleThatHitsDecides(t *testing.T) {
	w := start(t, fast)
	client := iam.NewFromConfig(w.studio())
	err := w.SetFaults(w.ctx, []sandbox.Fault{{Kind: "thunder"}})
	w.ErrorContains(err, `there is no kind of fault "thunder"`)
	w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{
		{Service: "iam", Kind: sandbox.FaultThrottle, Times: 1}, {Service: "iam", Account: "111111111111", Kind: sandbox.FaultDeny},
		{Service: "i*", Operation: "Get*", Kind: sandbox.FaultError, Times: 1},
	}))
	for _, want := range []string{"Throttling", "ServiceFailure", ""} {
		_, err := client.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("DataPlatformNotebooks")})
		w.Equal(want, code(err))
	}
}
