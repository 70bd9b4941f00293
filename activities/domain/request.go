package domain

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"studio-onboarding/activities/provider"
	"studio-onboarding/onboarding"
)

// createRequest says everything that the spec says, and nothing by default where the API's default has changed over time.
func createRequest(in Input) *sagemaker.CreateDomainInput {
	want := in.Domain
	settings := &sagemakertypes.UserSettings{ExecutionRole: &in.ExecutionRoleARN, SecurityGroups: in.Network.SecurityGroups}
	idle := onboarding.DefaultIdleShutdown
	if want.IdleShutdown != "" {
		idle, _ = want.IdleAfter()
	}
	setIdle(settings, idle)
	setUserSettings(settings, want, func(string) bool { return true })
	request := &sagemaker.CreateDomainInput{
		DomainName:                &want.Name,
		AuthMode:                  sagemakertypes.AuthModeSso,
		DefaultUserSettings:       settings,
		VpcId:                     &in.Network.VPC,
		SubnetIds:                 in.Network.Subnets,
		AppNetworkAccessType:      accessType(want.Network.Access),
		HomeEfsFileSystemCreation: sagemakertypes.HomeEfsFileSystemCreationDisabled,
		Tags:                      provider.Tagged(in.Run, want.Tags, newTag),
	}
	if want.KMSKey != "" {
		request.KmsKeyId = &want.KMSKey
	}
	if want.HomeFileSystem == onboarding.Enabled {
		request.HomeEfsFileSystemCreation = sagemakertypes.HomeEfsFileSystemCreationEnabled
	}
	if want.SourceIdentity != "" || want.TrustedIdentityPropagation != "" {
		request.DomainSettings = &sagemakertypes.DomainSettings{ExecutionRoleIdentityConfig: identityConfig(want.SourceIdentity)}
		if want.TrustedIdentityPropagation != "" {
			request.DomainSettings.TrustedIdentityPropagationSettings = propagation(want.TrustedIdentityPropagation)
		}
	}
	return request
}

// updateRequest says what changes. Settings that lie beside a changed one, in the same structure, are said again as they are:
// the API does not promise to keep them.
func updateRequest(in Input, is *sagemaker.DescribeDomainOutput, wanted []onboarding.Verdict) *sagemaker.UpdateDomainInput {
	changes := func(path string) bool {
		return slices.ContainsFunc(wanted, func(v onboarding.Verdict) bool { return v.Field == path })
	}
	want, request := in.Domain, &sagemaker.UpdateDomainInput{DomainId: is.DomainId}
	if changes("domain.network.access") {
		request.AppNetworkAccessType = accessType(want.Network.Access)
	}
	if changes("domain.network.subnets") {
		request.SubnetIds = want.Network.Subnets
	}
	if changes("domain.homeFileSystem") {
		request.HomeEfsFileSystemCreation = sagemakertypes.HomeEfsFileSystemCreationEnabled
	}
	if identity, propagates := changes("domain.sourceIdentity"), changes("domain.trustedIdentityPropagation"); identity || propagates {
		request.DomainSettingsForUpdate = &sagemakertypes.DomainSettingsForUpdate{}
		if identity {
			request.DomainSettingsForUpdate.ExecutionRoleIdentityConfig = identityConfig(want.SourceIdentity)
		}
		if propagates {
			request.DomainSettingsForUpdate.TrustedIdentityPropagationSettings = propagation(want.TrustedIdentityPropagation)
		}
	}
	request.DefaultUserSettings = changedSettings(in, is.DefaultUserSettings, changes)
	return request
}

