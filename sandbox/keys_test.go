package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smtypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"studio-onboarding/sandbox"
)

func TestKeys(t *testing.T) {
	w := start(t, fast)
	client := kms.NewFromConfig(w.studio())
	made, err := client.CreateKey(w.ctx, &kms.CreateKeyInput{Description: aws.String("ours"), Tags: []kmstypes.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}}})
	w.NoError(err)
	key := made.KeyMetadata
	_, err = client.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/ours"), TargetKeyId: key.KeyId})
	w.NoError(err)
	_, err = client.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/ours"), TargetKeyId: key.KeyId})
	w.Equal("AlreadyExistsException", code(err))
	for _, name := range []string{*key.KeyId, *key.Arn, "alias/ours", "arn:aws:kms:us-east-1:222222222222:alias/ours"} {
		described, err := client.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &name})
		w.NoError(err, name)
		w.Equal(*key.Arn, *described.KeyMetadata.Arn)
		w.Equal(kmstypes.KeyStateEnabled, described.KeyMetadata.KeyState)
		w.Equal(kmstypes.KeySpecSymmetricDefault, described.KeyMetadata.KeySpec)
	}
	var missing *kmstypes.NotFoundException
	_, err = client.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/nothing")})
	w.ErrorAs(err, &missing)
	aliases, err := client.ListAliases(w.ctx, &kms.ListAliasesInput{KeyId: key.KeyId})
	w.NoError(err)
	w.Len(aliases.Aliases, 1)
	policy, err := client.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: key.KeyId})
	w.NoError(err)
	w.Contains(*policy.Policy, "arn:aws:iam::222222222222:root")
	_, err = client.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: key.KeyId, Policy: aws.String(`{"Version":"2012-10-17","Statement":[]}`)})
	w.NoError(err)
	policy, err = client.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: key.KeyId})
	w.NoError(err)
	w.NotContains(*policy.Policy, "root")

	_, err = client.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: key.KeyId, PendingWindowInDays: aws.Int32(7)})
	w.NoError(err)
	_, err = client.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: key.KeyId})
	w.Equal("KMSInvalidStateException", code(err))
	_, err = client.CancelKeyDeletion(w.ctx, &kms.CancelKeyDeletionInput{KeyId: key.KeyId})
	w.NoError(err)
	described, err := client.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: key.KeyId})
	w.NoError(err)
	w.Equal(kmstypes.KeyStateDisabled, described.KeyMetadata.KeyState)

	_, err = kms.NewFromConfig(w.onboarder()).CreateKey(w.ctx, &kms.CreateKeyInput{})
	w.Equal("AccessDeniedException", code(err), "the worker may look at keys, and not make any")
}

func TestADomainTakesAnEnabledSymmetricKeyOnly(t *testing.T) {
	w := start(t, fast)
	w.enable()
	keys, client := kms.NewFromConfig(w.studio()), sagemaker.NewFromConfig(w.onboarder())
	rsa, err := keys.CreateKey(w.ctx, &kms.CreateKeyInput{KeySpec: kmstypes.KeySpecRsa2048, KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt})
	w.NoError(err)
	disabled, err := keys.CreateKey(w.ctx, &kms.CreateKeyInput{})
	w.NoError(err)
	_, err = keys.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: disabled.KeyMetadata.KeyId})
	w.NoError(err)
	input := w.domainInput("studio", "arn:aws:iam::222222222222:role/DataPlatformNotebooks")
	for key, says := range map[string]string{"alias/nothing": "does not exist", *rsa.KeyMetadata.KeyId: "symmetric", *disabled.KeyMetadata.Arn: "is in state Disabled"} {
		input.KmsKeyId = aws.String(key)
		_, err := client.CreateDomain(w.ctx, input)
		w.Equal("ValidationException", code(err))
		w.ErrorContains(err, says)
	}
	input.KmsKeyId = aws.String("alias/studio")
	_, err = client.CreateDomain(w.ctx, input)
	w.NoError(err)
}

