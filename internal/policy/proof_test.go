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
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"studio-onboarding/activities"
	"studio-onboarding/activities/access"
	"studio-onboarding/activities/domain"
	"studio-onboarding/activities/health"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/network"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provisioning"
	"studio-onboarding/activities/signin"
	"studio-onboarding/activities/trust"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/scim"
	"studio-onboarding/internal/secret"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// The printed policies are enough for a whole onboarding with everything that a spec can ask for, and nothing in them can be
// left out.
func TestThePrintedPoliciesAreEnoughAndNoneOfTheirActionsIsTooMuch(t *testing.T) {
	p := newProof(t)
	spec := p.spec()
	tokenARN := p.secret("not-the-token-yet")
	// Notebook sharing is for domains with Studio Classic, which no new one has, so that it is only looked at.
	shared := spec
	shared.Domain.NotebookSharing = &onboarding.NotebookSharingSpec{S3: "s3://proof-notebooks/shared", KMSKey: "alias/studio"}
	p.bucket("proof-notebooks")
	permissions := policy.For(shared, policy.Options{Secret: tokenARN, Worker: workerARN})
	p.printed = map[string]policy.Document{workerARN: permissions.Principals[0].Policy, studioARN: permissions.Principals[1].Policy}
	require.Equal(t, studioARN, permissions.Principals[1].Role)
	p.trust(*permissions.Principals[1].Trust)
	p.serviceApp(permissions.Okta)
	p.attach("")

	// Identity Center
	center := &identitycenter.Activities{AWS: p.cloud, Waits: p.waits}
	where := always(identitycenter.InstanceInput{IdentityCenter: spec.IdentityCenter, Region: region})
	var found identitycenter.FindInstanceResult
	p.needs(step(center.FindInstance, where, &found), "organizations:DescribeOrganization", "sso:ListInstances")
	var instance identitycenter.Appeared
	require.NoError(t, p.insist(step(center.AwaitInstance, where, &instance)))
	var evidence identitycenter.SourceEvidence
	p.optional(step(center.FindSourceChange, where, &evidence), "cloudtrail:LookupEvents")

	// Okta and the SCIM token
	app := p.connect(spec, tokenARN)

	// The preflight only warns about these.
	preflight := &activities.Assessor{AWS: p.cloud, Okta: p.okta, Waits: p.waits}
	var checked onboarding.Assessment
	look := step(preflight.RunPreflight, always(activities.PreflightInput{Spec: shared}), &checked)
	refusal := func() error {
		if err := look(); err != nil {
			return err
		}
		for _, finding := range checked.Verdicts {
			if strings.Contains(finding.Reason, "not authorized to perform") {
				return temporal.NewNonRetryableApplicationError(finding.Reason, string(fault.Denied), nil)
			}
		}
		return nil
	}
	p.needs(refusal, "sso:DescribeInstance", "identitystore:DescribeIdentityStore")
	p.optional(look, "servicequotas:GetServiceQuota", "organizations:ListAWSServiceAccessForOrganization", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints",
		"iam:SimulatePrincipalPolicy", "kms:GetKeyPolicy", "s3:ListBucket", "identitystore:DescribeUser")
	p.optional(step(preflight.TakeSurvey, always(onboarding.SurveyInput{Spec: shared}), new(onboarding.Survey)), "identitystore:ListGroups",
		"sso:ListPermissionSets", "sso:DescribePermissionSet", "sso:ListAccountsForProvisionedPermissionSet", "sso:ListAccountAssignments",
		"sso:ListApplications", "sso:GetApplicationAssignmentConfiguration", "sso:ListRegions")
	standard := &activities.Assessor{AWS: standardQuotas{p.cloud}, Okta: p.okta, Waits: p.waits}
	p.optional(step(standard.RunPreflight, always(activities.PreflightInput{Spec: spec}), &checked), "servicequotas:GetAWSDefaultServiceQuota")

	// The directory
	directory := &people.Activities{AWS: p.cloud, Okta: p.okta, Waits: p.waits}
	directory.Waits.Settle = 3 * time.Second
	var compared people.DirectoryResult
	p.needs(step(directory.CompareDirectory, always(people.DirectoryInput{
		IdentityCenter: spec.IdentityCenter, Region: region, IdentityStoreID: instance.IdentityStoreID, AppID: app,
		AssignmentGroup: spec.Okta.AssignmentGroup, Groups: []string{"sagemaker-studio-ml", "sagemaker-studio-users"}, People: []string{"raj.iyer@example.com"},
	}), &compared), "identitystore:ListUsers", "identitystore:GetGroupId", "identitystore:ListGroupMemberships")

	studio, roles := p.studio(spec)
	p.access(spec, access.Input{
		Run: spec.Name, IdentityCenter: spec.IdentityCenter, Studio: spec.Studio, Region: region, InstanceARN: instance.ARN,
		IdentityStoreID: instance.IdentityStoreID, AppID: app, AssignmentGroup: spec.Okta.AssignmentGroup, Access: spec.Access,
		Domain: onboarding.DomainHandle{ID: studio.ID, ARN: studio.ARN, Name: studio.Name, URL: studio.URL, ApplicationARN: studio.ApplicationARN, Origin: studio.Origin},
		Roles:  roles, Tags: spec.Domain.Tags,
	})

	// What a reconcile looks at besides
	connection := &health.Activities{AWS: p.cloud, Okta: p.okta, SCIM: &scim.Client{}, Secrets: secret.New(nil, p.cloud)}
	var judged onboarding.Health
	p.optional(step(connection.JudgeConnection, always(health.Input{Handles: onboarding.Handles{
		Spec: spec, AppID: app, IdentityStoreID: instance.IdentityStoreID,
		Domain: onboarding.DomainHandle{ID: studio.ID, Name: studio.Name, ApplicationARN: studio.ApplicationARN},
	}}), &judged), "sso:DescribeApplication", "health:DescribeEvents")

	require.NoError(t, refusal(), "nothing that the preflight looks at is refused in the end")
	var printed []string
	for _, document := range p.printed {
		printed = append(printed, document.Actions()...)
	}
	slices.Sort(printed)
	printed = slices.Compact(printed)
	for _, action := range printed {
		require.True(t, p.proven[action], "nothing shows that %s is needed: take it out of the policy, or show it here", action)
	}
	require.Len(t, p.proven, len(printed))
	p.holdsNoMore(studio.ID, instance.ARN)
	p.scopes(permissions.Okta)
	p.reads(shared, policy.Options{})
}

