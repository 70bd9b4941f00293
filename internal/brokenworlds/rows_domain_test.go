package brokenworlds

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

func (s *site) kms() *kms.Client { return kms.NewFromConfig(s.as(sandbox.AsStudioAdministrator)) }

// makeKey makes a KMS key in the Studio account, names it in the spec and answers with its ARN.
func (s *site) makeKey(spec kmstypes.KeySpec) string {
	out, err := s.kms().CreateKey(s.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt})
	require.NoError(s, err)
	s.spec.Domain.KMSKey = aws.ToString(out.KeyMetadata.Arn)
	return s.spec.Domain.KMSKey
}

// otherVPC gives the VPC that has no subnets one, and answers with both.
func (s *site) otherVPC() (vpc, subnet string) {
	_, _, _, vpc = s.place()
	client := ec2.NewFromConfig(s.as(sandbox.AsStudioAdministrator))
	vpcs, err := client.DescribeVpcs(s.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{vpc}})
	require.NoError(s, err)
	out, err := client.CreateSubnet(s.Context(), &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: vpcs.Vpcs[0].CidrBlock, AvailabilityZone: aws.String(region + "a")})
	require.NoError(s, err)
	return vpc, aws.ToString(out.Subnet.SubnetId)
}

// runApp starts an app in a space of the domain team, and stopApp stops it.
func (s *site) runApp() {
	id := s.domainID()
	_, err := s.sagemaker().CreateSpace(s.Context(), &sagemaker.CreateSpaceInput{DomainId: &id, SpaceName: aws.String("lab")})
	require.NoError(s, err)
	_, err = s.sagemaker().CreateApp(s.Context(), &sagemaker.CreateAppInput{
		DomainId: &id, SpaceName: aws.String("lab"), AppType: sagemakertypes.AppTypeJupyterLab, AppName: aws.String("default"),
	})
	require.NoError(s, err)
	s.untilApps(id, sagemakertypes.AppStatusInService)
}

func (s *site) stopApp() {
	id := s.domainID()
	_, err := s.sagemaker().DeleteApp(s.Context(), &sagemaker.DeleteAppInput{
		DomainId: &id, SpaceName: aws.String("lab"), AppType: sagemakertypes.AppTypeJupyterLab, AppName: aws.String("default"),
	})
	require.NoError(s, err)
	s.untilApps(id, sagemakertypes.AppStatusDeleted)
}

// untilApps waits until all apps of a domain have a status.
func (s *site) untilApps(id string, status sagemakertypes.AppStatus) {
	require.Eventually(s, func() bool {
		out, err := s.sagemaker().ListApps(s.Context(), &sagemaker.ListAppsInput{DomainIdEquals: &id})
		require.NoError(s, err)
		for _, app := range out.Apps {
			if app.Status != status {
				return false
			}
		}
		return true
	}, 20*time.Second, 20*time.Millisecond)
}

func (s *site) domainID() string {
	out, err := s.sagemaker().ListDomains(s.Context(), &sagemaker.ListDomainsInput{})
	require.NoError(s, err)
	require.Len(s, out.Domains, 1)
	return aws.ToString(out.Domains[0].DomainId)
}

// domains are worlds in which a field of the spec cannot be had for the domain.
func domains() []row {
	vpcOnly := func(n *onboarding.NetworkSpec, _ string, _ []string, _, _ string) {
		n.Access = onboarding.NetworkVPCOnly
	}
	return []row{
		{
			world: "the KMS key is disabled",
			breaks: func(s *site) {
				s.ids["key"] = s.makeKey(kmstypes.KeySpecSymmetricDefault)
				_, err := s.kms().DisableKey(s.Context(), &kms.DisableKeyInput{KeyId: aws.String(s.ids["key"])})
				require.NoError(s, err)
			},
			check: "domain-kms-key", kind: onboarding.VerdictBlocked, says: []string{"KMS key", "Disabled", "domain.kmsKey"},
			stops: onboarding.StepDomain, stop: []string{"KMS key", "Disabled", "domain.kmsKey"},
			repair: func(s *site) {
				_, err := s.kms().EnableKey(s.Context(), &kms.EnableKeyInput{KeyId: aws.String(s.ids["key"])})
				require.NoError(s, err)
			}, fix: "enable the key",
		},
		{
			world:  "the KMS key is asymmetric",
			breaks: func(s *site) { s.makeKey(kmstypes.KeySpecRsa2048) },
			check:  "domain-kms-key", kind: onboarding.VerdictBlocked, says: []string{"RSA_2048", "symmetric", "domain.kmsKey"},
			stops: onboarding.StepDomain, stop: []string{"RSA_2048", "symmetric", "domain.kmsKey"},
			respec: func(s *site) { s.makeKey(kmstypes.KeySpecSymmetricDefault) }, fix: "name a symmetric key in the spec, and start again",
		},
		{
			world:  "the KMS key does not exist",
			breaks: func(s *site) { s.spec.Domain.KMSKey = "alias/not-there-yet" },
			check:  "domain-kms-key", kind: onboarding.VerdictBlocked, says: []string{"alias/not-there-yet", region, "domain.kmsKey"},
			stops: onboarding.StepDomain, stop: []string{"alias/not-there-yet", region, "domain.kmsKey"},
			repair: func(s *site) {
				out, err := s.kms().CreateKey(s.Context(), &kms.CreateKeyInput{})
				require.NoError(s, err)
				_, err = s.kms().CreateAlias(s.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/not-there-yet"), TargetKeyId: out.KeyMetadata.KeyId})
				require.NoError(s, err)
			}, fix: "create the key with that alias",
		},
		{
			world: "notebooks are to be shared in a new domain",
			breaks: func(s *site) {
				s.spec.Domain.NotebookSharing = &onboarding.NotebookSharingSpec{S3: "s3://example-notebooks/shared"}
			},
			check: "domain-notebook-sharing", kind: onboarding.VerdictBlocked, says: []string{"Studio Classic", "domain.notebookSharing"},
			stops: onboarding.StepDomain, stop: []string{"Studio Classic", "domain.notebookSharing"},
			respec: func(s *site) { s.spec.Domain.NotebookSharing = nil }, fix: "take it out of the spec, and start again",
		},
		{
			world: "the domain of that name is in another VPC",
			breaks: func(s *site) {
				s.enable(region)
				s.makeDomain("team", sagemakertypes.AuthModeSso)
				vpc, subnet := s.otherVPC()
				s.spec.Domain.Network = onboarding.NetworkSpec{VPC: vpc, Subnets: []string{subnet}, Access: onboarding.NetworkPublic}
			},
			check: "domain", kind: onboarding.VerdictBlocked, says: []string{"cannot be moved", "domain.network", "domain.name"},
			stops: onboarding.StepDomain, stop: []string{"cannot be moved", "domain.network", "domain.name"},
			respec: (*site).soundNetwork, fix: "correct the spec, and start again",
		},
		{
			world: "network access is to change while an app runs",
			breaks: func(s *site) {
				s.enable(region)
				s.makeDomain("team", sagemakertypes.AuthModeSso)
				s.runApp()
				s.network(vpcOnly)
			},
			check: "domain-network-access", kind: onboarding.VerdictBlocked, says: []string{"network access", onboarding.NetworkVPCOnly, "lab", "stopped"},
			stops: onboarding.StepDomain, stop: []string{"network access", onboarding.NetworkVPCOnly, "lab", "stopped"},
			repair: (*site).stopApp, fix: "have the app stopped",
		},
	}
}
