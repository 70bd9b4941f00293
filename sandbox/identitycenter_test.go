package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smantypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	sqtypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"studio-onboarding/sandbox"
)

func unique(path, value string) *idtypes.AlternateIdentifierMemberUniqueAttribute {
	return &idtypes.AlternateIdentifierMemberUniqueAttribute{Value: idtypes.UniqueAttribute{AttributePath: aws.String(path), AttributeValue: document.NewLazyDocument(value)}}
}

func TestTheOrganizationAndItsQuotas(t *testing.T) {
	w := start(t, fast)
	client := organizations.NewFromConfig(w.worker())
	described, err := client.DescribeOrganization(w.ctx, &organizations.DescribeOrganizationInput{})
	w.NoError(err)
	w.Equal("111111111111", *described.Organization.MasterAccountId)
	trusted := func() string {
		out, err := client.ListAWSServiceAccessForOrganization(w.ctx, &organizations.ListAWSServiceAccessForOrganizationInput{})
		w.NoError(err)
		names := ""
		for _, service := range out.EnabledServicePrincipals {
			names += *service.ServicePrincipal + " "
		}
		return names
	}
	w.NotContains(trusted(), "sso.amazonaws.com")
	w.enable()
	w.Contains(trusted(), "sso.amazonaws.com")

	quotas := servicequotas.NewFromConfig(w.onboarder())
	applied, err := quotas.GetServiceQuota(w.ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("sagemaker"), QuotaCode: aws.String("L-B683BCB0")})
	w.NoError(err)
	w.Equal("Total domains", *applied.Quota.QuotaName)
	var none *sqtypes.NoSuchResourceException
	spaces := aws.String("L-8E5333B4")
	_, err = quotas.GetServiceQuota(w.ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("sagemaker"), QuotaCode: spaces})
	w.ErrorAs(err, &none)
	standard, err := quotas.GetAWSDefaultServiceQuota(w.ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String("sagemaker"), QuotaCode: spaces})
	w.NoError(err)
	w.Positive(*standard.Quota.Value)
	listed, err := quotas.ListServiceQuotas(w.ctx, &servicequotas.ListServiceQuotasInput{ServiceCode: aws.String("sagemaker"), MaxResults: aws.Int32(1)})
	w.NoError(err)
	w.Len(listed.Quotas, 1)
	w.NotNil(listed.NextToken)
}

func TestSecrets(t *testing.T) {
	w := start(t, fast)
	client := secretsmanager.NewFromConfig(w.administrator())
	made, err := client.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String("scim/token"), SecretString: aws.String("hush")})
	w.NoError(err)
	for _, id := range []*string{made.ARN, made.Name} {
		got, err := secretsmanager.NewFromConfig(w.worker()).GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: id})
		w.NoError(err)
		w.Equal("hush", *got.SecretString)
	}
	var missing *smantypes.ResourceNotFoundException
	_, err = client.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("other")})
	w.ErrorAs(err, &missing)
	var exists *smantypes.ResourceExistsException
	_, err = client.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String("scim/token"), SecretString: aws.String("x")})
	w.ErrorAs(err, &exists)
	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	w.NotContains(fmt.Sprint(calls), "hush")
}

func TestTheInstanceIsEnabledInTheConsoleOnly(t *testing.T) {
	w := start(t, fast)
	client := ssoadmin.NewFromConfig(w.worker())
	none, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{RegionScope: ssotypes.RegionScopeAllRegions})
	w.NoError(err)
	w.Empty(none.Instances)
	_, err = ssoadmin.NewFromConfig(w.administrator()).CreateInstance(w.ctx, &ssoadmin.CreateInstanceInput{})
	var invalid *ssotypes.ValidationException
	w.ErrorAs(err, &invalid)
	w.Equal("Organization management account is not allowed to perform the operation.", *invalid.Message)

	instance, store := w.enable()
	w.ErrorContains(w.EnableIdentityCenter(w.ctx, sandbox.EnableIdentityCenterInput{Region: "eu-west-1"}), "already enabled in us-east-1")
	described, err := client.DescribeInstance(w.ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)})
	w.NoError(err)
	w.Equal("111111111111", *described.OwnerAccountId)
	w.Equal(region, *described.PrimaryRegion)
	w.Equal(ssotypes.InstanceStatusActive, described.Status)
	w.Equal(ssotypes.KmsKeyTypeAwsOwnedKmsKey, described.EncryptionConfigurationDetails.KeyType)
	regions, err := client.ListRegions(w.ctx, &ssoadmin.ListRegionsInput{InstanceArn: aws.String(instance)})
	w.NoError(err)
	w.True(regions.Regions[0].IsPrimaryRegion)

	elsewhere := func(o *ssoadmin.Options) { o.Region = "eu-west-1" }
	none, err = client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{}, elsewhere)
	w.NoError(err)
	w.Empty(none.Instances)
	all, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{RegionScope: ssotypes.RegionScopeAllRegions}, elsewhere)
	w.NoError(err)
	w.Len(all.Instances, 1)
	var missing *ssotypes.ResourceNotFoundException
	_, err = client.DescribeInstance(w.ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)}, elsewhere)
	w.ErrorAs(err, &missing)

	identity := identitystore.NewFromConfig(w.worker())
	directory, err := identity.DescribeIdentityStore(w.ctx, &identitystore.DescribeIdentityStoreInput{IdentityStoreId: aws.String(store)})
	w.NoError(err)
	w.False(*directory.NetworkConfiguration.VpceAccessRequired)
	var notThere *idtypes.ResourceNotFoundException
	_, err = identity.ListUsers(w.ctx, &identitystore.ListUsersInput{IdentityStoreId: aws.String("d-0123456789")})
	w.ErrorAs(err, &notThere)
	w.Equal(idtypes.ResourceTypeIdentityStore, notThere.ResourceType)
}