// holdsNoMore tries what a whole SageMaker or IAM administrator could do.
func (p *proof) holdsNoMore(domainID, instanceARN string) {
	t, ctx := p.t, p.t.Context()
	cfg, err := p.cloud.Config(ctx, onboarding.AccountSpec{AssumeRole: studioARN}, region)
	require.NoError(t, err)
	cfg.APIOptions = nil // for AWS's own words
	roles, studio := iam.NewFromConfig(cfg), sagemaker.NewFromConfig(cfg)
	_, err = roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("Another"), AssumeRolePolicyDocument: aws.String(`{"Statement":[]}`)})
	require.ErrorContains(t, err, "not authorized to perform: iam:CreateRole on resource: arn:aws:iam::222222222222:role/Another")
	_, err = roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
		RoleName: aws.String("SageMakerStudio-ml"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	require.ErrorContains(t, err, "not authorized to perform: iam:AttachRolePolicy")
	name, user := "cleo", "edda.falk@example.com"
	_, err = studio.CreateUserProfile(ctx, &sagemaker.CreateUserProfileInput{
		DomainId: &domainID, UserProfileName: &name, SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &user,
		UserSettings: &sagemakertypes.UserSettings{ExecutionRole: aws.String("arn:aws:iam::222222222222:role/DataPlatformNotebooks")},
	})
	require.ErrorContains(t, err, "not authorized to perform: iam:PassRole")
	_, err = iam.NewFromConfig(p.config(sandbox.AsStudioAdministrator)).UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("StudioOnboarding"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
			`"Principal":{"AWS":"` + policy.WorkerPlaceholder + `"},"Action":"sts:AssumeRole"}]}`),
	})
	require.ErrorContains(t, err, "Invalid principal in policy", "the placeholder admits nobody")
	p.assignsNoOthers(instanceARN)
	other := p.othersDomain()
	_, err = studio.DeleteDomain(ctx, &sagemaker.DeleteDomainInput{DomainId: &other})
	require.ErrorContains(t, err, "not authorized to perform: sagemaker:DeleteDomain on resource: arn:aws:sagemaker:us-east-1:222222222222:domain/"+other)
	elsewhere, err := p.cloud.Config(ctx, onboarding.AccountSpec{AssumeRole: studioARN}, "eu-west-1")
	require.NoError(t, err)
	_, err = sagemaker.NewFromConfig(elsewhere).DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &domainID})
	require.ErrorContains(t, err, "not authorized to perform: sagemaker:DescribeDomain")
}

