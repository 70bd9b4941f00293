package awsworld

// identifying picks the parameters of an input that say what a call is about, for the call log. They are kept under the
// API's own names.
func identifying(input map[string]any) map[string]string {
	params := map[string]string{}
	for _, name := range []string{
		"InstanceArn", "ApplicationArn", "PrincipalId", "PrincipalType", "IdentityStoreId", "UserId", "GroupId", "UserName", "RegionScope",
		"DomainName", "DomainId", "DomainIdEquals", "UserProfileName", "SingleSignOnUserValue", "AuthMode", "ResourceArn", "SpaceName", "AppName",
		"RoleName", "PolicyArn", "RoleArn", "RoleSessionName", "VpcId", "QuotaCode", "SecretId", "KeyId", "AliasName", "Name", "NextToken", "PolicySourceArn",
		"PermissionSetArn", "TargetId", "AccountId", "RegionName",
	} {
		if text, ok := input[name].(string); ok {
			params[name] = text
		}
	}
	for _, settings := range []string{"UserSettings", "DefaultUserSettings"} {
		take(params, "ExecutionRole", input, settings, "ExecutionRole")
	}
	take(params, "UserId", input, "MemberId", "UserId")
	take(params, "AttributeValue", input, "AlternateIdentifier", "UniqueAttribute", "AttributeValue")
	if len(params) == 0 {
		return nil
	}
	return params
}

// take copies a text that lies deeper in the input.
func take(params map[string]string, name string, input map[string]any, path ...string) {
	var value any = input
	for _, step := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return
		}
		value = object[step]
	}
	if text, ok := value.(string); ok {
		params[name] = text
	}
}
