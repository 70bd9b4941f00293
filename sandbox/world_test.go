package sandbox_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// fast is a speed at which nothing takes longer than half a second.
const fast = 1000

const (
	region     = "us-east-1"
	studioRole = "arn:aws:iam::222222222222:role/StudioOnboarding"
	trust      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

// world is a running sandbox with its browser.
type world struct {
	*testing.T
	sandbox.Client
	*require.Assertions
	ctx context.Context
}

func start(t *testing.T, speed float64) world { return startWith(t, sandbox.Config{Speed: speed}) }

func startWith(t *testing.T, config sandbox.Config) world {
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return world{T: t, Client: sandbox.Client{URL: server.URL}, Assertions: require.New(t), ctx: t.Context()}
}

// as is the SDK configuration of a principal; it makes one attempt only, so that tests see every answer.
func (w world) as(principal string) aws.Config {
	environment, err := w.EnvironmentAs(w.ctx, principal)
	w.NoError(err)
	return w.signedBy(credentials.NewStaticCredentialsProvider(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], ""))
}

func (w world) signedBy(provider aws.CredentialsProvider) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(w.URL), Credentials: provider,
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func (w world) worker() aws.Config        { return w.as(sandbox.AsWorker) }
func (w world) administrator() aws.Config { return w.as(sandbox.AsAdministrator) }
func (w world) studio() aws.Config        { return w.as(sandbox.AsStudioAdministrator) }

// onboarder is the worker in its role in the Studio account.
func (w world) onboarder() aws.Config {
	return w.signedBy(aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(w.worker()), studioRole)))
}

// eventually waits for a condition.
func (w world) eventually(condition func() bool, what string) {
	w.Helper()
	w.Eventually(condition, 10*time.Second, 5*time.Millisecond, what)
}

// code is the error code that the SDK found in an answer.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// enable enables Identity Center and waits for the instance.
func (w world) enable() (instance, store string) {
	w.Helper()
	w.NoError(w.EnableIdentityCenter(w.ctx, sandbox.EnableIdentityCenterInput{Region: region}))
	return w.instance()
}

// instance waits for the organization instance.
func (w world) instance() (instance, store string) {
	w.Helper()
	client := ssoadmin.NewFromConfig(w.worker())
	w.eventually(func() bool {
		out, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
		w.NoError(err)
		if len(out.Instances) == 0 {
			return false
		}
		instance, store = *out.Instances[0].InstanceArn, *out.Instances[0].IdentityStoreId
		return true
	}, "the instance appears")
	return instance, store
}

// idpMetadata is metadata of an identity provider with a certificate of its own.
func (w world) idpMetadata() (metadata, certificate string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.NoError(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotAfter: time.Now().AddDate(10, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	w.NoError(err)
	certificate = base64.StdEncoding.EncodeToString(der)
	return `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor entityID="http://www.okta.com/exk1" xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + certificate + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://example.okta.com/app/amazon_aws_sso/exk1/sso/saml"/>
</md:IDPSSODescriptor></md:EntityDescriptor>`, certificate
}

// role makes an execution role. SageMaker can use it a little later.
func (w world) role(name string) string {
	w.Helper()
	out, err := iam.NewFromConfig(w.studio()).CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(trust)})
	w.NoError(err)
	return *out.Role.Arn
}

// domainInput is a domain in the default VPC, without a file system.
func (w world) domainInput(name, role string) *sagemaker.CreateDomainInput {
	vpc, subnets := w.defaultNetwork()
	return &sagemaker.CreateDomainInput{
		DomainName: aws.String(name), AuthMode: smtypes.AuthModeSso, VpcId: aws.String(vpc), SubnetIds: subnets,
		DefaultUserSettings:       &smtypes.UserSettings{ExecutionRole: aws.String(role)},
		HomeEfsFileSystemCreation: smtypes.HomeEfsFileSystemCreationDisabled,
	}
}

// domain makes a domain and waits until it is in service.
func (w world) domain(name string) *sagemaker.DescribeDomainOutput {
	w.Helper()
	client := sagemaker.NewFromConfig(w.studio())
	input := w.domainInput(name, w.role(name+"-role"))
	var id *string
	w.eventually(func() bool {
		out, err := client.CreateDomain(w.ctx, input)
		if err != nil {
			w.Equal("ValidationException", code(err))
			return false
		}
		id = out.DomainId
		return true
	}, "the role can be used")
	var described *sagemaker.DescribeDomainOutput
	w.eventually(func() bool {
		out, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
		w.NoError(err)
		described = out
		return out.Status == smtypes.DomainStatusInService
	}, "the domain is in service")
	return described
}

// decode reads JSON.
func (w world) decode(from io.Reader, into any) { w.NoError(json.NewDecoder(from).Decode(into)) }
