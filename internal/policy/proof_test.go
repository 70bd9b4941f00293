package policy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/activities"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/peoplefile"
	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/scim"
	"studio-onboarding/internal/secret"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// The printed policies are enough for a whole onboarding with everything that a spec can ask for, and nothing in them can be
// left out.
func TestThePrintedPoliciesAreEnoughAndNoneOfTheirActionsIsTooMuch(t *testing.T) {
	p := newProof(t)
	ctx := t.Context()
	spec := p.spec()
	tokenARN := p.secret("not-the-token-yet")
	permissions := policy.For(spec, policy.Options{Secret: tokenARN})
	p.printed = map[string]policy.Document{workerARN: permissions.Principals[0].Policy, studioARN: permissions.Principals[1].Policy}
	require.Equal(t, studioARN, permissions.Principals[1].Role)
	p.trust(*permissions.Principals[1].Trust)
	p.serviceApp(permissions.Okta)
	p.attach("")

	// Identity Center
	center := &activities.IdentityCenter{AWS: p.cloud, Waits: p.waits}
	where := always(activities.InstanceInput{IdentityCenter: spec.IdentityCenter, Region: region})
	var found activities.FindInstanceResult
	p.needs(step(center.FindInstance, where, &found), "organizations:DescribeOrganization", "sso:ListInstances")
	require.NoError(t, p.console.EnableIdentityCenter(ctx, sandbox.EnableIdentityCenterInput{Region: region}))
	var instance activities.Instance
	require.NoError(t, p.insist(step(center.AwaitInstance, where, &instance)))
	var evidence activities.SourceEvidence
	p.optional(step(center.FindSourceChange, where, &evidence), "cloudtrail:LookupEvents")

	// Okta and the SCIM token
	app := p.connect(spec, tokenARN)

	// The preflight only warns about these.
	preflight := &activities.Preflight{AWS: p.cloud, Okta: p.okta, Waits: p.waits}
	var checked activities.PreflightResult
	look := step(preflight.RunPreflight, always(activities.PreflightInput{Spec: spec}), &checked)
	refusal := func() error {
		if err := look(); err != nil {
			return err
		}
		for _, finding := range checked.Findings {
			if strings.Contains(finding.Message, "not authorized to perform") {
				return temporal.NewNonRetryableApplicationError(finding.Message, string(fault.Denied), nil)
			}
		}
		return nil
	}
	p.needs(refusal, "sso:DescribeInstance", "identitystore:DescribeIdentityStore")
	p.optional(look, "servicequotas:GetServiceQuota", "organizations:ListAWSServiceAccessForOrganization", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints",
		"iam:SimulatePrincipalPolicy")
	standard := &activities.Preflight{AWS: standardQuotas{p.cloud}, Okta: p.okta, Waits: p.waits}
	p.optional(step(standard.RunPreflight, always(activities.PreflightInput{Spec: spec}), &checked), "servicequotas:GetAWSDefaultServiceQuota")

	// The directory
	directory := &activities.Directory{AWS: p.cloud, Okta: p.okta, Waits: p.waits}
	directory.Waits.Settle = 3 * time.Second
	var compared activities.DirectoryResult
	p.needs(step(directory.CompareDirectory, always(activities.DirectoryInput{
		IdentityCenter: spec.IdentityCenter, Region: region, IdentityStoreID: instance.IdentityStoreID, AppID: app,
		AssignmentGroup: spec.Okta.AssignmentGroup, Groups: []string{"sagemaker-studio-ml", "sagemaker-studio-users"}, People: []string{"raj.iyer@example.com"},
	}), &compared), "identitystore:ListUsers", "identitystore:GetGroupId", "identitystore:ListGroupMemberships")

	domain, roles := p.studio(spec)
	p.access(spec, activities.AccessInput{
		Run: spec.Name, IdentityCenter: spec.IdentityCenter, Studio: spec.Studio, Region: region, InstanceARN: instance.ARN,
		IdentityStoreID: instance.IdentityStoreID, AppID: app, AssignmentGroup: spec.Okta.AssignmentGroup, Domain: domain, Access: spec.Access,
		Roles: roles, Tags: spec.Domain.Tags,
	})

	require.NoError(t, refusal(), "nothing that the preflight looks at is refused in the end")
	var printed []string
	for _, document := range p.printed {
		printed = append(printed, document.Actions()...)
	}
	for _, action := range printed {
		require.True(t, p.proven[action], "nothing shows that %s is needed: take it out of the policy, or show it here", action)
	}
	slices.Sort(printed)
	require.Len(t, p.proven, len(slices.Compact(printed)))
	p.holdsNoMore(domain)
	p.scopes(permissions.Okta)
}