// assignsNoOthers tries to let somebody into an application of another account.
func (p *proof) assignsNoOthers(instanceARN string) {
	t, ctx := p.t, p.t.Context()
	made, err := ssoadmin.NewFromConfig(p.config(sandbox.AsAdministrator)).CreateApplication(ctx, &ssoadmin.CreateApplicationInput{
		ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom"), InstanceArn: &instanceARN, Name: aws.String("payroll"),
	})
	require.NoError(t, err)
	cfg, err := p.cloud.Config(ctx, onboarding.AccountSpec{}, region)
	require.NoError(t, err)
	cfg.APIOptions = nil
	_, err = ssoadmin.NewFromConfig(cfg).CreateApplicationAssignment(ctx, &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: made.ApplicationArn, PrincipalId: aws.String("906767c5f1-11111111-2222-3333-4444-555555555555"), PrincipalType: ssoadmintypes.PrincipalTypeUser,
	})
	require.ErrorContains(t, err, "not authorized to perform: sso:CreateApplicationAssignment on resource: "+aws.ToString(made.ApplicationArn))
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
	spec, err := specfile.Decode("spec.yaml", []byte(`
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
  guard:
    quarantine: 0s
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

// bucket makes a bucket in the Studio account.
func (p *proof) bucket(name string) {
	client := s3.NewFromConfig(p.config(sandbox.AsStudioAdministrator), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(p.t.Context(), &s3.CreateBucketInput{Bucket: &name})
	require.NoError(p.t, err)
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
	apps := &oktaapp.Activities{Okta: p.okta, Waits: p.waits}
	var ensured oktaapp.EnsureAppResult
	require.NoError(t, p.insist(step(apps.EnsureApp, always(oktaapp.EnsureAppInput{Label: spec.Okta.AppLabel, Since: time.Now()}), &ensured)))
	app = ensured.App.ID
	var metadata oktaapp.IdPMetadata
	require.NoError(t, p.insist(step(apps.FetchIdPMetadata, always(oktaapp.AppInput{AppID: app}), &metadata)))
	provider, err := p.console.ChangeIdentitySource(ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata.XML})
	require.NoError(t, err)
	trusting := &trust.Activities{Okta: p.okta, Waits: p.waits}
	require.NoError(t, p.insist(step(trusting.EstablishTrust, always(trust.TrustInput{AppID: app, ServiceProvider: trust.ServiceProvider{
		ACSURL: provider.ACSURL, Issuer: provider.IssuerURL, PortalURL: provider.PortalURL,
	}}), new(trust.TrustResult))))
	tenant, err := p.console.EnableProvisioning(ctx)
	require.NoError(t, err)

	// The secret was made before the token was; what matters is who may read it.
	at, err := url.Parse(p.console.URL)
	require.NoError(t, err)
	pushing := &provisioning.Activities{Okta: p.okta, SCIM: &scim.Client{}, Waits: p.waits, PlainHTTPHost: at.Host,
		Secrets: secret.New(func(string) string { return "" }, p.cloud)}
	check := step(pushing.CheckSCIM, always(provisioning.CheckSCIMInput{
		Region: region, Connection: provisioning.SCIMConnection{Endpoint: tenant.Endpoint, TokenRef: "aws-sm:" + tokenARN},
	}), new(provisioning.CheckSCIMResult))
	p.needs(func() error {
		if err := check(); strings.Contains(fmt.Sprint(err), "secretsmanager") {
			return err
		}
		return nil
	}, "secretsmanager:GetSecretValue")

	require.NoError(t, p.console.ConfigureProvisioning(ctx, sandbox.ConfigureProvisioningInput{
		AppID: app, BaseURL: strings.TrimRight(tenant.Endpoint, "/"), Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true,
	}))
	assign := provisioning.AssignInput{AppID: app, AssignmentGroup: spec.Okta.AssignmentGroup, People: []string{"raj.iyer@example.com"}}
	require.NoError(t, p.insist(step(pushing.AssignGroups, always(assign), new(provisioning.AssignResult))))
	require.NoError(t, p.insist(step(pushing.AwaitProvisioned, always(provisioning.AppInput{AppID: app}), new(provisioning.ProvisionedResult))))
	push := always(provisioning.PushInput{AppID: app, Groups: []string{"sagemaker-studio-ml", "sagemaker-studio-users"}})
	require.NoError(t, p.insist(step(pushing.PushGroups, push, new(provisioning.PushResult))))
	require.NoError(t, p.insist(step(pushing.AwaitPushed, push, new(provisioning.PushResult))))
	return app
}

// studio makes the roles and the domain, whose first creation fails, and changes the domain's settings and tags afterwards.
func (p *proof) studio(spec onboarding.Spec) (domain.Domain, []onboarding.RoleHandle) {
	t := p.t
	studio := &domain.Activities{AWS: p.cloud, Waits: p.waits}
	roles := p.roles(spec)
	place := &network.Activities{AWS: p.cloud}
	var found network.Network
	p.needs(step(place.ResolveNetwork, always(network.NetworkInput{
		Studio: spec.Studio, Region: region, Network: spec.Domain.Network, DomainName: spec.Domain.Name,
	}), &found), "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups")

	var made domain.Domain
	input := domain.Input{
		Run: spec.Name, Studio: spec.Studio, Region: region, Domain: spec.Domain, ExecutionRoleARN: roles.Roles[0].ARN,
		Network: domain.Network{VPC: found.VPC, Subnets: found.Subnets, SecurityGroups: found.SecurityGroups, Access: found.Access},
	}
	ensure := step(studio.EnsureDomain, func() domain.Input { return input }, &made)
	await := step(studio.AwaitDomain, func() domain.Ref {
		return domain.Ref{Run: spec.Name, Studio: spec.Studio, Region: region, ID: made.ID, Wanted: &input}
	}, &made)
	// All creations fail until the fault is taken away; what is denied comes before.
	require.NoError(t, p.console.SetFaults(t.Context(), []sandbox.Fault{{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultFails}}))
	p.needs(ensure, "sagemaker:ListDomains", "sagemaker:CreateDomain", "sagemaker:AddTags", "kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt",
		"kms:GenerateDataKeyWithoutPlaintext", "elasticfilesystem:CreateFileSystem", "iam:PassRole", "iam:CreateServiceLinkedRole",
		"sagemaker:DescribeDomain", "sagemaker:ListTags")
	require.NoError(t, p.insist(await))
	require.Equal(t, "Failed", made.Status)
	require.NoError(t, p.console.SetFaults(t.Context(), nil))
	failed := made
	p.needs(step(studio.DeleteFailedDomain, always(domain.Ref{Run: spec.Name, Studio: spec.Studio, Region: region, ID: failed.ID}), new(domain.Domain)),
		"sagemaker:DeleteDomain")
	require.NoError(t, p.insist(ensure))
	require.NoError(t, p.insist(await))
	require.Equal(t, "InService", made.Status)

	input.Domain.IdleShutdown, input.Domain.Tags = "3h", map[string]string{"team": "proof", "cost": "42"}
	p.needs(ensure, "sagemaker:UpdateDomain")
	require.NoError(t, p.insist(await))
	input.Domain = spec.Domain // as the run goes on with it
	require.NoError(t, p.insist(ensure))
	require.NoError(t, p.insist(await))
	var handles []onboarding.RoleHandle
	for _, one := range roles.Roles {
		handles = append(handles, onboarding.RoleHandle(one))
	}
	return made, handles
}

// access lets people in, changes one, verifies, and takes one person out again.
func (p *proof) access(spec onboarding.Spec, in access.Input) {
	t := p.t
	// Somebody else made a profile, with the domain's role in place of the group's.
	name, user := "bo", "bo.lindqvist@example.com"
	_, err := sagemaker.NewFromConfig(p.config(sandbox.AsStudioAdministrator)).CreateUserProfile(t.Context(), &sagemaker.CreateUserProfileInput{
		DomainId: &in.Domain.ID, UserProfileName: &name, SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: &user,
		Tags: []sagemakertypes.Tag{{Key: aws.String("made-by"), Value: aws.String("someone")}},
	})
	require.NoError(t, err)

	x := &access.Activities{AWS: p.cloud, Okta: p.okta, Waits: p.waits, People: storetest.New(t)}
	var result access.Result
	p.needs(step(x.ConvergeAccess, always(in), &result), "sso:ListApplicationAssignments", "sagemaker:ListUserProfiles", "sagemaker:DescribeUserProfile",
		"sso:CreateApplicationAssignment", "sagemaker:UpdateUserProfile", "sagemaker:CreateUserProfile")
	require.Zero(t, result.ExceptionsTotal, "%v", result.Exceptions)
	var verified access.VerifyResult
	require.NoError(t, p.insist(step(x.VerifyAccess, always(in), &verified)))
	require.Positive(t, verified.People.Ready)
	p.optional(step(x.VerifyAccess, always(in), &verified), "sso:GetApplicationAssignmentConfiguration")
	seen := &signin.Activities{AWS: p.cloud, Okta: p.okta, Waits: p.waits, Store: storetest.New(t)}
	p.optional(step(seen.FindSignIns, always(signin.Input{Studio: in.Run, IdentityCenter: in.IdentityCenter, Region: in.Region,
		InstanceARN: in.InstanceARN, IdentityStoreID: in.IdentityStoreID, AppID: in.AppID}), new(signin.Found)), "cloudtrail:LookupEvents")

	// A group that is assigned and not in the spec is called by its name.
	other := in
	other.Access.Groups = in.Access.Groups[1:]
	p.needs(step(x.VerifyAccess, always(other), &verified), "identitystore:DescribeGroup")

	// Optional for a run, and needed to explain one person.
	p.needs(step(x.ExplainPerson, always(access.ExplainInput{Access: in, Login: "bo.lindqvist@example.com"}), new(onboarding.PersonExplanation)),
		"identitystore:GetUserId", "identitystore:DescribeUser", "identitystore:ListGroupMembershipsForMember")

	left := in
	left.Access.People = nil
	p.needs(step(x.ConvergeAccess, always(left), &result), "sso:DeleteApplicationAssignment", "sagemaker:ListSpaces", "sagemaker:ListApps", "sagemaker:DeleteUserProfile")
	require.Equal(t, 1, result.ProfilesRemoved, "%+v", result)
}