// changedSettings are the user settings that change; nil where none does.
func changedSettings(in Input, is *sagemakertypes.UserSettings, changes func(path string) bool) *sagemakertypes.UserSettings {
	paths := []string{"domain.executionRole", "domain.network.securityGroups", "domain.idleShutdown", "domain.instanceTypes",
		"domain.hiddenApps", "domain.spaceStorage.default", "domain.spaceStorage.maximum", "domain.landingPage",
		"domain.notebookSharing.s3", "domain.notebookSharing.kmsKey"}
	if !slices.ContainsFunc(paths, changes) {
		return nil
	}
	if is == nil {
		is = &sagemakertypes.UserSettings{}
	}
	settings := &sagemakertypes.UserSettings{}
	if changes("domain.executionRole") {
		settings.ExecutionRole = &in.ExecutionRoleARN
	}
	if changes("domain.network.securityGroups") {
		settings.SecurityGroups = in.Domain.Network.SecurityGroups
	}
	if changes("domain.idleShutdown") {
		settings.JupyterLabAppSettings, settings.CodeEditorAppSettings = is.JupyterLabAppSettings, is.CodeEditorAppSettings
		after, _ := in.Domain.IdleAfter()
		setIdle(settings, after)
	}
	if changes("domain.instanceTypes") || changes("domain.hiddenApps") {
		settings.StudioWebPortalSettings = is.StudioWebPortalSettings
	}
	setUserSettings(settings, in.Domain, changes)
	return settings
}

// setUserSettings puts in what a domain is created with and changed to alike.
func setUserSettings(settings *sagemakertypes.UserSettings, want onboarding.DomainSpec, changes func(path string) bool) {
	portal := func() *sagemakertypes.StudioWebPortalSettings {
		if settings.StudioWebPortalSettings == nil {
			settings.StudioWebPortalSettings = &sagemakertypes.StudioWebPortalSettings{}
		}
		return settings.StudioWebPortalSettings
	}
	if len(want.InstanceTypes) > 0 && changes("domain.instanceTypes") {
		var hidden []sagemakertypes.AppInstanceType
		for _, kind := range sagemakertypes.AppInstanceType("").Values() {
			if kind != sagemakertypes.AppInstanceTypeSystem && !slices.Contains(want.InstanceTypes, string(kind)) {
				hidden = append(hidden, kind)
			}
		}
		portal().HiddenInstanceTypes = hidden
	}
	if len(want.HiddenApps) > 0 && changes("domain.hiddenApps") {
		portal().HiddenAppTypes = nil
		for _, app := range want.HiddenApps {
			portal().HiddenAppTypes = append(portal().HiddenAppTypes, sagemakertypes.AppType(app))
		}
	}
	if storage := want.SpaceStorage; storage != nil && (changes("domain.spaceStorage.default") || changes("domain.spaceStorage.maximum")) {
		sizes := &sagemakertypes.DefaultEbsStorageSettings{
			DefaultEbsVolumeSizeInGb: aws.Int32(int32(storage.Default)), MaximumEbsVolumeSizeInGb: aws.Int32(int32(storage.Maximum))}
		settings.SpaceStorageSettings = &sagemakertypes.DefaultSpaceStorageSettings{DefaultEbsStorageSettings: sizes}
	}
	if want.LandingPage != "" && changes("domain.landingPage") {
		if want.LandingPage == onboarding.LandingStudio { // which AWS takes only where Studio is switched on
			settings.DefaultLandingUri, settings.StudioWebPortal = aws.String(studioPage), sagemakertypes.StudioWebPortalEnabled
		} else {
			settings.DefaultLandingUri = aws.String(classicPage)
		}
	}
	if sharing := want.NotebookSharing; sharing != nil && (changes("domain.notebookSharing.s3") || changes("domain.notebookSharing.kmsKey")) {
		settings.SharingSettings = &sagemakertypes.SharingSettings{
			NotebookOutputOption: sagemakertypes.NotebookOutputOptionAllowed, S3OutputPath: &sharing.S3}
		if sharing.KMSKey != "" {
			settings.SharingSettings.S3KmsKeyId = &sharing.KMSKey
		}
	}
}

