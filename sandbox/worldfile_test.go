package sandbox_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

func TestAWorldThatIsWrittenDown(t *testing.T) {
	data, err := os.ReadFile("../examples/sandbox/world.yaml")
	require.NoError(t, err)
	file, err := sandbox.ReadWorld("world.yaml", data)
	require.NoError(t, err)
	w := startWith(t, sandbox.Config{Speed: fast, World: file})
	in := func(config aws.Config) aws.Config { config.Region = "eu-central-1"; return config }

	people, err := w.People(w.ctx)
	w.NoError(err)
	w.Len(people, 7, "those listed and the two administrators")
	w.Equal(sandbox.Person{Login: "left@example.com", Status: "DEPROVISIONED", Groups: []string{"Everyone", "aws-identity-center", "sagemaker-studio-users"}}, people[3])
	result, err := w.SignIn(w.ctx, sandbox.SignInInput{Login: "ada.lovelace@example.com"})
	w.NoError(err)
	w.Equal("saml", result.Link, "the app is assigned, and has no ACS URL yet")

	instances, err := ssoadmin.NewFromConfig(in(w.administrator())).ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
	w.NoError(err)
	w.Len(instances.Instances, 1)
	users, err := identitystore.NewFromConfig(in(w.administrator())).ListUsers(w.ctx, &identitystore.ListUsersInput{IdentityStoreId: instances.Instances[0].IdentityStoreId})
	w.NoError(err)
	w.Len(users.Users, 1)
	w.Empty(users.Users[0].ExternalIds)

	domains, err := sagemaker.NewFromConfig(in(w.studio())).ListDomains(w.ctx, &sagemaker.ListDomainsInput{})
	w.NoError(err)
	w.Len(domains.Domains, 1)
	w.Equal(smtypes.DomainStatusInService, domains.Domains[0].Status)
	profiles, err := sagemaker.NewFromConfig(in(w.studio())).ListUserProfiles(w.ctx, &sagemaker.ListUserProfilesInput{})
	w.NoError(err)
	w.Equal("shared-notebook", *profiles.UserProfiles[0].UserProfileName)
	w.Equal(smtypes.UserProfileStatusInService, profiles.UserProfiles[0].Status)
	vpcs, err := ec2.NewFromConfig(in(w.studio())).DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{})
	w.NoError(err)
	w.Len(vpcs.Vpcs, 1)
	w.True(*vpcs.Vpcs[0].IsDefault)
	subnets, err := ec2.NewFromConfig(in(w.studio())).DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{})
	w.NoError(err)
	w.Len(subnets.Subnets, 2)
	quota, err := servicequotas.NewFromConfig(in(w.studio())).GetServiceQuota(w.ctx, &servicequotas.GetServiceQuotaInput{
		ServiceCode: aws.String("sagemaker"), QuotaCode: aws.String("L-AC46C40F")})
	w.NoError(err)
	w.Equal(500.0, *quota.Quota.Value)
}

