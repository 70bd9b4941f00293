package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"studio-onboarding/sandbox"
)

// burst makes calls as fast as it can, and says how many were let through before the first throttled one, and its code.
func burst(call func() (code string)) (passed int, throttled string) {
	for range 200 {
		switch code := call(); code {
		case "ThrottlingException", "429":
			return passed, code
		default:
			passed++
		}
	}
	return passed, ""
}

func TestTheServicesThrottle(t *testing.T) {
	file, err := sandbox.ReadWorld("world.yaml", []byte("aws: {identityCenter: {}}"))
	w := startWith(t, sandbox.Config{Speed: 1, World: file, SageMakerRate: 3})
	w.NoError(err)
	e := w.provisioning()
	member, management := ssoadmin.NewFromConfig(w.studio()), ssoadmin.NewFromConfig(w.worker())
	list := func(client *ssoadmin.Client) func() string {
		return func() string {
			_, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
			return code(err)
		}
	}
	// A slow machine gets a few calls more through, because the buckets fill up meanwhile.
	passed, throttled := burst(list(management))
	w.Equal("ThrottlingException", throttled)
	w.GreaterOrEqual(passed, 20)
	w.Less(passed, 120)
	_, throttled = burst(func() string {
		_, err := management.DescribeApplication(w.ctx, &ssoadmin.DescribeApplicationInput{ApplicationArn: aws.String("arn:aws:sso::222222222222:application/ssoins-1111111111111111/apl-1111111111111111")})
		return code(err)
	})
	w.Equal("ThrottlingException", throttled, "all operations of a service share the rate")
	w.Empty(list(member)(), "another account has its own")

	passed, throttled = burst(func() string {
		_, err := identitystore.NewFromConfig(w.worker()).ListUsers(w.ctx, &identitystore.ListUsersInput{IdentityStoreId: aws.String("d-1111111111")})
		return code(err)
	})
	w.Equal("ThrottlingException", throttled)
	w.GreaterOrEqual(passed, 20)

	passed, throttled = burst(func() string {
		status, err := w.send(http.MethodGet, e.url+"/ServiceProviderConfig", "Bearer "+e.token, nil, nil)
		if status == "" {
			w.NoError(err)
		}
		return status
	})
	w.Equal("429", throttled)
	w.GreaterOrEqual(passed, 19) // the connection was tested before

	passed, throttled = burst(func() string {
		_, err := sagemaker.NewFromConfig(w.studio()).ListDomains(w.ctx, &sagemaker.ListDomainsInput{})
		return code(err)
	})
	w.Equal("ThrottlingException", throttled)
	w.GreaterOrEqual(passed, 3)
	w.Less(passed, 20)
}

func TestLimitsGrowWithTheSpeedAndCanBeSwitchedOff(t *testing.T) {
	for name, config := range map[string]sandbox.Config{"fast": {Speed: 1000}, "off": {Speed: 1, Unlimited: true}} {
		w := startWith(t, config)
		client := ssoadmin.NewFromConfig(w.worker())
		passed, throttled := burst(func() string {
			_, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
			return code(err)
		})
		w.Equal(200, passed, "%s: %s", name, throttled)
		if config.Unlimited {
			for range 110 { // Okta's bucket of the apps has 100 calls in a minute
				_, err := w.send(http.MethodGet, w.URL+"/api/v1/apps", w.okta(), nil, nil)
				w.NoError(err)
			}
		}
	}
}
