package awsworld

import "time"

func (w *World) organizationsOperations() map[string]handler {
	return map[string]handler{
		"DescribeOrganization":                on((*call).describeOrganization),
		"ListAWSServiceAccessForOrganization": on((*call).listServiceAccess),
		"ListDelegatedAdministrators":         on((*call).listDelegatedAdministrators),
		"ListDelegatedServicesForAccount":     on((*call).listDelegatedServices),
		"ListAccounts":                        on((*call).listAccounts),
		"DescribeAccount":                     on((*call).describeAccount),
		"ListRoots":                           on((*call).listRoots),
		"ListParents":                         on((*call).listParents),
		"ListAccountsForParent":               on((*call).listAccountsForParent),
		"ListOrganizationalUnitsForParent":    on((*call).listUnits),
		"ListTagsForResource":                 on((*call).listOrganizationTags),
	}
}

type organization struct {
	Id, Arn, FeatureSet, MasterAccountArn, MasterAccountId, MasterAccountEmail string
}

// organizationID is fixed: it names the simulated organization, and nothing depends on it.
const organizationID = "o-sandbox0001"

func (c *call) describeOrganization(nothing) (any, error) {
	if c.world.settings.noOrganization {
		return nil, organizationMissing()
	}
	arn := "arn:aws:organizations::" + ManagementAccount + ":"
	return struct{ Organization organization }{organization{
		Id: organizationID, Arn: arn + "organization/" + organizationID, FeatureSet: "ALL",
		MasterAccountArn: arn + "account/" + organizationID + "/" + ManagementAccount,
		MasterAccountId:  ManagementAccount, MasterAccountEmail: "aws-management@example.com",
	}}, nil
}

// managementOnly is for operations that only the management account may use; nobody is delegated in this world.
func (c *call) managementOnly() error {
	if c.world.settings.noOrganization {
		return organizationMissing()
	}
	if c.account != ManagementAccount {
		return failure("AccessDeniedException", "You don't have permissions to access this resource.")
	}
	return nil
}

type trustedService struct {
	ServicePrincipal string
	DateEnabled      stamp
}

// listServiceAccess names sso.amazonaws.com once Identity Center is enabled.
func (c *call) listServiceAccess(nothing) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	services := []trustedService{{"ram.amazonaws.com", stamp{time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC)}}}
	if i := c.world.organizationInstance(); i != nil {
		services = append(services, trustedService{"sso.amazonaws.com", stamp{i.created}})
	}
	return struct{ EnabledServicePrincipals []trustedService }{services}, nil
}

func (c *call) listDelegatedAdministrators(nothing) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	return struct{ DelegatedAdministrators []struct{} }{[]struct{}{}}, nil
}