func TestAnAccountInstanceIsNotTheOrganizations(t *testing.T) {
	w := start(t, fast)
	client := ssoadmin.NewFromConfig(w.studio())
	made, err := client.CreateInstance(w.ctx, &ssoadmin.CreateInstanceInput{Name: aws.String("mine")})
	w.NoError(err)
	listed, err := client.ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
	w.NoError(err)
	w.Equal(*made.InstanceArn, *listed.Instances[0].InstanceArn)
	w.Equal("222222222222", *listed.Instances[0].OwnerAccountId)
	fromManagement, err := ssoadmin.NewFromConfig(w.worker()).ListInstances(w.ctx, &ssoadmin.ListInstancesInput{})
	w.NoError(err)
	w.Empty(fromManagement.Instances)
	var conflict *ssotypes.ConflictException
	_, err = client.CreateInstance(w.ctx, &ssoadmin.CreateInstanceInput{})
	w.ErrorAs(err, &conflict)
}

func TestTheIdentityStoreFindsPeople(t *testing.T) {
	w := start(t, fast)
	_, storeID := w.enable()
	store := aws.String(storeID)
	admin := identitystore.NewFromConfig(w.administrator())
	for i := range 5 {
		name := fmt.Sprintf("U%d@example.com", i)
		_, err := admin.CreateUser(w.ctx, &identitystore.CreateUserInput{
			IdentityStoreId: store, UserName: aws.String(name), DisplayName: aws.String("U"), Name: &idtypes.Name{GivenName: aws.String("U"), FamilyName: aws.String("U")},
			Emails: []idtypes.Email{{Value: aws.String(name), Primary: true}},
		})
		w.NoError(err)
	}
	var conflict *idtypes.ConflictException
	_, err := admin.CreateUser(w.ctx, &identitystore.CreateUserInput{
		IdentityStoreId: store, UserName: aws.String("u0@EXAMPLE.com"), DisplayName: aws.String("U"), Name: &idtypes.Name{GivenName: aws.String("U"), FamilyName: aws.String("U")}})
	w.ErrorAs(err, &conflict)
	w.Equal(idtypes.ConflictExceptionReasonUniquenessConstraintViolation, conflict.Reason)

	client := identitystore.NewFromConfig(w.worker())
	var names []string
	for pages := identitystore.NewListUsersPaginator(client, &identitystore.ListUsersInput{IdentityStoreId: store, MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		page, err := pages.NextPage(w.ctx)
		w.NoError(err)
		w.LessOrEqual(len(page.Users), 2)
		for _, u := range page.Users {
			names = append(names, *u.UserName)
			w.Empty(u.ExternalIds, "people who weren't provisioned have no external ID")
		}
	}
	w.Len(names, 5)
	for _, id := range []idtypes.AlternateIdentifier{unique("userName", "u3@example.com"), unique("emails.value", "U3@example.com")} {
		out, err := client.GetUserId(w.ctx, &identitystore.GetUserIdInput{IdentityStoreId: store, AlternateIdentifier: id})
		w.NoError(err)
		described, err := client.DescribeUser(w.ctx, &identitystore.DescribeUserInput{IdentityStoreId: store, UserId: out.UserId})
		w.NoError(err)
		w.Equal("U3@example.com", *described.UserName)
	}
	var missing *idtypes.ResourceNotFoundException
	_, err = client.GetUserId(w.ctx, &identitystore.GetUserIdInput{IdentityStoreId: store, AlternateIdentifier: unique("userName", "nobody@example.com")})
	w.ErrorAs(err, &missing)
	w.Equal(idtypes.ResourceTypeUser, missing.ResourceType)
	_, err = client.GetGroupId(w.ctx, &identitystore.GetGroupIdInput{IdentityStoreId: store, AlternateIdentifier: unique("displayName", "nobody")})
	w.ErrorAs(err, &missing)
	w.Equal(idtypes.ResourceTypeGroup, missing.ResourceType)
	_, err = client.ListUsers(w.ctx, &identitystore.ListUsersInput{IdentityStoreId: store, NextToken: aws.String("bogus")})
	w.Equal("ValidationException", code(err))
}

func TestAssignmentsLetUsersAndGroupsIn(t *testing.T) {
	w := start(t, 40)
	instance, store := w.enable()
	e := w.provisioning()
	direct, viaGroup := e.add("direct@example.com"), e.add("group@example.com")
	_, made := e.do("POST", "/Groups", object{"displayName": "studio", "members": []object{{"value": viaGroup}}})
	group := made["id"].(string)
	application := w.domain("studio").SingleSignOnApplicationArn
	client := ssoadmin.NewFromConfig(w.worker())
	assign := func(id string, kind ssotypes.PrincipalType) error {
		_, err := client.CreateApplicationAssignment(w.ctx, &ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: application, PrincipalId: aws.String(id), PrincipalType: kind})
		return err
	}
	described, err := client.DescribeApplication(w.ctx, &ssoadmin.DescribeApplicationInput{ApplicationArn: application})
	w.NoError(err)
	w.Equal("222222222222", *described.ApplicationAccount)
	w.Equal(instance, *described.InstanceArn)
	listed, err := ssoadmin.NewFromConfig(w.administrator()).ListApplications(w.ctx, &ssoadmin.ListApplicationsInput{
		InstanceArn: aws.String(instance), Filter: &ssotypes.ListApplicationsFilter{ApplicationAccount: aws.String("222222222222")}})
	w.NoError(err)
	w.Len(listed.Applications, 1)

	describe := func(id string) error {
		_, err := client.DescribeApplicationAssignment(w.ctx, &ssoadmin.DescribeApplicationAssignmentInput{ApplicationArn: application, PrincipalId: aws.String(id), PrincipalType: ssotypes.PrincipalTypeUser})
		return err
	}
	var missing *ssotypes.ResourceNotFoundException
	before := time.Now()
	w.NoError(assign(direct, ssotypes.PrincipalTypeUser))
	if err := describe(direct); time.Since(before) < 2*time.Second/40 {
		w.ErrorAs(err, &missing, "an assignment takes a moment to be seen")
	}
	w.NoError(assign(group, ssotypes.PrincipalTypeGroup))
	var conflict *ssotypes.ConflictException
	w.ErrorAs(assign(direct, ssotypes.PrincipalTypeUser), &conflict)
	w.ErrorAs(assign("9067642ac7-00000000-0000-4000-8000-000000000000", ssotypes.PrincipalTypeUser), &missing)

	w.eventually(func() bool { return describe(direct) == nil }, "the assignment is seen")
	w.ErrorAs(describe(viaGroup), &missing, "access through a group isn't an assignment")
	reach := func(id string) []ssotypes.ApplicationAssignmentForPrincipal {
		out, err := client.ListApplicationAssignmentsForPrincipal(w.ctx, &ssoadmin.ListApplicationAssignmentsForPrincipalInput{
			InstanceArn: aws.String(instance), PrincipalId: aws.String(id), PrincipalType: ssotypes.PrincipalTypeUser,
			Filter: &ssotypes.ListApplicationAssignmentsFilter{ApplicationArn: application}})
		w.NoError(err)
		return out.ApplicationAssignments
	}
	w.eventually(func() bool { return len(reach(viaGroup)) == 1 }, "the group's assignment reaches its member")
	w.Equal(group, *reach(viaGroup)[0].PrincipalId)

	count := 0
	for pages := ssoadmin.NewListApplicationAssignmentsPaginator(client, &ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: application, MaxResults: aws.Int32(1)}); pages.HasMorePages(); {
		page, err := pages.NextPage(w.ctx)
		w.NoError(err)
		count += len(page.ApplicationAssignments)
	}
	w.Equal(2, count)
	for range 2 {
		_, err = client.DeleteApplicationAssignment(w.ctx, &ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: application, PrincipalId: aws.String(direct), PrincipalType: ssotypes.PrincipalTypeUser})
		w.NoError(err, "deleting is idempotent")
	}
	w.Empty(reach(direct))

	identity := identitystore.NewFromConfig(w.worker())
	member := &idtypes.MemberIdMemberUserId{Value: viaGroup}
	of, err := identity.ListGroupMembershipsForMember(w.ctx, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: aws.String(store), MemberId: member})
	w.NoError(err)
	w.Equal(group, *of.GroupMemberships[0].GroupId)
	is, err := identity.IsMemberInGroups(w.ctx, &identitystore.IsMemberInGroupsInput{IdentityStoreId: aws.String(store), MemberId: member, GroupIds: []string{group}})
	w.NoError(err)
	w.True(is.Results[0].MembershipExists)
}