// holdsNoMore tries what a whole SageMaker or IAM administrator could do.
func (p *proof) holdsNoMore(domain activities.Domain) {
	t, ctx := p.t, p.t.Context()
	cfg, err := p.cloud.Config(ctx, onboarding.AccountSpec{AssumeRole: studioARN}, region)
	require.NoError(t, err)
	roles, studio := iam.NewFromConfig(cfg), sagemaker.NewFromConfig(cfg)
	_, err = roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("Another"), AssumeRolePolicyDocument: aws.String(`{"Statement":[]}`)})
	require.ErrorContains(t, err, "not authorized to perform: iam:CreateRole on resource: arn:aws:iam::222222222222:role/Another")
	_, err = roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
		RoleName: aws.String("SageMakerStudio-ml"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	require.ErrorContains(t, err, "not authorized to perform: iam:AttachRolePolicy")
	name, user := "cleo", "edda.falk@example.com"
	_, err = studio.CreateUserProfile(ctx, &sagemaker.CreateUserProfileInput{
		DomainId: &domain.ID, UserProfileName: &name, SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &user,
		UserSettings: &sagemakertypes.UserSettings{ExecutionRole: aws.String("arn:aws:iam::222222222222:role/DataPlatformNotebooks")},
	})
	require.ErrorContains(t, err, "not authorized to perform: iam:PassRole")
	other := p.othersDomain()
	_, err = studio.DeleteDomain(ctx, &sagemaker.DeleteDomainInput{DomainId: &other})
	require.ErrorContains(t, err, "not authorized to perform: sagemaker:DeleteDomain on resource: arn:aws:sagemaker:us-east-1:222222222222:domain/"+other)
	elsewhere, err := p.cloud.Config(ctx, onboarding.AccountSpec{AssumeRole: studioARN}, "eu-west-1")
	require.NoError(t, err)
	_, err = sagemaker.NewFromConfig(elsewhere).DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &domain.ID})
	require.ErrorContains(t, err, "not authorized to perform: sagemaker:DescribeDomain")
}

// othersDomain is a domain that no run made.
func (p *proof) othersDomain() string {
	t, ctx := p.t, p.t.Context()
	cfg := p.config(sandbox.AsStudioAdministrator)
	subnets, err := ec2.NewFromConfig(cfg).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	require.NoError(t, err)
	made, err := sagemaker.NewFromConfig(cfg).CreateDomain(ctx, &sagemaker.CreateDomainInput{
		DomainName: aws.String("others"), AuthMode: sagemakertypes.AuthModeIam, VpcId: subnets.Subnets[0].VpcId, SubnetIds: []string{*subnets.Subnets[0].SubnetId},
		DefaultUserSettings: &sagemakertypes.UserSettings{ExecutionRole: aws.String("arn:aws:iam::222222222222:role/DataPlatformNotebooks")},
	})
	require.NoError(t, err)
	return aws.ToString(made.DomainId)
}

// scopes compares the printed scopes with the calls that Okta saw. Which call needs which scope is what Okta's OpenAPI
// specification says.
func (p *proof) scopes(printed policy.Okta) {
	needed := map[string]bool{}
	for _, call := range p.calls() {
		if call.Service != "okta" || strings.HasPrefix(call.Operation, "POST /oauth2/") {
			continue
		}
		require.NotEqual(p.t, http.StatusForbidden, call.Status, "%s", call.Operation)
		scopes := scopesOf(call.Operation)
		require.NotEmpty(p.t, scopes, "which scope does %s need?", call.Operation)
		for _, scope := range scopes {
			needed[scope] = true
		}
	}
	var names []string
	for _, scope := range printed.Scopes {
		names = append(names, scope.Name)
	}
	require.ElementsMatch(p.t, slices.Collect(maps.Keys(needed)), names)
}