func TestWorldsThatMakeNoSense(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "world.yaml is empty",
		"regoin: eu-central-1":             "line 1: there is no field regoin here",
		"---\nseed: 1\n---\nseed: 2":       "one YAML document",
		"okta: {people: [{firstName: A}]}": `person "": a login is needed`,
		"okta: {people: [{login: a@example.com}, {login: a@example.com}]}":                                 "the login is there twice",
		"okta: {people: [{login: a@example.com, groups: [nowhere]}]}":                                      `there is no group "nowhere"`,
		"okta: {people: [{login: a@example.com, status: GONE}]}":                                           "there is no status GONE",
		"okta: {groups: [{name: a}, {name: a}]}":                                                           `groups[1]: the group name "a" is empty or there twice`,
		"okta: {generated: {people: 3}}":                                                                   "at least 60 people",
		"okta: {generated: {groups: 3}}":                                                                   "at least 4 groups",
		"okta: {apps: [{name: aws_sso, label: A}]}":                                                        "apps[0]: E0000007",
		"aws: {studio: {quotas: {users: 1}}}":                                                              `there is no quota "users"`,
		"aws: {studio: {vpcs: [{name: a, cidr: here}]}}":                                                   `vpcs[0]: cidr: "here"`,
		"aws: {studio: {domains: [{name: a, executionRole: b}]}}":                                          `domains[0]: executionRole: there is no role "b"`,
		"aws: {studio: {domains: [{name: a_b, executionRole: StudioOnboarding}]}}":                         "domains[0]: ValidationException",
		"aws: {management: {accountInstance: true}}":                                                       "the management account can't have an account instance",
		"aws: {identityCenter: {users: [{}]}}":                                                             "identityCenter: users[0]: Enter a user name",
		"aws: {identityCenter: {source: ldap}}":                                                            `source: there is no identity source "ldap"`,
		"aws: {identityCenter: {source: external}}":                                                        "source: external needs one of oktaApp and idp",
		"aws: {identityCenter: {oktaApp: A}}":                                                              "oktaApp: the source is identity-center",
		"aws: {identityCenter: {idp: {entityId: a}}}":                                                      "idp: the source is identity-center",
		"aws: {identityCenter: {source: external, idp: {}}}":                                               "idp.entityId: it is missing",
		"aws: {identityCenter: {source: external, oktaApp: A}}":                                            `oktaApp: there is no app "A"`,
		"aws: {identityCenter: {provisioning: {}}}":                                                        "provisioning: the source is identity-center",
		"aws: {identityCenter: {source: external, idp: {entityId: a}, provisioning: {tokens: 3}}}":         "provisioning.tokens: it is 3",
		"aws: {identityCenter: {additionalRegions: [us-east-1]}}":                                          `additionalRegions[0]: "us-east-1" is empty, the primary Region`,
		"aws: {identityCenter: {region: cn-north-1}}":                                                      "identityCenter: region: There is no Region cn-north-1 in the partition aws.",
		"aws: {identityCenter: {users: [{userName: a@example.com, groups: [b]}]}}":                         `users[0]: groups[0]: there is no group "b"`,
		"aws: {identityCenter: {permissionSets: [{name: A, assignments: [{account: a}]}]}}":                `permissionSets[0]: assignments[0]: account: there is no account "a"`,
		"aws: {identityCenter: {permissionSets: [{name: A, assignments: [{account: studio}]}]}}":           "permissionSets[0]: assignments[0]: one of group and user",
		"aws: {identityCenter: {permissionSets: [{name: A, assignments: [{account: studio, group: b}]}]}}": `permissionSets[0]: assignments[0]: group: there is no group "b"`,
		"aws: {identityCenter: {permissionSets: [{}]}}":                                                    `permissionSets[0]: name: "" is empty`,
		"aws: {identityCenter: {applications: [{name: a, status: OFF}]}}":                                  `applications[0]: status: "OFF" is neither`,
		"aws: {identityCenter: {applications: [{name: a, users: [b]}]}}":                                   `applications[0]: users[0]: there is no user "b"`,
		"okta: {apps: [{label: A, organization: mine}]}":                                                   `apps[0]: organization: there is no organization "mine"`,
		"okta: {apps: [{label: A, organization: this}]}":                                                   "apps[0]: organization: nobody has enabled Identity Center",
		"okta: {apps: [{label: A, organization: other, acsURL: b}]}":                                       "apps[0]: organization: acsURL and entityID",
		"okta: {apps: [{label: A, provisioning: true}]}":                                                   "apps[0]: provisioning: it is not enabled",
		"okta: {apps: [{label: A, pushGroups: [b]}]}":                                                      "apps[0]: pushGroups: provisioning is not set",
		"okta: {apps: [{label: A, groups: [b]}]}":                                                          `apps[0]: groups[0]: there is no group "b"`,
		"okta: {apps: [{label: A, status: OFF}]}":                                                          `apps[0]: status: there is no status "OFF"`,
	} {
		file, err := sandbox.ReadWorld("world.yaml", []byte(text))
		if err == nil {
			_, err = sandbox.New(sandbox.Config{BaseURL: "http://127.0.0.1", World: file})
		}
		require.ErrorContains(t, err, want, text)
	}
}

func TestGeneratedWorlds(t *testing.T) {
	w := startWith(t, sandbox.Config{Speed: fast, People: 200, Groups: 40, Seed: 7})
	people, err := w.People(w.ctx)
	w.NoError(err)
	w.Len(people, 200)
	groups := map[string]int{}
	for _, p := range people {
		for _, g := range p.Groups {
			groups[g]++
		}
	}
	w.Len(groups, 41, "forty, and Everyone")
	w.Greater(groups["team-36"], 3)
	w.Equal(200, groups["Everyone"])

	again, err := startWith(t, sandbox.Config{Speed: fast, People: 200, Groups: 40, Seed: 7}).People(w.ctx)
	w.NoError(err)
	w.Equal(people, again)
	other, err := startWith(t, sandbox.Config{Speed: fast, People: 200, Groups: 40, Seed: 8}).People(w.ctx)
	w.NoError(err)
	w.NotEqual(people, other)
}

func TestFaultScriptsThatMakeNoSense(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "faults.yaml is empty",
		"- {kind: thunder}":                    `fault 1: there is no kind of fault "thunder"`,
		"- {kind: error}\n- {knd: error}":      "line 2: there is no field knd here",
		"- {kind: error, rate: 2}":             "rate is 2",
		"- {kind: slow}":                       "slow needs a delay",
		"- {kind: error, delay: 1}":            "delay belongs to slow",
		"- {kind: error, times: -1}":           "must not be negative",
		`- {kind: error, operation: "[a-"}`:    "syntax error in pattern",
		`[{"kind": "error", "retryAfter": 1}]`: "retryAfter belongs to throttle",
	} {
		_, err := sandbox.ReadFaults("faults.yaml", []byte(text))
		require.ErrorContains(t, err, want, text)
	}
	faults, err := sandbox.ReadFaults("faults.yaml", []byte(strings.TrimSpace(`
- {service: sso, operation: "List*", kind: throttle, rate: 0.1, retryAfter: 2}
`)))
	require.NoError(t, err)
	require.Equal(t, []sandbox.Fault{{Service: "sso", Operation: "List*", Kind: sandbox.FaultThrottle, Rate: 0.1, RetryAfter: 2}}, faults)
}
