package awsworld

import "time"

// rootID is the root of the organization, under which both accounts lie.
const rootID = "r-sb01"

type accountInput struct {
	AccountId, ChildId, ParentId, ResourceId, ServicePrincipal, NextToken string
	MaxResults                                                            int
}

type accountOutput struct {
	Id, Arn, Email, Name, Status, State, JoinedMethod string
	JoinedTimestamp                                   stamp
}

type numberedAccount struct {
	ordinal
	accountOutput
}

// organizationAccounts are the accounts as the organization shows them.
func (w *World) organizationAccounts() []numberedAccount {
	make := func(number int, id, name, email, joined string) numberedAccount {
		return numberedAccount{ordinal(number), accountOutput{
			Id: id, Arn: w.arn("organizations", "", ManagementAccount, "account/"+organizationID+"/"+id), Email: email, Name: name,
			Status: "ACTIVE", State: "ACTIVE", JoinedMethod: joined, JoinedTimestamp: stamp{time.Date(2024, 1, 15, 9, 0, number, 0, time.UTC)},
		}}
	}
	return []numberedAccount{
		make(1, ManagementAccount, "Management", "aws-management@example.com", "INVITED"),
		make(2, MemberAccount, "Studio", "aws-studio@example.com", "CREATED"),
	}
}

func (c *call) listAccounts(in accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	cut, next, err := page(c, c.world.organizationAccounts(), in.MaxResults, 20, in.NextToken)
	out := struct {
		Accounts  []accountOutput
		NextToken string `json:",omitempty"`
	}{Accounts: []accountOutput{}, NextToken: next}
	for _, a := range cut {
		out.Accounts = append(out.Accounts, a.accountOutput)
	}
	return out, err
}

func (c *call) listAccountsForParent(in accountInput) (any, error) {
	if in.ParentId != rootID {
		return nil, failure("ParentNotFoundException", "You specified parent that doesn't exist.")
	}
	return c.listAccounts(in)
}

func (c *call) describeAccount(in accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	for _, a := range c.world.organizationAccounts() {
		if a.Id == in.AccountId {
			return struct{ Account accountOutput }{a.accountOutput}, nil
		}
	}
	return nil, failure("AccountNotFoundException", "You specified an account that doesn't exist.")
}

type rootOutput struct {
	Id, Arn, Name string
	PolicyTypes   []struct{}
}

func (c *call) listRoots(accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	return struct{ Roots []rootOutput }{[]rootOutput{{
		rootID, c.world.arn("organizations", "", ManagementAccount, "root/"+organizationID+"/"+rootID), "Root", []struct{}{},
	}}}, nil
}

type parentOutput struct{ Id, Type string }

func (c *call) listParents(in accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	if _, err := c.describeAccount(accountInput{AccountId: in.ChildId}); err != nil {
		return nil, failure("ChildNotFoundException", "You specified a child that doesn't exist.")
	}
	return struct{ Parents []parentOutput }{[]parentOutput{{rootID, "ROOT"}}}, nil
}

// listUnits is empty: the organization has no organizational units.
func (c *call) listUnits(in accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	if in.ParentId != rootID {
		return nil, failure("ParentNotFoundException", "You specified parent that doesn't exist.")
	}
	return struct{ OrganizationalUnits []struct{} }{[]struct{}{}}, nil
}

func (c *call) listOrganizationTags(in accountInput) (any, error) {
	if err := c.managementOnly(); err != nil {
		return nil, err
	}
	if _, err := c.describeAccount(accountInput{AccountId: in.ResourceId}); err != nil && in.ResourceId != rootID {
		return nil, failure("TargetNotFoundException", "You specified a target that doesn't exist.")
	}
	return struct{ Tags []tag }{[]tag{}}, nil
}