func scopesOf(operation string) []string {
	method, path, _ := strings.Cut(operation, " ")
	rest, known := strings.CutPrefix(path, "/api/v1/")
	what, _, _ := strings.Cut(rest, "/")
	kind := ".read"
	if method != http.MethodGet {
		kind = ".manage"
	}
	switch {
	case !known:
		return nil
	case strings.Contains(rest, "/group-push/"):
		return []string{"okta.apps" + kind, "okta.groups" + kind}
	case slices.Contains([]string{"apps", "groups", "users", "logs"}, what):
		return []string{"okta." + what + kind}
	}
	return nil
}

// spec asks for everything.
func (p *proof) spec() onboarding.Spec {
	t := p.t
	client := ec2.NewFromConfig(p.config(sandbox.AsStudioAdministrator))
	subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	require.NoError(t, err)
	vpc := aws.ToString(subnets.Subnets[0].VpcId)
	groups, err := client.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{})
	require.NoError(t, err)
	i := slices.IndexFunc(groups.SecurityGroups, func(g ec2types.SecurityGroup) bool { return aws.ToString(g.VpcId) == vpc })
	spec, err := onboarding.DecodeSpec("spec.yaml", []byte(`
name: proof
region: us-east-1
okta:
  assignmentGroup: aws-identity-center
identityCenter:
  account: "111111111111"
studio:
  account: "222222222222"
  assumeRole: `+studioARN+`
domain:
  kmsKey: alias/studio
  homeFileSystem: enabled
  network:
    vpc: `+vpc+`
    subnets: [`+aws.ToString(subnets.Subnets[0].SubnetId)+`]
    securityGroups: [`+aws.ToString(groups.SecurityGroups[i].GroupId)+`]
    access: vpc-only
  tags:
    team: proof
access:
  groups:
    - name: sagemaker-studio-ml
      executionRole: SageMakerStudio-ml
    - name: sagemaker-studio-users
  people:
    - login: raj.iyer@example.com
  onRemoval: delete-profile
`))
	require.NoError(t, err)
	return spec
}

// secret puts a text into Secrets Manager, as whoever looks after secrets does.
func (p *proof) secret(text string) string {
	client := secretsmanager.NewFromConfig(p.config(sandbox.AsAdministrator))
	out, err := client.CreateSecret(p.t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("scim-token"), SecretString: &text})
	require.NoError(p.t, err)
	return aws.ToString(out.ARN)
}

// serviceApp lets the worker be a service app with the printed scopes.
func (p *proof) serviceApp(printed policy.Okta) {
	t := p.t
	var scopes []string
	for _, scope := range printed.Scopes {
		scopes = append(scopes, scope.Name)
	}
	app, err := p.console.CreateServiceApp(t.Context(), sandbox.CreateServiceAppInput{Label: "worker", Scopes: scopes, Role: "SUPER_ADMIN"})
	require.NoError(t, err)
	options := map[string]string{
		"OKTA_CLIENT_ORGURL": p.console.URL, "OKTA_TESTING_DISABLE_HTTPS_CHECK": "true", "OKTA_CLIENT_AUTHORIZATIONMODE": oktaorg.ModePrivateKey,
		"OKTA_CLIENT_CLIENTID": app.ClientID, "OKTA_CLIENT_SCOPES": strings.Join(scopes, ","),
		"OKTA_CLIENT_PRIVATEKEY": app.PrivateKey, "OKTA_CLIENT_PRIVATEKEYID": app.KeyID,
	}
	read, err := oktaorg.OptionsFromEnvironment(func(name string) string { return options[name] })
	require.NoError(t, err)
	p.okta, err = oktaorg.New(t.Context(), read)
	require.NoError(t, err)
}

