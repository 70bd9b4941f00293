package policy_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/policy"
	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

func decoded(t *testing.T, more ...string) onboarding.Spec {
	t.Helper()
	return decodedIn(t, "us-east-1", more...)
}

func decodedIn(t *testing.T, region string, more ...string) onboarding.Spec {
	t.Helper()
	spec, err := specfile.Decode("spec.yaml", []byte("name: demo\nregion: "+region+"\nokta:\n  assignmentGroup: everybody\n"+strings.Join(more, "\n")))
	require.NoError(t, err)
	return spec
}

const (
	oneGroup  = "access:\n  groups:\n    - name: studio\n"
	onePerson = "access:\n  people:\n    - login: ann@example.com\n"
)

func actions(p policy.Principal) []string { return p.Policy.Actions() }

func statement(t *testing.T, document policy.Document, sid string) policy.Statement {
	t.Helper()
	i := slices.IndexFunc(document.Statement, func(s policy.Statement) bool { return s.Sid == sid })
	require.GreaterOrEqual(t, i, 0, sid)
	return document.Statement[i]
}

func TestASpecGetsWhatItNeedsAndNoMore(t *testing.T) {
	for name, tc := range map[string]struct {
		spec           []string
		options        policy.Options
		holds, without []string
	}{
		"role by name":    {spec: []string{oneGroup}, holds: []string{"iam:CreateRole", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"}, without: []string{"kms:CreateGrant", "iam:PutRolePolicy", "ec2:DescribeSecurityGroups", "secretsmanager:GetSecretValue", "sts:AssumeRole", "elasticfilesystem:CreateFileSystem"}},
		"role by ARN":     {spec: []string{oneGroup, "domain:\n  executionRole: arn:aws:iam::222222222222:role/Studio"}, options: policy.Options{Required: true}, holds: []string{"iam:PassRole", "iam:GetRole"}, without: []string{"iam:CreateRole", "iam:TagRole", "iam:AttachRolePolicy", "iam:ListAttachedRolePolicies", "iam:UpdateAssumeRolePolicy"}},
		"key":             {spec: []string{oneGroup, "domain:\n  kmsKey: alias/studio"}, holds: []string{"kms:CreateGrant", "iam:PutRolePolicy", "iam:GetRolePolicy", "iam:ListRolePolicies"}, without: []string{"elasticfilesystem:CreateFileSystem"}},
		"key and files":   {spec: []string{oneGroup, "domain:\n  kmsKey: alias/studio\n  homeFileSystem: enabled"}, holds: []string{"elasticfilesystem:CreateFileSystem"}},
		"key policy":      {spec: []string{oneGroup, "domain:\n  kmsKey: alias/studio"}, holds: []string{"kms:GetKeyPolicy", "sagemaker:UpdateDomain"}},
		"key, required":   {spec: []string{oneGroup, "domain:\n  kmsKey: alias/studio"}, options: policy.Options{Required: true}, without: []string{"kms:GetKeyPolicy"}},
		"quiet changes":   {spec: []string{oneGroup, "domain:\n  sourceIdentity: enabled"}, holds: []string{"sagemaker:ListApps"}},
		"sharing":         {spec: []string{oneGroup, "domain:\n  notebookSharing:\n    s3: s3://example-studio/shared\n    kmsKey: alias/shared"}, holds: []string{"s3:ListBucket", "kms:DescribeKey", "sagemaker:ListApps"}},
		"secret":          {spec: []string{oneGroup}, options: policy.Options{Secret: "arn:aws:secretsmanager:us-east-1:111111111111:secret:scim"}, holds: []string{"secretsmanager:GetSecretValue"}},
		"removal":         {spec: []string{oneGroup + "  onRemoval: delete-profile"}, holds: []string{"sagemaker:ListApps", "sagemaker:ListSpaces", "sso:DeleteApplicationAssignment"}},
		"revocation":      {spec: []string{oneGroup + "  onRemoval: revoke"}, holds: []string{"sagemaker:ListApps", "sagemaker:ListSpaces"}},
		"no removal":      {spec: []string{oneGroup + "  onRemoval: report"}, without: []string{"sso:DeleteApplicationAssignment", "sagemaker:ListApps"}},
		"first sign-in":   {spec: []string{oneGroup + "  profiles: first-sign-in"}, holds: []string{"sagemaker:UpdateUserProfile"}, without: []string{"sagemaker:CreateUserProfile"}},
		"vpc-only":        {spec: []string{oneGroup, "domain:\n  network:\n    vpc: vpc-1\n    subnets: [subnet-1]\n    securityGroups: [sg-1]\n    access: vpc-only"}, holds: []string{"ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints"}},
		"delegated":       {spec: []string{oneGroup}, options: policy.Options{Delegated: true, Required: true}, holds: []string{"organizations:ListDelegatedAdministrators"}},
		"optional":        {spec: []string{oneGroup}, holds: []string{"cloudtrail:LookupEvents", "servicequotas:GetServiceQuota", "sso:ListPermissionSets"}},
		"required only":   {spec: []string{oneGroup}, options: policy.Options{Required: true}, without: []string{"cloudtrail:LookupEvents", "servicequotas:GetServiceQuota", "identitystore:GetUserId", "sso:ListPermissionSets", "organizations:ListDelegatedAdministrators"}},
		"security groups": {spec: []string{oneGroup, "domain:\n  network:\n    vpc: vpc-1\n    subnets: [subnet-1]\n    securityGroups: [sg-1]"}, holds: []string{"ec2:DescribeSecurityGroups"}},
	} {
		t.Run(name, func(t *testing.T) {
			permissions := policy.For(decoded(t, tc.spec...), tc.options)
			require.Len(t, permissions.Principals, 1, "one principal for everything where no role is assumed")
			require.Equal(t, []string{policy.SideWorker, policy.SideIdentityCenter, policy.SideStudio}, permissions.Principals[0].Sides)
			held := actions(permissions.Principals[0])
			require.Subset(t, held, tc.holds)
			for _, action := range tc.without {
				require.NotContains(t, held, action)
			}
			for _, action := range held {
				require.NotContains(t, action, "*")
			}
		})
	}
}

func TestRolesAreOnePrincipalEach(t *testing.T) {
	const identity, studio = "arn:aws:iam::111111111111:role/Identity", "arn:aws:iam::222222222222:role/Studio"
	both := policy.For(decoded(t, oneGroup, "identityCenter:\n  assumeRole: "+identity, "studio:\n  assumeRole: "+studio),
		policy.Options{Worker: "arn:aws:iam::333333333333:role/Worker"}).Principals
	require.Len(t, both, 3)
	require.Equal(t, []string{"sts:AssumeRole"}, actions(both[0]))
	require.Equal(t, []string{identity, studio}, both[0].Policy.Statement[0].Resource)
	require.Equal(t, []string{"111111111111", "222222222222"}, []string{both[1].Account, both[2].Account})
	require.Contains(t, actions(both[1]), "sso:CreateApplicationAssignment")
	require.NotContains(t, actions(both[1]), "sagemaker:CreateDomain")
	require.Equal(t, "arn:aws:iam::333333333333:role/Worker", both[2].Trust.Statement[0].Principal["AWS"])

	same := policy.For(decoded(t, oneGroup, "identityCenter:\n  assumeRole: "+studio, "studio:\n  assumeRole: "+studio), policy.Options{}).Principals
	require.Len(t, same, 2)
	require.Equal(t, []string{policy.SideIdentityCenter, policy.SideStudio}, same[1].Sides)
	require.Equal(t, "ARN-OF-THE-WORKERS-PRINCIPAL", same[1].Trust.Statement[0].Principal["AWS"])

	known := policy.For(decoded(t, oneGroup, "identityCenter:\n  account: \"111111111111\"", "studio:\n  assumeRole: "+studio), policy.Options{}).Principals
	require.Equal(t, policy.WorkerPlaceholder, known[1].Trust.Statement[0].Principal["AWS"], "one principal, never a whole account")
}

func TestWhatIsLeftOpenIsSaid(t *testing.T) {
	const role = "studio:\n  assumeRole: arn:aws:iam::222222222222:role/Studio"
	notes := policy.For(decoded(t, oneGroup, role), policy.Options{}).Notes
	require.Len(t, notes, 1)
	require.Contains(t, notes[0], "in place of "+policy.WorkerPlaceholder)
	require.Empty(t, policy.For(decoded(t, oneGroup, role), policy.Options{Worker: "arn:aws:iam::111111111111:role/Worker"}).Notes)
	notes = policy.For(decoded(t, oneGroup), policy.Options{}).Notes
	require.Len(t, notes, 1)
	require.Contains(t, notes[0], "studio.account")
}

func TestPeopleCanBeAssignedToTheApplicationsOfTheStudioAccountAlone(t *testing.T) {
	assign := statement(t, policy.For(decoded(t, oneGroup, "studio:\n  account: \"222222222222\""), policy.Options{}).Principals[0].Policy, "Assign")
	require.Equal(t, []string{"arn:aws:sso::*:application/*"}, assign.Resource)
	require.Equal(t, map[string]map[string][]string{"StringEquals": {"sso:ApplicationAccount": {"222222222222"}}}, assign.Condition)
	require.Nil(t, statement(t, policy.For(decoded(t, oneGroup), policy.Options{}).Principals[0].Policy, "Assign").Condition)
}

func TestAReadOnlyPolicyHasNoActionThatWrites(t *testing.T) {
	for name, spec := range map[string][]string{
		"one account": {oneGroup + "  onRemoval: delete-profile", "domain:\n  kmsKey: alias/studio\n  homeFileSystem: enabled\n  tags:\n    team: x"},
		"roles":       {onePerson, "identityCenter:\n  assumeRole: arn:aws:iam::111111111111:role/Identity", "studio:\n  assumeRole: arn:aws:iam::222222222222:role/Studio"},
	} {
		t.Run(name, func(t *testing.T) {
			permissions := policy.For(decoded(t, spec...), policy.Options{ReadOnly: true, Delegated: true, Secret: "arn:aws:secretsmanager:us-east-1:111111111111:secret:scim"})
			for _, principal := range permissions.Principals {
				for _, action := range actions(principal) {
					_, verb, _ := strings.Cut(action, ":")
					require.Regexp(t, "^(Describe|Get|List|Lookup|Simulate|AssumeRole$)", verb)
					require.NotContains(t, []string{"secretsmanager:GetSecretValue"}, action)
				}
			}
			for _, scope := range permissions.Okta.Scopes {
				require.True(t, strings.HasSuffix(scope.Name, ".read"), scope.Name)
			}
		})
	}
}

func TestResourcesAreThoseOfTheSpec(t *testing.T) {
	spec := decodedIn(t, "cn-north-1", "access:\n  groups:\n    - name: studio\n      executionRole: Ml\n    - name: other\n      executionRole: arn:aws-cn:iam::222222222222:role/team/Own",
		"studio:\n  account: \"222222222222\"", "domain:\n  kmsKey: 11111111-2222-3333-4444-555555555555")
	document := policy.For(spec, policy.Options{}).Principals[0].Policy
	pass := statement(t, document, "PassExecutionRoles")
	require.Equal(t, []string{"arn:aws-cn:iam::222222222222:role/Ml", "arn:aws-cn:iam::222222222222:role/SageMakerStudio-demo", "arn:aws-cn:iam::222222222222:role/team/Own"}, pass.Resource)
	require.Equal(t, []string{"sagemaker.amazonaws.com"}, pass.Condition["StringEquals"]["iam:PassedToService"])
	require.NotContains(t, statement(t, document, "MakeExecutionRoles").Resource, "arn:aws-cn:iam::222222222222:role/team/Own")
	require.Equal(t, []string{"arn:aws-cn:sagemaker:cn-north-1:222222222222:domain/*"}, statement(t, document, "Domain").Resource)
	require.Equal(t, []string{"arn:aws-cn:kms:cn-north-1:222222222222:key/11111111-2222-3333-4444-555555555555"}, statement(t, document, "UseKey").Resource)

	open := policy.For(decoded(t, oneGroup), policy.Options{}).Principals[0].Policy
	require.Equal(t, []string{"arn:aws:iam::*:role/SageMakerStudio-demo"}, statement(t, open, "PassExecutionRoles").Resource)
}

func TestOktaScopesFollowTheSpec(t *testing.T) {
	names := func(grants []policy.Grant) []string {
		var all []string
		for _, grant := range grants {
			require.NotEmpty(t, grant.For)
			all = append(all, grant.Name)
		}
		return all
	}
	groups := policy.For(decoded(t, oneGroup), policy.Options{}).Okta
	require.ElementsMatch(t, []string{"okta.apps.manage", "okta.apps.read", "okta.groups.read", "okta.groups.manage", "okta.users.read", "okta.logs.read"}, names(groups.Scopes))
	require.Contains(t, names(groups.Roles), "Group Administrator")
	people := policy.For(decoded(t, onePerson), policy.Options{Required: true}).Okta
	require.ElementsMatch(t, []string{"okta.apps.manage", "okta.apps.read", "okta.groups.read", "okta.users.read"}, names(people.Scopes))
	require.NotContains(t, names(people.Roles), "Group Administrator")
}

// A managed policy has at most 6,144 characters without white space (IAM User Guide, "IAM and AWS STS quotas").
func TestTheLargestPolicyFits(t *testing.T) {
	spec := decoded(t, oneGroup+"  onRemoval: delete-profile", "domain:\n  kmsKey: alias/studio\n  homeFileSystem: enabled")
	data, err := json.Marshal(policy.For(spec, policy.Options{Delegated: true, Secret: "arn:aws:secretsmanager:us-east-1:111111111111:secret:scim"}).Principals[0].Policy)
	require.NoError(t, err)
	require.Less(t, len(data), 6144)
}
