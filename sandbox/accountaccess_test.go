package sandbox_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/sandbox"
)

// user is the ID of an Identity Center user.
func (w world) user(store, name string) *string {
	w.Helper()
	out, err := identitystore.NewFromConfig(w.administrator()).GetUserId(w.ctx, &identitystore.GetUserIdInput{
		IdentityStoreId: &store, AlternateIdentifier: unique("userName", name)})
	w.NoError(err)
	return out.UserId
}

const managementID, studioID = "111111111111", "222222222222"

func TestPermissionSetsAndTheirAssignments(t *testing.T) {
	w := inUse(t, oktaInUse)
	arn, store := w.instance()
	instance := &arn
	for name, config := range map[string]aws.Config{"management": w.administrator(), "delegated administrator": w.studio(), "additional Region": w.administrator(), "worker": w.worker()} {
		if name == "additional Region" {
			config.Region = "eu-west-1"
		}
		client := ssoadmin.NewFromConfig(config)
		sets, err := client.ListPermissionSets(w.ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: instance})
		w.NoError(err, name)
		w.Len(sets.PermissionSets, 2)
		first, err := client.ListPermissionSets(w.ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: instance, MaxResults: aws.Int32(1)})
		w.NoError(err)
		rest, err := client.ListPermissionSets(w.ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: instance, NextToken: first.NextToken})
		w.NoError(err)
		w.Equal(sets.PermissionSets, append(first.PermissionSets, rest.PermissionSets...))
		administrator := &sets.PermissionSets[0]
		described, err := client.DescribePermissionSet(w.ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: instance, PermissionSetArn: administrator})
		w.NoError(err)
		w.Equal("Administrator", *described.PermissionSet.Name)
		accounts, err := client.ListAccountsForProvisionedPermissionSet(w.ctx, &ssoadmin.ListAccountsForProvisionedPermissionSetInput{InstanceArn: instance, PermissionSetArn: administrator})
		w.NoError(err)
		w.Equal([]string{managementID, studioID}, accounts.AccountIds)
		provisioned, err := client.ListPermissionSetsProvisionedToAccount(w.ctx, &ssoadmin.ListPermissionSetsProvisionedToAccountInput{InstanceArn: instance, AccountId: aws.String(studioID)})
		w.NoError(err)
		w.Equal([]string{*administrator}, provisioned.PermissionSets)
		assigned, err := client.ListAccountAssignments(w.ctx, &ssoadmin.ListAccountAssignmentsInput{InstanceArn: instance, PermissionSetArn: administrator, AccountId: aws.String(studioID)})
		w.NoError(err)
		w.Len(assigned.AccountAssignments, 2)
		w.Equal(ssotypes.PrincipalTypeGroup, assigned.AccountAssignments[0].PrincipalType)
		w.Equal(w.user(store, "bo@example.com"), assigned.AccountAssignments[1].PrincipalId)
		adas, err := client.ListAccountAssignmentsForPrincipal(w.ctx, &ssoadmin.ListAccountAssignmentsForPrincipalInput{
			InstanceArn: instance, PrincipalId: w.user(store, "ada@example.com"), PrincipalType: ssotypes.PrincipalTypeUser})
		w.NoError(err)
		w.Len(adas.AccountAssignments, 1)
		w.Equal(ssotypes.PrincipalTypeGroup, adas.AccountAssignments[0].PrincipalType, "by the group")
		applications, err := client.ListApplications(w.ctx, &ssoadmin.ListApplicationsInput{InstanceArn: instance})
		w.NoError(err)
		w.Len(applications.Applications, 3)
		w.Equal(ssotypes.ApplicationStatusDisabled, applications.Applications[2].Status)
		w.Equal(ssotypes.ApplicationVisibilityDisabled, applications.Applications[1].PortalOptions.Visibility)
		open, err := client.GetApplicationAssignmentConfiguration(w.ctx, &ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: applications.Applications[1].ApplicationArn})
		w.NoError(err)
		w.False(*open.AssignmentRequired)
		var missing *ssotypes.ResourceNotFoundException
		_, err = client.DescribePermissionSet(w.ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: instance, PermissionSetArn: aws.String(*administrator + "0")})
		w.Error(err)
		_, err = client.DescribePermissionSet(w.ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: instance,
			PermissionSetArn: aws.String((*administrator)[:len(*administrator)-16] + "0123456789abcdef")})
		w.ErrorAs(err, &missing)
	}
	plain := inUse(t, ownInUse)
	theirs, _ := plain.instance()
	_, err := ssoadmin.NewFromConfig(plain.studio()).ListPermissionSets(w.ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: &theirs})
	var refused *ssotypes.AccessDeniedException
	w.ErrorAs(err, &refused, "nobody is delegated there")
}

