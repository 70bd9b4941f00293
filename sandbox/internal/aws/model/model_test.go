package model_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox/internal/aws/model"
)

func load(t *testing.T, name string) *model.Service {
	service, err := model.Load(name)
	require.NoError(t, err)
	return service
}

func decode(t *testing.T, text string) map[string]any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var tree map[string]any
	require.NoError(t, decoder.Decode(&tree))
	return tree
}

func TestValidationNamesEveryViolation(t *testing.T) {
	sagemaker := load(t, "sagemaker")
	for name, test := range map[string]struct{ input, want string }{
		"fine":              {`{"DomainId":"d-1","UserProfileName":"a","Unknown":1}`, ""},
		"missing":           {`{"DomainId":"d-1"}`, "1 validation error detected: Value at 'userProfileName' failed to satisfy constraint: Member must not be null"},
		"null is missing":   {`{"DomainId":"d-1","UserProfileName":null}`, "Value at 'userProfileName' failed to satisfy constraint: Member must not be null"},
		"pattern":           {`{"DomainId":"x","UserProfileName":"a"}`, "Value 'x' at 'domainId' failed to satisfy constraint: Member must satisfy regular expression pattern: d-(-*[a-z0-9]){1,61}"},
		"length":            {`{"DomainId":"d-1","UserProfileName":"a","SingleSignOnUserValue":"` + strings.Repeat("x", 257) + `"}`, "Member must have length less than or equal to 256"},
		"nested list":       {`{"DomainId":"d-1","UserProfileName":"a","Tags":[{"Key":"k"}]}`, "Value at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"},
		"nested enum":       {`{"DomainId":"d-1","UserProfileName":"a","UserSettings":{"StudioWebPortal":"MAYBE"}}`, "Value 'MAYBE' at 'userSettings.studioWebPortal' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]"},
		"several":           {`{"DomainId":"x","UserProfileName":"_"}`, "2 validation errors detected: "},
		"wrong type":        {`{"DomainId":7,"UserProfileName":"a"}`, "The value at 'domainId' can not be converted to a String"},
		"wrong nested type": {`{"DomainId":"d-1","UserProfileName":"a","Tags":{}}`, "The value at 'tags' can not be converted to a List"},
	} {
		err := sagemaker.Validate("CreateUserProfile", decode(t, test.input))
		if test.want == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, test.want, name)
		}
	}
	require.ErrorContains(t, sagemaker.Validate("ListDomains", decode(t, `{"MaxResults":0}`)), "Member must have value greater than or equal to 1")
	require.ErrorContains(t, sagemaker.Validate("ListDomains", decode(t, `{"MaxResults":1.5}`)), "Integer")
}

func TestFormsBecomeTrees(t *testing.T) {
	tree, err := load(t, "iam").ParseForm("CreateRole", url.Values{
		"RoleName": {"r"}, "MaxSessionDuration": {"3600"}, "Tags.member.1.Key": {"a"}, "Tags.member.1.Value": {""}, "Tags.member.2.Key": {"b"},
	})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"RoleName": "r", "MaxSessionDuration": json.Number("3600"),
		"Tags": []any{map[string]any{"Key": "a", "Value": ""}, map[string]any{"Key": "b"}},
	}, tree)

	tree, err = load(t, "ec2").ParseForm("DescribeVpcs", url.Values{
		"VpcId.1": {"vpc-1"}, "VpcId.2": {"vpc-2"}, "Filter.1.Name": {"isDefault"}, "Filter.1.Value.1": {"true"}, "DryRun": {"false"},
	})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"VpcIds": []any{"vpc-1", "vpc-2"}, "DryRun": false, "Filters": []any{map[string]any{"Name": "isDefault", "Values": []any{"true"}}},
	}, tree)

	_, err = load(t, "iam").ParseForm("ListRoles", url.Values{"MaxItems": {"many"}})
	require.ErrorContains(t, err, "Number")
}

func TestThereIsNoModelOfOtherServices(t *testing.T) {
	_, err := model.Load("s3")
	require.ErrorContains(t, err, "no model of service s3")
}
