package agreement

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
)

// changesOfDomainSettings are those of what Studio looks like and what it costs.
func changesOfDomainSettings() []specChange {
	change := func(field, from, to string, first, then values, seen string, proof func(*site, *sagemaker.DescribeDomainOutput)) specChange {
		return specChange{field: field, from: from, to: to, first: first, then: then, happens: "changed in place",
			seen:  "SageMaker: `" + seen + "`",
			proof: func(s *site) { proof(s, s.described()) }}
	}
	return []specChange{
		change("domain.idleShutdown", "–", "3h", nil, values{"domain.idleShutdown": "3h"}, "IdleSettings.IdleTimeoutInMinutes",
			func(s *site, d *sagemaker.DescribeDomainOutput) {
				idle := d.DefaultUserSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings
				require.Equal(s, sagemakertypes.LifecycleManagementEnabled, idle.LifecycleManagement)
				require.EqualValues(s, 180, aws.ToInt32(idle.IdleTimeoutInMinutes))
			}),
		change("domain.idleShutdown", "2h", "disabled", values{"domain.idleShutdown": "2h"}, values{"domain.idleShutdown": "disabled"},
			"IdleSettings.LifecycleManagement", func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, sagemakertypes.LifecycleManagementDisabled,
					d.DefaultUserSettings.CodeEditorAppSettings.AppLifecycleManagement.IdleSettings.LifecycleManagement)
			}),
		change("domain.instanceTypes", "–", "ml.t3.medium", nil, values{"domain.instanceTypes": []string{"ml.t3.medium"}},
			"StudioWebPortalSettings.HiddenInstanceTypes", func(s *site, d *sagemaker.DescribeDomainOutput) {
				hidden := d.DefaultUserSettings.StudioWebPortalSettings.HiddenInstanceTypes
				require.NotEmpty(s, hidden)
				require.NotContains(s, hidden, sagemakertypes.AppInstanceTypeMlT3Medium)
			}),
		change("domain.hiddenApps", "–", "Canvas", nil, values{"domain.hiddenApps": []string{"Canvas"}},
			"StudioWebPortalSettings.HiddenAppTypes", func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, []sagemakertypes.AppType{sagemakertypes.AppTypeCanvas}, d.DefaultUserSettings.StudioWebPortalSettings.HiddenAppTypes)
			}),
		change("domain.spaceStorage.default", "–", "10 (maximum 100)", nil, values{"domain.spaceStorage.default": 10,
			"domain.spaceStorage.maximum": 100},
			"SpaceStorageSettings", func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.EqualValues(s, 10, aws.ToInt32(d.DefaultUserSettings.SpaceStorageSettings.DefaultEbsStorageSettings.DefaultEbsVolumeSizeInGb))
			}),
		change("domain.spaceStorage.maximum", "100", "200", values{"domain.spaceStorage.default": 10, "domain.spaceStorage.maximum": 100},
			values{"domain.spaceStorage.maximum": 200}, "SpaceStorageSettings", func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.EqualValues(s, 200, aws.ToInt32(d.DefaultUserSettings.SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb))
			}),
		change("domain.sourceIdentity", "–", "enabled", nil, values{"domain.sourceIdentity": "enabled"},
			"DomainSettings.ExecutionRoleIdentityConfig", func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, sagemakertypes.ExecutionRoleIdentityConfigUserProfileName, d.DomainSettings.ExecutionRoleIdentityConfig)
			}),
		change("domain.trustedIdentityPropagation", "–", "enabled", nil, values{"domain.trustedIdentityPropagation": "enabled"},
			"DomainSettings.TrustedIdentityPropagationSettings", func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, sagemakertypes.FeatureStatusEnabled, d.DomainSettings.TrustedIdentityPropagationSettings.Status)
			}),
		{field: "domain.landingPage", from: "–", to: "classic", then: values{"domain.landingPage": "classic"}, blocked: []string{"landingPage"},
			happens: refused + ": the domain has no Studio Classic. Leave the field out, or set it to `studio`", seen: beforehand},
		change("domain.landingPage", "–", "studio", nil, values{"domain.landingPage": "studio"}, "DefaultUserSettings.DefaultLandingUri",
			func(s *site, d *sagemaker.DescribeDomainOutput) {
				require.Equal(s, "studio::", aws.ToString(d.DefaultUserSettings.DefaultLandingUri))
			}),
	}
}