func TestUserProfiles(t *testing.T) {
	w := start(t, fast)
	w.enable()
	e := w.provisioning()
	for i := range 12 {
		e.add(fmt.Sprintf("u%d@example.com", i))
	}
	domain := w.domain("studio")
	id := domain.DomainId
	client := sagemaker.NewFromConfig(w.studio())
	create := func(name, user string) error {
		_, err := client.CreateUserProfile(w.ctx, &sagemaker.CreateUserProfileInput{
			DomainId: id, UserProfileName: aws.String(name), SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: aws.String(user)})
		return err
	}
	w.NoError(create("u0", "u0@example.com"), "nobody checks whether the user is assigned")
	w.ErrorContains(create("nobody", "nobody@example.com"), "does not exist")
	var inUse *smtypes.ResourceInUse
	w.ErrorAs(create("U0", "u1@example.com"), &inUse, "profile names have no case")
	w.ErrorAs(create("other", "U0@example.com"), &inUse, "one profile for each user")
	_, err := client.CreateUserProfile(w.ctx, &sagemaker.CreateUserProfileInput{DomainId: id, UserProfileName: aws.String("x")})
	w.Equal("ValidationException", code(err))
	describe := func(name string) (*sagemaker.DescribeUserProfileOutput, error) {
		return client.DescribeUserProfile(w.ctx, &sagemaker.DescribeUserProfileInput{DomainId: id, UserProfileName: aws.String(name)})
	}
	inService := func() bool {
		out, err := describe("U0")
		w.NoError(err)
		return out.Status == smtypes.UserProfileStatusInService
	}
	w.eventually(inService, "the profile is in service")
	role := aws.String("arn:aws:iam::222222222222:role/DataPlatformNotebooks")
	_, err = client.UpdateUserProfile(w.ctx, &sagemaker.UpdateUserProfileInput{DomainId: id, UserProfileName: aws.String("u0"), UserSettings: &smtypes.UserSettings{ExecutionRole: role}})
	w.NoError(err)
	w.eventually(inService, "the update is done")
	out, err := describe("u0")
	w.NoError(err)
	w.Equal(*role, *out.UserSettings.ExecutionRole)
	w.Equal("u0@example.com", *out.SingleSignOnUserValue)

	for i := 1; i < 12; i++ {
		w.NoError(create(fmt.Sprintf("u%d", i), fmt.Sprintf("u%d@example.com", i)))
	}
	first, err := client.ListUserProfiles(w.ctx, &sagemaker.ListUserProfilesInput{DomainIdEquals: id})
	w.NoError(err)
	w.Len(first.UserProfiles, 10, "the default page")
	rest, err := client.ListUserProfiles(w.ctx, &sagemaker.ListUserProfilesInput{DomainIdEquals: id, NextToken: first.NextToken})
	w.NoError(err)
	w.Len(rest.UserProfiles, 2)
	w.Nil(rest.NextToken)
	newest, err := client.ListUserProfiles(w.ctx, &sagemaker.ListUserProfilesInput{SortOrder: smtypes.SortOrderDescending, MaxResults: aws.Int32(1)})
	w.NoError(err)
	w.Equal("u11", *newest.UserProfiles[0].UserProfileName)

	_, err = client.DeleteDomain(w.ctx, &sagemaker.DeleteDomainInput{DomainId: id})
	w.ErrorAs(err, &inUse, "profiles go first")
	_, err = client.CreateSpace(w.ctx, &sagemaker.CreateSpaceInput{
		DomainId: id, SpaceName: aws.String("lab"), OwnershipSettings: &smtypes.OwnershipSettings{OwnerUserProfileName: aws.String("u0")},
		SpaceSharingSettings: &smtypes.SpaceSharingSettings{SharingType: smtypes.SharingTypePrivate}})
	w.NoError(err)
	_, err = client.CreateApp(w.ctx, &sagemaker.CreateAppInput{DomainId: id, SpaceName: aws.String("lab"), AppType: smtypes.AppTypeJupyterLab, AppName: aws.String("default")})
	w.NoError(err)
	apps, err := client.ListApps(w.ctx, &sagemaker.ListAppsInput{DomainIdEquals: id})
	w.NoError(err)
	w.Len(apps.Apps, 1)
	remove := func() error {
		_, err := client.DeleteUserProfile(w.ctx, &sagemaker.DeleteUserProfileInput{DomainId: id, UserProfileName: aws.String("u0")})
		return err
	}
	w.ErrorAs(remove(), &inUse, "apps and spaces go before the profile")
	_, err = client.DeleteApp(w.ctx, &sagemaker.DeleteAppInput{DomainId: id, SpaceName: aws.String("lab"), AppType: smtypes.AppTypeJupyterLab, AppName: aws.String("default")})
	w.NoError(err)
	w.eventually(func() bool {
		_, err := client.DeleteSpace(w.ctx, &sagemaker.DeleteSpaceInput{DomainId: id, SpaceName: aws.String("lab")})
		return err == nil
	}, "the app is gone, and the space with it")
	apps, err = client.ListApps(w.ctx, &sagemaker.ListAppsInput{DomainIdEquals: id})
	w.NoError(err)
	w.Equal(smtypes.AppStatusDeleted, apps.Apps[0].Status, "deleted apps stay in lists for a while")
	w.eventually(func() bool { return remove() == nil }, "nothing keeps the profile")
	w.eventually(func() bool { _, err := describe("u0"); return code(err) == "ResourceNotFound" }, "the profile is gone")
}