// setIdle has JupyterLab and Code Editor shut down after a time without use, or never. The bounds that people may choose within
// stay, but for one that would exclude the time.
func setIdle(settings *sagemakertypes.UserSettings, after time.Duration) {
	minutes := int32(after / time.Minute)
	lifecycle := func(is *sagemakertypes.AppLifecycleManagement) *sagemakertypes.AppLifecycleManagement {
		idle := sagemakertypes.IdleSettings{LifecycleManagement: sagemakertypes.LifecycleManagementDisabled}
		if minutes > 0 {
			if is != nil && is.IdleSettings != nil {
				idle = *is.IdleSettings
			}
			idle.LifecycleManagement, idle.IdleTimeoutInMinutes = sagemakertypes.LifecycleManagementEnabled, &minutes
			if idle.MinIdleTimeoutInMinutes != nil {
				idle.MinIdleTimeoutInMinutes = aws.Int32(min(*idle.MinIdleTimeoutInMinutes, minutes))
			}
			if idle.MaxIdleTimeoutInMinutes != nil {
				idle.MaxIdleTimeoutInMinutes = aws.Int32(max(*idle.MaxIdleTimeoutInMinutes, minutes))
			}
		}
		return &sagemakertypes.AppLifecycleManagement{IdleSettings: &idle}
	}
	lab, editor := settings.JupyterLabAppSettings, settings.CodeEditorAppSettings
	if lab == nil {
		lab = &sagemakertypes.JupyterLabAppSettings{}
	}
	if editor == nil {
		editor = &sagemakertypes.CodeEditorAppSettings{}
	}
	lab.AppLifecycleManagement, editor.AppLifecycleManagement = lifecycle(lab.AppLifecycleManagement), lifecycle(editor.AppLifecycleManagement)
	settings.JupyterLabAppSettings, settings.CodeEditorAppSettings = lab, editor
}

// changesSettings says whether anything but tags changes.
func changesSettings(wanted []onboarding.Verdict) bool {
	return slices.ContainsFunc(wanted, func(v onboarding.Verdict) bool { return v.Field != "domain.tags" })
}

// tagsToSet are the tags of the spec that the domain lacks or has with another value.
func tagsToSet(wanted []onboarding.Verdict, in Input, there Description) []sagemakertypes.Tag {
	if !slices.ContainsFunc(wanted, func(v onboarding.Verdict) bool { return v.Field == "domain.tags" }) {
		return nil
	}
	return slices.DeleteFunc(provider.Tagged(in.Run, in.Domain.Tags, newTag), func(t sagemakertypes.Tag) bool {
		value, ok := there.Tags[*t.Key]
		return *t.Key == runTag || ok && value == *t.Value
	})
}

func newTag(key, value *string) sagemakertypes.Tag { return sagemakertypes.Tag{Key: key, Value: value} }

func accessType(access string) sagemakertypes.AppNetworkAccessType {
	if access == onboarding.NetworkVPCOnly {
		return sagemakertypes.AppNetworkAccessTypeVpcOnly
	}
	return sagemakertypes.AppNetworkAccessTypePublicInternetOnly
}

// identityConfig is empty where the spec does not say.
func identityConfig(value string) sagemakertypes.ExecutionRoleIdentityConfig {
	switch value {
	case onboarding.Enabled:
		return sagemakertypes.ExecutionRoleIdentityConfigUserProfileName
	case onboarding.Disabled:
		return sagemakertypes.ExecutionRoleIdentityConfigDisabled
	}
	return ""
}

func propagation(value string) *sagemakertypes.TrustedIdentityPropagationSettings {
	if value == onboarding.Enabled {
		return &sagemakertypes.TrustedIdentityPropagationSettings{Status: sagemakertypes.FeatureStatusEnabled}
	}
	return &sagemakertypes.TrustedIdentityPropagationSettings{Status: sagemakertypes.FeatureStatusDisabled}
}
