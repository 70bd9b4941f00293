package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"studio-onboarding/sandbox"
)

func TestPartitions(t *testing.T) {
	for _, p := range []struct{ region, id, portal, acs, issuer, studio string }{
		{"us-east-1", "aws", "https://STORE.awsapps.com/start", "https://us-east-1.sso.signin.aws/platform/saml/acs/",
			"https://us-east-1.signin.aws.amazon.com/platform/saml/STORE", ".studio.us-east-1.sagemaker.aws"},
		{"cn-north-1", "aws-cn", "https://start.cn-north-1.home.awsapps.cn/directory/STORE", "https://cn-north-1.signin.amazonaws.cn/platform/saml/acs/",
			"https://cn-north-1.signin.amazonaws.cn/platform/saml/STORE", ".studio.cn-north-1.sagemaker.com.cn"},
		{"us-gov-west-1", "aws-us-gov", "https://start.us-gov-home.awsapps.com/directory/STORE", "https://us-gov-west-1.signin.amazonaws-us-gov.com/platform/saml/acs/",
			"https://us-gov-west-1.signin.amazonaws-us-gov.com/platform/saml/STORE", ".studio.us-gov-west-1.sagemaker.aws"},
		{"eusc-de-east-1", "aws-eusc", "https://INSTANCE.eusc-de-east-1.portal.amazonaws.eu", "https://eusc-de-east-1.signin.amazonaws.eu/platform/saml/acs/",
			"https://eusc-de-east-1.signin.amazonaws.eu/platform/saml/STORE", ".studio.eusc-de-east-1.sagemaker.amazonaws.eu"},
	} {
		t.Run(p.id, func(t *testing.T) {
			w := inUse(t, strings.NewReplacer("REGION", p.region, "PARTITION", p.id).Replace(`
region: REGION
okta: {apps: [{label: AWS, organization: this}]}
aws:
  identityCenter:
    users: [{userName: ada@example.com}]
    customerManagedKey: true
    permissionSets: [{name: Admin, assignments: [{account: studio, user: ada@example.com}]}]
    applications: [{name: wiki}]
  studio:
    roles: [{name: Notebooks, policies: ["arn:PARTITION:iam::aws:policy/AmazonSageMakerFullAccess"]}]
    domains: [{name: team, authMode: SSO, executionRole: Notebooks, profiles: [{name: ada, user: ada@example.com}]}]
`))
			in := func(config aws.Config) aws.Config { config.Region = p.region; return config }
			management, studio := in(w.administrator()), in(w.studio())
			sso, ctx := ssoadmin.NewFromConfig(management), w.ctx
			var answers []any
			see := func(answer any, err error) {
				t.Helper()
				w.NoError(err)
				answers = append(answers, answer)
			}
			instances, err := sso.ListInstances(ctx, &ssoadmin.ListInstancesInput{})
			see(instances, err)
			instance, store := instances.Instances[0].InstanceArn, *instances.Instances[0].IdentityStoreId
			applications, err := sso.ListApplications(ctx, &ssoadmin.ListApplicationsInput{InstanceArn: instance})
			see(applications, err)
			w.Len(applications.Applications, 2)
			sets, err := sso.ListPermissionSets(ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: instance})
			see(sets, err)
			providers, err := sso.ListApplicationProviders(ctx, &ssoadmin.ListApplicationProvidersInput{})
			see(providers, err)
			described, err := identitystore.NewFromConfig(management).DescribeIdentityStore(ctx, &identitystore.DescribeIdentityStoreInput{IdentityStoreId: &store})
			see(described, err)
			accounts, err := organizations.NewFromConfig(management).ListAccounts(ctx, &organizations.ListAccountsInput{})
			see(accounts, err)
			organization, err := organizations.NewFromConfig(management).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
			see(organization, err)
			roles, err := iam.NewFromConfig(studio).ListRoles(ctx, &iam.ListRolesInput{})
			see(roles, err)
			policies, err := iam.NewFromConfig(studio).ListPolicies(ctx, &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeAws})
			see(policies, err)
			w.NotEmpty(policies.Policies)
			own, err := iam.NewFromConfig(studio).CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("own"),
				PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`)})
			see(own, err)
			keys, err := kms.NewFromConfig(studio).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/studio")})
			see(keys, err)
			regions, err := ec2.NewFromConfig(studio).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
			see(regions, err)
			domains, err := sagemaker.NewFromConfig(studio).ListDomains(ctx, &sagemaker.ListDomainsInput{})
			see(domains, err)
			w.Contains(*domains.Domains[0].Url, p.studio)
			profile, err := sagemaker.NewFromConfig(studio).DescribeUserProfile(ctx, &sagemaker.DescribeUserProfileInput{DomainId: domains.Domains[0].DomainId, UserProfileName: aws.String("ada")})
			see(profile, err)
			worker := in(w.worker())
			caller, err := sts.NewFromConfig(worker).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			see(caller, err)
			w.Equal(sandbox.WorkerARNIn(p.region), *caller.Arn)
			worker.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(worker), "arn:"+p.id+":iam::222222222222:role/StudioOnboarding"))
			caller, err = sts.NewFromConfig(worker).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			see(caller, err)
			_, err = sagemaker.NewFromConfig(worker).ListDomains(ctx, &sagemaker.ListDomainsInput{})
			w.NoError(err)

			signedIn, err := w.SignIn(ctx, sandbox.SignInInput{Login: "ada@example.com", Address: sandbox.AddressPortal})
			w.NoError(err)
			expected := strings.NewReplacer("STORE", store, "INSTANCE", (*instance)[strings.LastIndex(*instance, "/")+1:])
			w.Equal(expected.Replace(p.portal), signedIn.URL)
			metadata, _ := w.idpMetadata()
			provider, err := w.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
			w.NoError(err)
			w.True(strings.HasPrefix(provider.ACSURL, p.acs), provider.ACSURL)
			w.Equal(expected.Replace(p.issuer), provider.IssuerURL)
			w.Equal(signedIn.URL, provider.PortalURL)
			var events *cloudtrail.LookupEventsOutput
			w.eventually(func() bool {
				events, err = cloudtrail.NewFromConfig(management).LookupEvents(ctx, &cloudtrail.LookupEventsInput{})
				w.NoError(err)
				return len(events.Events) >= 3
			}, "events are delivered")
			see(events, nil)

			state, err := w.State(ctx)
			w.NoError(err)
			seen := string(state)
			for _, answer := range answers {
				data, err := json.Marshal(answer)
				w.NoError(err)
				seen += string(data)
			}
			calls, err := w.Calls(ctx)
			w.NoError(err)
			seen = strings.ReplaceAll(seen+fmt.Sprint(calls), "%3A", ":") // IAM escapes documents
			w.Equal(strings.Count(seen, "arn:aws"), strings.Count(seen, "arn:"+p.id+":"), "every ARN is of the partition")
		})
	}
}
