package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	awsworld "studio-onboarding/sandbox/internal/aws"
	"studio-onboarding/sandbox/internal/simulation"
)

// Call is one request that the world answered.
type Call = simulation.Call

// Fault is one rule of the fault script.
type Fault = simulation.Fault

// The kinds of faults.
const (
	FaultDeny       = simulation.FaultDeny
	FaultThrottle   = simulation.FaultThrottle
	FaultError      = simulation.FaultError
	FaultHTML       = simulation.FaultHTML
	FaultLateError  = simulation.FaultLateError
	FaultLostAnswer = simulation.FaultLostAnswer
	FaultReset      = simulation.FaultReset
	FaultSlow       = simulation.FaultSlow
	FaultLostWrite  = simulation.FaultLostWrite
	FaultEmpty      = simulation.FaultEmpty
	FaultStaleRead  = simulation.FaultStaleRead
	FaultConflict   = simulation.FaultConflict
	FaultFails      = simulation.FaultFails
)

// Client does what people do with their browsers: console work and signing in. Only the simulated operator, the sign-in
// proof and tests use it; the product itself never does. All calls go to paths below /sandbox/.
type Client struct {
	// URL is the sandbox's base URL without trailing slash.
	URL string
}

// Environment is what a worker needs to know of a world: variables and their values. The credentials are made up.
type Environment map[string]string

// EnableIdentityCenterInput is the AWS console's "Enable" in the management account.
type EnableIdentityCenterInput struct {
	Region string `json:"region"`
}

// ChangeIdentitySourceInput is the AWS console's "Change identity source" → external identity provider.
type ChangeIdentitySourceInput struct {
	// Metadata is the IdP's SAML metadata document.
	Metadata string `json:"metadata"`
}

// ServiceProvider is what the AWS console then shows.
type ServiceProvider struct {
	ACSURL    string `json:"acsUrl"`
	IssuerURL string `json:"issuerUrl"`
	PortalURL string `json:"portalUrl"`
	// Metadata is the service provider metadata file.
	Metadata string `json:"metadata"`
}

// ProvisioningTenant is what the AWS console shows when automatic provisioning is enabled; the token is shown once.
type ProvisioningTenant struct {
	Endpoint string `json:"endpoint"`
	Token    string `json:"token"`
}

// ConfigureProvisioningInput is the Okta console's Provisioning tab. The credentials are tested; a refusal is the error.
type ConfigureProvisioningInput struct {
	AppID            string `json:"appId"`
	BaseURL          string `json:"baseUrl"`
	Token            string `json:"token"`
	CreateUsers      bool   `json:"createUsers"`
	UpdateAttributes bool   `json:"updateAttributes"`
	DeactivateUsers  bool   `json:"deactivateUsers"`
}

// PushGroupInput is the Okta console's Push Groups tab, by group name.
type PushGroupInput struct {
	AppID string `json:"appId"`
	Group string `json:"group"`
}

// Where somebody begins who wants to sign in, as SignInInput.Address names it.
const (
	// AddressTile is the app's tile on the Okta dashboard.
	AddressTile = "tile"
	// AddressPortal is the AWS access portal, which is also where the way ends.
	AddressPortal = "portal"
	// AddressStudio is the address of the Studio domain.
	AddressStudio = "studio"
)

// SignInInput is one person trying to sign in. Each attempt leaves the events that the real systems leave: Okta in its System Log,
// IAM Identity Center in CloudTrail.
type SignInInput struct {
	// Login is the person's Okta login. Where AWS sends people to another identity source, it is the Identity Center user name.
	Login string `json:"login"`
	// Label picks the tile by the label of its Okta app where there are several; empty takes the first that the person has. At the
	// other addresses AWS decides where it sends people.
	Label string `json:"label,omitempty"`
	// Address is AddressTile when it is empty.
	Address string `json:"address,omitempty"`
	// DomainID picks the Studio domain where there are several.
	DomainID string `json:"domainId,omitempty"`
}

// SignInResult is how far they come: the address of Studio or of the portal, or the error that the real systems show, at the link that
// broke.
type SignInResult struct {
	OK  bool   `json:"ok"`
	URL string `json:"url,omitempty"`
	// Profile is the user profile that was opened.
	Profile string `json:"profile,omitempty"`
	// Link names the broken link: okta, saml, user, application, domain or profile.
	Link  string `json:"link,omitempty"`
	Error string `json:"error,omitempty"`
}

// Person is somebody in the Okta org.
type Person struct {
	Login  string   `json:"login"`
	Status string   `json:"status"`
	Groups []string `json:"groups"`
}

// EnableIdentityCenter enables the organization instance.
func (c Client) EnableIdentityCenter(ctx context.Context, in EnableIdentityCenterInput) error {
	return c.post(ctx, "console/aws/enable-identity-center", in, nil)
}

// ChangeIdentitySource uploads the IdP metadata and answers with the service provider's values. Where the source is external already,
// it replaces the metadata. Users and all access stay, unless the source was an Active Directory: then they are deleted, and the
// address of the portal and the issuer change.
func (c Client) ChangeIdentitySource(ctx context.Context, in ChangeIdentitySourceInput) (ServiceProvider, error) {
	var out ServiceProvider
	err := c.post(ctx, "console/aws/change-identity-source", in, &out)
	return out, err
}