func TestTheConsoleChangesTheIdentitySource(t *testing.T) {
	w := start(t, fast)
	metadata, _ := w.idpMetadata()
	_, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
	w.ErrorContains(err, "not enabled")
	w.enable()
	_, err = w.EnableProvisioning(w.ctx)
	w.ErrorContains(err, "Change the identity source first")
	for _, broken := range []string{"", "<html/>", strings.Replace(metadata, "SingleSignOnService", "Other", 1), strings.Replace(metadata, "X509Certificate>MII", "X509Certificate>xxx", 1),
		metadata + strings.Repeat(" ", 75_000)} {
		_, err = w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: broken})
		w.ErrorContains(err, "metadata file")
	}
	values, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
	w.NoError(err)
	w.Regexp(`^https://us-east-1\.sso\.signin\.aws/platform/saml/acs/[0-9a-f-]{36}$`, values.ACSURL)
	w.Regexp(`^https://us-east-1\.signin\.aws\.amazon\.com/platform/saml/d-[0-9a-f]{10}$`, values.IssuerURL)
	w.Regexp(`^https://d-[0-9a-f]{10}\.awsapps\.com/start$`, values.PortalURL)
	w.Contains(values.Metadata, values.ACSURL)
	w.Contains(values.Metadata, `entityID="`+values.IssuerURL+`"`)
	again, err := w.ChangeIdentitySource(w.ctx, sandbox.ChangeIdentitySourceInput{Metadata: metadata})
	w.NoError(err)
	w.Equal(values.ACSURL, again.ACSURL)

	_, err = w.EnableProvisioning(w.ctx)
	w.NoError(err)
	w.ErrorContains(w.CreateUser(w.ctx, "late@example.com", "late@example.com"), "automatic provisioning")
	trail := cloudtrail.NewFromConfig(w.worker())
	w.eventually(func() bool {
		out, err := trail.LookupEvents(w.ctx, &cloudtrail.LookupEventsInput{LookupAttributes: []cttypes.LookupAttribute{
			{AttributeKey: cttypes.LookupAttributeKeyEventSource, AttributeValue: aws.String("sso-directory.amazonaws.com")}}, MaxResults: aws.Int32(50)})
		w.NoError(err)
		names := ""
		for _, event := range out.Events {
			w.True(json.Valid([]byte(*event.CloudTrailEvent)))
			names += *event.EventName + " "
		}
		return strings.HasPrefix(names, "CreateBearerToken CreateProvisioningTenant ") && strings.HasSuffix(names, "CreateExternalIdPConfigurationForDirectory ")
	}, "CloudTrail shows the console work, the newest first")
}
