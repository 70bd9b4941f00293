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
	arn := c.world.arn("organizations", "", ManagementAccount, "")
	return struct{ Organization organization }{organization{
		Id: organizationID, Arn: arn + "organization/" + organizationID, FeatureSet: "ALL",
		MasterAccountArn: arn + "account/" + organizationID + "/" + ManagementAccount,
		MasterAccountId:  ManagementAccount, MasterAccountEmail: "aws-management@example.com",
	}}, nil
}

// managementOnly is for operations that only the management account and delegated administrators may use.
func (c *call) managementOnly() error {
	if c.world.settings.noOrganization {
		return organizationMissing()
	}
	if c.account != ManagementAccount && !c.world.settings.delegated {
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
		services = append(services, trustedService{identityCenterService, stamp{i.created}})
	}
	return struct{ EnabledServicePrincipals []trustedService }{services}, nil
}

// identityCenterService is Identity Center among the services that trust and delegation are about.
const identityCenterService = "sso.amazonaws.com"

type delegatedAdministrator struct {
	accountOutput
	DelegationEnabledDate stamp
}

// delegatedSince is when Identity Center was delegated, if it was.
func delegatedSince() stamp { return stamp{time.Date(2024, 2, 1, 9, 0, 0, 0, time.UTC)} }

func (c *call) listDelegatedAdministrators(in accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	administrators := []delegatedAdministrator{}
	for _, a := range c.world.organizationAccounts() {
		if a.Id == MemberAccount && c.world.settings.delegated && (in.ServicePrincipal == "" || in.ServicePrincipal == identityCenterService) {
			administrators = append(administrators, delegatedAdministrator{a.accountOutput, delegatedSince()})
		}
	}
	return struct{ DelegatedAdministrators []delegatedAdministrator }{administrators}, nil
}

type delegatedService struct {
	ServicePrincipal      string
	DelegationEnabledDate stamp
}

func (c *call) listDelegatedServices(in accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	if in.AccountId != MemberAccount || !c.world.settings.delegated {
		return nil, failure("AccountNotRegisteredException", "The specified account is not a delegated administrator for this AWS service.")
	}
	return struct{ DelegatedServices []delegatedService }{[]delegatedService{{identityCenterService, delegatedSince()}}}, nil
}