func TestAccountAssignmentsTakeTime(t *testing.T) {
	w := inUse(t, oktaInUse)
	arn, store := w.instance()
	instance, client := &arn, ssoadmin.NewFromConfig(w.administrator())
	sets, err := client.ListPermissionSets(w.ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: instance})
	w.NoError(err)
	input := &ssoadmin.CreateAccountAssignmentInput{
		InstanceArn: instance, PermissionSetArn: &sets.PermissionSets[1], TargetId: aws.String(studioID), TargetType: ssotypes.TargetTypeAwsAccount,
		PrincipalType: ssotypes.PrincipalTypeUser, PrincipalId: w.user(store, "ada@example.com"),
	}
	assignments := func() int {
		out, err := client.ListAccountAssignments(w.ctx, &ssoadmin.ListAccountAssignmentsInput{InstanceArn: instance, PermissionSetArn: input.PermissionSetArn, AccountId: input.TargetId})
		w.NoError(err)
		return len(out.AccountAssignments)
	}
	created := func(from *ssoadmin.CreateAccountAssignmentOutput) (status ssotypes.StatusValues, reason string) {
		w.eventually(func() bool {
			out, err := client.DescribeAccountAssignmentCreationStatus(w.ctx, &ssoadmin.DescribeAccountAssignmentCreationStatusInput{
				InstanceArn: instance, AccountAssignmentCreationRequestId: from.AccountAssignmentCreationStatus.RequestId})
			w.NoError(err)
			status, reason = out.AccountAssignmentCreationStatus.Status, aws.ToString(out.AccountAssignmentCreationStatus.FailureReason)
			return status != ssotypes.StatusValuesInProgress
		}, "the assignment is made")
		return status, reason
	}
	begun, err := client.CreateAccountAssignment(w.ctx, input)
	w.NoError(err)
	w.Equal(ssotypes.StatusValuesInProgress, begun.AccountAssignmentCreationStatus.Status)
	status, _ := created(begun)
	w.Equal(ssotypes.StatusValuesSucceeded, status)
	w.Equal(1, assignments())
	_, _, _, roles, _ := w.access()
	w.Equal(3, roles, "the account has the role")

	stranger := *input
	stranger.PrincipalId = aws.String("0123456789-11111111-2222-4333-8444-555555555555")
	begun, err = client.CreateAccountAssignment(w.ctx, &stranger)
	w.NoError(err)
	status, reason := created(begun)
	w.Equal(ssotypes.StatusValuesFailed, status)
	w.Contains(reason, "does not exist")

	gone, err := client.DeleteAccountAssignment(w.ctx, &ssoadmin.DeleteAccountAssignmentInput{
		InstanceArn: instance, PermissionSetArn: input.PermissionSetArn, TargetId: input.TargetId, TargetType: input.TargetType,
		PrincipalType: input.PrincipalType, PrincipalId: input.PrincipalId})
	w.NoError(err)
	w.eventually(func() bool {
		out, err := client.DescribeAccountAssignmentDeletionStatus(w.ctx, &ssoadmin.DescribeAccountAssignmentDeletionStatusInput{
			InstanceArn: instance, AccountAssignmentDeletionRequestId: gone.AccountAssignmentDeletionStatus.RequestId})
		w.NoError(err)
		return out.AccountAssignmentDeletionStatus.Status == ssotypes.StatusValuesSucceeded
	}, "the assignment is gone")
	w.Zero(assignments())

	var refused *ssotypes.AccessDeniedException
	delegated := *input
	delegated.TargetId = aws.String(managementID)
	_, err = ssoadmin.NewFromConfig(w.studio()).CreateAccountAssignment(w.ctx, &delegated)
	w.ErrorAs(err, &refused, "not for the management account")
	delegated.TargetId, delegated.PermissionSetArn = input.TargetId, &sets.PermissionSets[0]
	_, err = ssoadmin.NewFromConfig(w.studio()).CreateAccountAssignment(w.ctx, &delegated)
	w.ErrorAs(err, &refused, "not what the management account uses")
	_, err = client.CreateAccountAssignment(w.ctx, input, func(o *ssoadmin.Options) { o.Region = "eu-west-1" })
	var invalid *ssotypes.ValidationException
	w.ErrorAs(err, &invalid, "only in the primary Region")
}