// trust gives the Studio role the printed trust policy.
func (p *proof) trust(document policy.Document) {
	data, err := json.Marshal(document)
	require.NoError(p.t, err)
	_, err = iam.NewFromConfig(p.config(sandbox.AsStudioAdministrator)).UpdateAssumeRolePolicy(p.t.Context(), &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("StudioOnboarding"), PolicyDocument: aws.String(string(data)),
	})
	require.NoError(p.t, err)
}

// connect does the work at the consoles and in Okta, and lets people and groups come to Identity Center.
func (p *proof) connect(spec onboarding.Spec, tokenARN string) (app string) {
	t, ctx := p.t, p.t.Context()
	apps := &activities.App{Okta: p.okta, Waits: p.waits}
	var ensured activities.EnsureAppResult
	require.NoError(t, p.insist(step(apps.EnsureApp, always(activities.EnsureAppInput{Label: spec.Okta.AppLabel, Since: time.Now()}), &ensured)))
	app = ensured.App.ID
	var metadata activities.IdPMetadata
	require.NoError(t, p.insist(step(apps.FetchIdPMetadata, always(activities.AppInput{AppID: app}), &metadata)))
	provider, err := p.console.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata.XML})
	require.NoError(t, err)
	require.NoError(t, p.insist(step(apps.EstablishTrust, always(activities.TrustInput{AppID: app, ServiceProvider: activities.ServiceProvider{
		ACSURL: provider.ACSURL, Issuer: provider.IssuerURL, PortalURL: provider.PortalURL,
	}}), new(activities.TrustResult))))
	tenant, err := p.console.EnableProvisioning(ctx)
	require.NoError(t, err)

	// The secret was made before the token was; what matters is who may read it.
	at, err := url.Parse(p.console.URL)
	require.NoError(t, err)
	provisioning := &activities.Provisioning{Okta: p.okta, SCIM: &scim.Client{}, Waits: p.waits, PlainHTTPHost: at.Host,
		Secrets: secret.New(func(string) string { return "" }, p.cloud)}
	check := step(provisioning.CheckSCIM, always(activities.CheckSCIMInput{
		Region: region, Connection: activities.SCIMConnection{Endpoint: tenant.Endpoint, TokenRef: "aws-sm:" + tokenARN},
	}), new(activities.CheckSCIMResult))
	p.needs(func() error {
		if err := check(); strings.Contains(fmt.Sprint(err), "secretsmanager") {
			return err
		}
		return nil
	}, "secretsmanager:GetSecretValue")

	require.NoError(t, p.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
		AppID: app, BaseURL: strings.TrimRight(tenant.Endpoint, "/"), Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
	}))
	assign := activities.AssignInput{AppID: app, AssignmentGroup: spec.Okta.AssignmentGroup, People: []string{"raj.iyer@example.com"}}
	require.NoError(t, p.insist(step(provisioning.AssignGroups, always(assign), new(activities.AssignResult))))
	require.NoError(t, p.insist(step(provisioning.AwaitProvisioned, always(activities.AppInput{AppID: app}), new(activities.ProvisionedResult))))
	push := always(activities.PushInput{AppID: app, Groups: []string{"sagemaker-studio-ml", "sagemaker-studio-users"}})
	require.NoError(t, p.insist(step(provisioning.PushGroups, push, new(activities.PushResult))))
	require.NoError(t, p.insist(step(provisioning.AwaitPushed, push, new(activities.PushResult))))
	return app
}