func TestBuckets(t *testing.T) {
	w := start(t, fast)
	pathStyle := func(o *s3.Options) { o.UsePathStyle = true }
	client, name := s3.NewFromConfig(w.studio(), pathStyle), aws.String("shared-notebooks")
	_, err := client.HeadBucket(w.ctx, &s3.HeadBucketInput{Bucket: name})
	w.Equal("NotFound", code(err))
	_, err = client.CreateBucket(w.ctx, &s3.CreateBucketInput{Bucket: name})
	w.NoError(err)
	_, err = client.CreateBucket(w.ctx, &s3.CreateBucketInput{Bucket: name})
	w.Equal("BucketAlreadyOwnedByYou", code(err))
	head, err := s3.NewFromConfig(w.onboarder(), pathStyle).HeadBucket(w.ctx, &s3.HeadBucketInput{Bucket: name})
	w.NoError(err)
	w.Equal(region, *head.BucketRegion)
	_, err = s3.NewFromConfig(w.administrator(), pathStyle).HeadBucket(w.ctx, &s3.HeadBucketInput{Bucket: name})
	w.Equal("Forbidden", code(err), "it belongs to another account")
	w.NoError(w.SetFaults(w.ctx, []sandbox.Fault{{Service: "s3", Kind: sandbox.FaultDeny}}))
	_, err = client.HeadBucket(w.ctx, &s3.HeadBucketInput{Bucket: name})
	w.Equal("Forbidden", code(err))
	_, err = client.ListBuckets(w.ctx, &s3.ListBucketsInput{})
	w.Equal("NotImplemented", code(err))
	calls, err := w.Calls(w.ctx)
	w.NoError(err)
	w.Equal(http.StatusForbidden, calls[len(calls)-2].Status)
	w.Equal("HeadBucket", calls[len(calls)-2].Operation)
}

func TestWhatUpdateDomainRefuses(t *testing.T) {
	w := start(t, fast)
	w.enable()
	client := sagemaker.NewFromConfig(w.studio())
	domain := w.domain("studio")
	w.Equal(smtypes.TagPropagationDisabled, domain.TagPropagation, "also where nobody set it")
	id, vpc := domain.DomainId, domain.VpcId
	update := func(in sagemaker.UpdateDomainInput) error {
		in.DomainId = id
		_, err := client.UpdateDomain(w.ctx, &in)
		if err == nil {
			w.eventually(func() bool {
				described, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
				w.NoError(err)
				return described.Status == smtypes.DomainStatusInService
			}, "the update is done")
		}
		return err
	}
	w.ErrorContains(update(sagemaker.UpdateDomainInput{VpcId: vpc}), "VpcId can't be changed")
	w.ErrorContains(update(sagemaker.UpdateDomainInput{DefaultUserSettings: &smtypes.UserSettings{DefaultLandingUri: aws.String("studio::")}}), "StudioWebPortal")
	_, err := client.CreateSpace(w.ctx, &sagemaker.CreateSpaceInput{DomainId: id, SpaceName: aws.String("lab")})
	w.NoError(err)
	_, err = client.CreateApp(w.ctx, &sagemaker.CreateAppInput{DomainId: id, SpaceName: aws.String("lab"), AppType: smtypes.AppTypeJupyterLab, AppName: aws.String("default")})
	w.NoError(err)
	for _, refused := range []sagemaker.UpdateDomainInput{
		{AppNetworkAccessType: smtypes.AppNetworkAccessTypeVpcOnly},
		{SubnetIds: domain.SubnetIds[:1]},
		{DomainSettingsForUpdate: &smtypes.DomainSettingsForUpdate{ExecutionRoleIdentityConfig: smtypes.ExecutionRoleIdentityConfigUserProfileName}},
	} {
		err := update(refused)
		w.Equal("ValidationException", code(err))
		w.ErrorContains(err, "only while there are no Apps")
	}
	w.NoError(update(sagemaker.UpdateDomainInput{AppNetworkAccessType: smtypes.AppNetworkAccessTypePublicInternetOnly, SubnetIds: domain.SubnetIds}), "as it is")
	w.NoError(update(sagemaker.UpdateDomainInput{AppSecurityGroupManagement: smtypes.AppSecurityGroupManagementCustomer,
		DomainSettingsForUpdate: &smtypes.DomainSettingsForUpdate{TrustedIdentityPropagationSettings: &smtypes.TrustedIdentityPropagationSettings{Status: smtypes.FeatureStatusEnabled}}}))
	described, err := client.DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: id})
	w.NoError(err)
	w.Equal(smtypes.AppSecurityGroupManagementCustomer, described.AppSecurityGroupManagement)
	w.Equal(smtypes.FeatureStatusEnabled, described.DomainSettings.TrustedIdentityPropagationSettings.Status)
}