// The identity sources of ChangeIdentitySourceTo, and of world files.
const (
	SourceIdentityCenter  = awsworld.OwnDirectory
	SourceActiveDirectory = awsworld.ActiveDirectory
	SourceExternal        = awsworld.ExternalIdP
)

// ChangeIdentitySourceTo makes Identity Center's own directory (SourceIdentityCenter) or an Active Directory (SourceActiveDirectory)
// the identity source. Automatic provisioning ends. To and from an Active Directory all users, groups, assignments of applications and
// assignments of accounts are deleted, and the address of the portal changes.
func (c Client) ChangeIdentitySourceTo(ctx context.Context, source string) error {
	return c.post(ctx, "console/aws/change-identity-source-to", map[string]string{"source": source}, nil)
}

// EnableProvisioning enables automatic provisioning, or makes a second token when it is enabled.
func (c Client) EnableProvisioning(ctx context.Context) (ProvisioningTenant, error) {
	var out ProvisioningTenant
	err := c.post(ctx, "console/aws/enable-provisioning", struct{}{}, &out)
	return out, err
}

// CreateUser makes a user by hand in the Identity Center console.
func (c Client) CreateUser(ctx context.Context, userName, email string) error {
	return c.post(ctx, "console/aws/create-user", map[string]string{"userName": userName, "email": email}, nil)
}

// ConfigureProvisioning sets the SCIM connection up on the Okta side.
func (c Client) ConfigureProvisioning(ctx context.Context, in ConfigureProvisioningInput) error {
	return c.post(ctx, "console/okta/provisioning", in, nil)
}

// PushGroup pushes a group from the Okta console.
func (c Client) PushGroup(ctx context.Context, in PushGroupInput) error {
	return c.post(ctx, "console/okta/push-group", in, nil)
}

// SignIn tries to get one person into Studio.
func (c Client) SignIn(ctx context.Context, in SignInInput) (SignInResult, error) {
	var out SignInResult
	err := c.post(ctx, "sign-in", in, &out)
	return out, err
}

// SignInByEach tries to get one person into Studio by each of the three addresses in turn, and answers with the first that lets them not
// in, or with the last one.
func (c Client) SignInByEach(ctx context.Context, in SignInInput) (SignInResult, error) {
	var result SignInResult
	for _, in.Address = range []string{AddressTile, AddressPortal, AddressStudio} {
		var err error
		if result, err = c.SignIn(ctx, in); err != nil || !result.OK {
			return result, err
		}
	}
	return result, nil
}

// People lists everybody in the Okta org, in the order of their logins.
func (c Client) People(ctx context.Context) ([]Person, error) {
	var out []Person
	err := c.get(ctx, "people", &out)
	return out, err
}

// Environment answers with the variables of a worker that is to use this world.
func (c Client) Environment(ctx context.Context) (Environment, error) {
	var out Environment
	err := c.get(ctx, "environment", &out)
	return out, err
}

// EnvironmentAs answers with the variables of AsWorker, AsAdministrator or AsStudioAdministrator.
func (c Client) EnvironmentAs(ctx context.Context, principal string) (Environment, error) {
	var out Environment
	err := c.get(ctx, "environment?as="+url.QueryEscape(principal), &out)
	return out, err
}

// SetFaults replaces the fault script. A rule that makes no sense is an error, and the old script stays.
func (c Client) SetFaults(ctx context.Context, faults []Fault) error {
	return c.post(ctx, "faults", faults, nil)
}

// WorkerARN is the user behind the credentials that Environment answers with, in a world of the standard partition.
const WorkerARN = "arn:aws:iam::" + awsworld.ManagementAccount + ":user/" + awsworld.Worker

// WorkerARNIn is WorkerARN in a world of this Region, whose partition stands in every ARN.
func WorkerARNIn(region string) string { return awsworld.WorkerARNIn(region) }

// SetPolicies replaces what users and roles may do, by their ARN, with IAM policies as JSON. The others keep theirs; null
// gives a principal back what it had at the beginning.
func (c Client) SetPolicies(ctx context.Context, policies map[string]json.RawMessage) error {
	return c.post(ctx, "policies", policies, nil)
}

// Calls answers with the call log.
func (c Client) Calls(ctx context.Context) ([]Call, error) {
	body, err := c.do(ctx, http.MethodGet, "calls", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var calls []Call
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var call Call
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			return nil, fmt.Errorf("read the call log: %w", err)
		}
		calls = append(calls, call)
	}
	return calls, lines.Err()
}

// State answers with a dump of the whole world as JSON, in a stable order.
func (c Client) State(ctx context.Context) ([]byte, error) {
	body, err := c.do(ctx, http.MethodGet, "state", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func (c Client) post(ctx context.Context, path string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.decode(ctx, http.MethodPost, path, data, out)
}

func (c Client) get(ctx context.Context, path string, out any) error {
	return c.decode(ctx, http.MethodGet, path, nil, out)
}

func (c Client) decode(ctx context.Context, method, path string, in []byte, out any) error {
	body, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, body)
		return err
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("sandbox: %s: %w", path, err)
	}
	return nil
}

func (c Client) do(ctx context.Context, method, path string, in []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+"/sandbox/"+path, bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return nil, fmt.Errorf("%s", strings.TrimSpace(string(text)))
	}
	return resp.Body, nil
}