// studio makes the roles and the domain, whose first creation fails.
func (p *proof) studio(spec onboarding.Spec) (activities.Domain, []activities.Role) {
	t := p.t
	studio := &activities.Studio{AWS: p.cloud, Waits: p.waits}
	var roles activities.RolesResult
	p.needs(step(studio.EnsureRoles, always(activities.RolesInput{
		Run: spec.Name, Studio: spec.Studio, Region: region, Roles: []string{spec.Domain.ExecutionRole, "SageMakerStudio-ml"}, Tags: spec.Domain.Tags,
	}), &roles), "sts:AssumeRole", "iam:GetRole", "iam:CreateRole", "iam:TagRole", "iam:ListAttachedRolePolicies", "iam:AttachRolePolicy")

	var network activities.Network
	p.needs(step(studio.ResolveNetwork, always(activities.NetworkInput{Studio: spec.Studio, Region: region, Network: spec.Domain.Network}), &network),
		"ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups")

	var domain activities.Domain
	ensure := step(studio.EnsureDomain, always(activities.DomainInput{
		Run: spec.Name, Studio: spec.Studio, Region: region, Domain: spec.Domain, ExecutionRoleARN: roles.Roles[0].ARN, Network: network,
	}), &domain)
	await := step(studio.AwaitDomain, func() activities.DomainRef {
		return activities.DomainRef{Run: spec.Name, Studio: spec.Studio, Region: region, ID: domain.ID}
	}, &domain)
	// All creations fail until the fault is taken away; what is denied comes before.
	require.NoError(t, p.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultFails}}))
	p.needs(ensure, "sagemaker:ListDomains", "sagemaker:CreateDomain", "sagemaker:AddTags", "kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt",
		"kms:GenerateDataKeyWithoutPlaintext", "elasticfilesystem:CreateFileSystem", "iam:PassRole", "iam:CreateServiceLinkedRole",
		"sagemaker:DescribeDomain", "sagemaker:ListTags")
	require.NoError(t, p.insist(await))
	require.Equal(t, "Failed", domain.Status)
	require.NoError(t, p.console.SetFaults(t.Context(), nil))
	failed := domain
	p.needs(step(studio.DeleteFailedDomain, always(activities.DomainRef{Run: spec.Name, Studio: spec.Studio, Region: region, ID: failed.ID}), new(activities.Domain)),
		"sagemaker:DeleteDomain")
	require.NoError(t, p.insist(ensure))
	require.NoError(t, p.insist(await))
	require.Equal(t, "InService", domain.Status)
	return domain, roles.Roles
}

// access lets people in, changes one, verifies, and takes one person out again.
func (p *proof) access(spec onboarding.Spec, in activities.AccessInput) {
	t := p.t
	// Somebody else made a profile, with the domain's role in place of the group's.
	name, user := "bo", "bo.lindqvist@example.com"
	_, err := sagemaker.NewFromConfig(p.config(sandbox.AsStudioAdministrator)).CreateUserProfile(t.Context(), &sagemaker.CreateUserProfileInput{
		DomainId: &in.Domain.ID, UserProfileName: &name, SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &user,
		Tags: []sagemakertypes.Tag{{Key: aws.String("made-by"), Value: aws.String("someone")}},
	})
	require.NoError(t, err)

	x := &activities.Access{AWS: p.cloud, Okta: p.okta, Waits: p.waits, People: peoplefile.Store{Dir: t.TempDir()}}
	var result activities.AccessResult
	p.needs(step(x.ConvergeAccess, always(in), &result), "sso:ListApplicationAssignments", "sagemaker:ListUserProfiles", "sagemaker:DescribeUserProfile",
		"sso:CreateApplicationAssignment", "sagemaker:UpdateUserProfile", "sagemaker:CreateUserProfile")
	require.Zero(t, result.ExceptionsTotal, "%v", result.Exceptions)
	var verified activities.VerifyResult
	require.NoError(t, p.insist(step(x.VerifyAccess, always(in), &verified)))
	require.Positive(t, verified.People.Ready)

	// A group that is assigned and not in the spec is called by its name.
	other := in
	other.Access.Groups = in.Access.Groups[1:]
	p.needs(step(x.VerifyAccess, always(other), &verified), "identitystore:DescribeGroup")

	// Optional for a run, and needed to explain one person.
	p.needs(step(x.ExplainPerson, always(activities.ExplainPersonInput{Access: in, Login: "bo.lindqvist@example.com"}), new(onboarding.PersonExplanation)),
		"identitystore:GetUserId", "identitystore:DescribeUser", "identitystore:ListGroupMembershipsForMember")

	left := in
	left.Access.People = nil
	p.needs(step(x.ConvergeAccess, always(left), &result), "sso:DeleteApplicationAssignment", "sagemaker:ListSpaces", "sagemaker:ListApps", "sagemaker:DeleteUserProfile")
	require.Equal(t, 1, result.ProfilesRemoved, "%+v", result)
}