func TestAnInstanceInSeveralRegions(t *testing.T) {
	w := inUse(t, oktaInUse)
	arn, store := w.instance()
	there := w.administrator()
	there.Region = "eu-west-1"
	client, directory := ssoadmin.NewFromConfig(there), identitystore.NewFromConfig(there)
	described, err := client.DescribeInstance(w.ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &arn})
	w.NoError(err)
	w.Equal(region, *described.PrimaryRegion)
	w.Len(described.Regions, 2)
	w.Equal(ssotypes.KmsKeyTypeCustomerManagedKey, described.EncryptionConfigurationDetails.KeyType)
	listed, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
	w.NoError(err)
	w.Len(listed.Instances[0].Regions, 2)
	regions, err := client.ListRegions(w.ctx, &ssoadmin.ListRegionsInput{InstanceArn: &arn, MaxResults: aws.Int32(1)})
	w.NoError(err)
	w.True(regions.Regions[0].IsPrimaryRegion)
	w.NotNil(regions.NextToken)
	one, err := client.DescribeRegion(w.ctx, &ssoadmin.DescribeRegionInput{InstanceArn: &arn, RegionName: aws.String("eu-west-1")})
	w.NoError(err)
	w.False(one.IsPrimaryRegion)
	w.Equal(ssotypes.RegionStatusActive, one.Status)
	var missing *ssotypes.ResourceNotFoundException
	_, err = client.DescribeRegion(w.ctx, &ssoadmin.DescribeRegionInput{InstanceArn: &arn, RegionName: aws.String("eu-west-2")})
	w.ErrorAs(err, &missing)
	users, err := directory.ListUsers(w.ctx, &identitystore.ListUsersInput{IdentityStoreId: &store})
	w.NoError(err)
	w.Len(users.Users, 3)
	_, err = directory.CreateGroup(w.ctx, &identitystore.CreateGroupInput{IdentityStoreId: &store, DisplayName: aws.String("new")})
	var invalid *idtypes.ValidationException
	w.ErrorAs(err, &invalid)

	applications, err := client.ListApplications(w.ctx, &ssoadmin.ListApplicationsInput{InstanceArn: &arn})
	w.NoError(err)
	_, err = client.CreateApplicationAssignment(w.ctx, &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: applications.Applications[0].ApplicationArn, PrincipalType: ssotypes.PrincipalTypeUser, PrincipalId: w.user(store, "ada@example.com")})
	w.NoError(err)

	studio := inUse(t, `
aws:
  identityCenter:
    region: eu-west-1
    additionalRegions: [us-east-1]
    users: [{userName: ada@example.com}]
  studio:
    roles: [{name: Notebooks}]
    domains: [{name: team, authMode: SSO, executionRole: Notebooks}]
`)
	result, err := studio.SignIn(w.ctx, sandbox.SignInInput{Login: "ada@example.com", Address: sandbox.AddressStudio})
	w.NoError(err)
	w.Equal("application", result.Link, "the domain in the additional Region has an application, to which nobody is assigned")
	domains, err := sagemaker.NewFromConfig(studio.studio()).ListDomains(w.ctx, &sagemaker.ListDomainsInput{})
	w.NoError(err)
	domain, err := sagemaker.NewFromConfig(studio.studio()).DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: domains.Domains[0].DomainId})
	w.NoError(err)
	sso := ssoadmin.NewFromConfig(studio.administrator())
	_, err = sso.PutApplicationAssignmentConfiguration(w.ctx, &ssoadmin.PutApplicationAssignmentConfigurationInput{
		ApplicationArn: domain.SingleSignOnApplicationArn, AssignmentRequired: aws.Bool(false)})
	w.NoError(err)
	w.Empty(studio.signsIn(sandbox.SignInInput{Login: "ada@example.com", Address: sandbox.AddressStudio}), "everybody is let in")
	off := true
	w.NoError(studio.ChangeAWS(w.ctx, sandbox.AWSSettings{DisableApplications: &off}))
	w.Equal("application", studio.signsIn(sandbox.SignInInput{Login: "ada@example.com", Address: sandbox.AddressStudio}), "but not into what is disabled")
}

func TestDelegatedAdministration(t *testing.T) {
	w := inUse(t, oktaInUse)
	for _, config := range []aws.Config{w.administrator(), w.studio()} {
		client := organizations.NewFromConfig(config)
		administrators, err := client.ListDelegatedAdministrators(w.ctx, &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: aws.String("sso.amazonaws.com")})
		w.NoError(err)
		w.Len(administrators.DelegatedAdministrators, 1)
		w.Equal(studioID, *administrators.DelegatedAdministrators[0].Id)
		services, err := client.ListDelegatedServicesForAccount(w.ctx, &organizations.ListDelegatedServicesForAccountInput{AccountId: aws.String(studioID)})
		w.NoError(err)
		w.Equal("sso.amazonaws.com", *services.DelegatedServices[0].ServicePrincipal)
		others, err := client.ListDelegatedAdministrators(w.ctx, &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: aws.String("ram.amazonaws.com")})
		w.NoError(err)
		w.Empty(others.DelegatedAdministrators)
	}
}
