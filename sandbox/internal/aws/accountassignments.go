package awsworld

import (
	"slices"
	"time"
)

// accountAssignmentDelay is how long it takes to give a permission set in an account, or to take it away.
const accountAssignmentDelay = 10 * time.Second

// The statuses of changes of account assignments.
const (
	inProgress = "IN_PROGRESS"
	succeeded  = "SUCCEEDED"
	fruitless  = "FAILED"
)

// accountOperation is a change of an account assignment, which is carried out later.
type accountOperation struct {
	id                       string
	deletes                  bool
	set                      *permissionSet
	account, kind, principal string
	created, due             time.Time
	status, reason           string
}

// settleAccounts carries out the changes whose time has come.
func (w *World) settleAccounts() {
	for _, i := range w.instances {
		for _, o := range i.operations {
			if o.status == inProgress && !w.clock.Now().Before(o.due) {
				w.settleAccount(i, o)
			}
		}
	}
}

func (w *World) settleAccount(i *instance, o *accountOperation) {
	there := o.set.assignment(o.account, o.kind, o.principal)
	known := i.directory.byID[o.principal] != nil
	if o.kind == groupPrincipal {
		known = i.directory.groupsByID[o.principal] != nil
	}
	o.status = succeeded
	switch {
	case o.deletes && there == nil:
		o.status, o.reason = fruitless, "The account assignment does not exist."
	case o.deletes:
		w.unassignAccount(o.set, there)
	case !known:
		o.status, o.reason = fruitless, "The principal "+o.principal+" does not exist."
	default:
		w.assignAccount(i, o.set, o.account, o.kind, o.principal)
	}
}

func (w *World) accountOperations() map[string]handler {
	return map[string]handler{
		"ListPermissionSets": on((*call).listPermissionSets), "DescribePermissionSet": on((*call).describePermissionSet),
		"ListAccountsForProvisionedPermissionSet": on((*call).listAccountsForPermissionSet),
		"ListPermissionSetsProvisionedToAccount":  on((*call).listPermissionSetsOfAccount),
		"ListAccountAssignments":                  on((*call).listAccountAssignments),
		"ListAccountAssignmentsForPrincipal":      on((*call).listAccountAssignmentsForPrincipal),
		"CreateAccountAssignment":                 on((*call).createAccountAssignment),
		"DeleteAccountAssignment":                 on((*call).deleteAccountAssignment),
		"DescribeAccountAssignmentCreationStatus": on((*call).describeCreation),
		"DescribeAccountAssignmentDeletionStatus": on((*call).describeDeletion),
	}
}

type accountAssignmentInput struct {
	InstanceArn, PermissionSetArn, AccountId, TargetId, TargetType, PrincipalId, PrincipalType, ProvisioningStatus, NextToken string
	AccountAssignmentCreationRequestId, AccountAssignmentDeletionRequestId                                                    string
	MaxResults                                                                                                                int
	Filter                                                                                                                    struct{ AccountId string }
}

// administers says whether the caller's account may look after all of an instance: the owner, or the delegated administrator.
func (c *call) administers(i *instance) bool {
	return c.account == i.owner || i.owner == ManagementAccount && c.account == MemberAccount && c.world.settings.delegated
}

// administered finds an instance with permission sets. Account instances have none.
func (c *call) administered(arn string) (*instance, error) {
	i, err := c.instanceHere(arn)
	switch {
	case err != nil:
		return nil, err
	case !c.administers(i):
		return nil, c.denied(c.action, arn)
	case i.owner != ManagementAccount:
		return nil, invalid("The operation is not supported for account instances.")
	}
	return i, nil
}

// permissionSetHere finds a permission set of an instance that the caller administers.
func (c *call) permissionSetHere(in accountAssignmentInput) (*instance, *permissionSet, error) {
	i, err := c.administered(in.InstanceArn)
	if err != nil {
		return nil, nil, err
	}
	p := find(i.permissionSets, func(p *permissionSet) bool { return p.arn == in.PermissionSetArn })
	if p == nil {
		return nil, nil, failure("ResourceNotFoundException", "The permission set %s was not found.", in.PermissionSetArn)
	}
	return i, p, nil
}

type permissionSetsOutput struct {
	PermissionSets []string
	NextToken      string `json:",omitempty"`
}

func (c *call) permissionSets(sets []*permissionSet, in accountAssignmentInput) (any, error) {
	cut, next, err := page(c, sets, in.MaxResults, 100, in.NextToken)
	out := permissionSetsOutput{PermissionSets: []string{}, NextToken: next}
	for _, p := range cut {
		out.PermissionSets = append(out.PermissionSets, p.arn)
	}
	return out, err
}

func (c *call) listPermissionSets(in accountAssignmentInput) (any, error) {
	i, err := c.administered(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	return c.permissionSets(i.permissionSets, in)
}

func (c *call) describePermissionSet(in accountAssignmentInput) (any, error) {
	_, p, err := c.permissionSetHere(in)
	if err != nil {
		return nil, err
	}
	type output struct {
		Name, PermissionSetArn, SessionDuration string
		CreatedDate                             stamp
	}
	return struct{ PermissionSet output }{output{p.name, p.arn, p.session, stamp{p.created}}}, nil
}

// listPermissionSetsOfAccount is empty when it is asked for those that are not up to date: here all of them are.
func (c *call) listPermissionSetsOfAccount(in accountAssignmentInput) (any, error) {
	i, err := c.administered(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	var found []*permissionSet
	for _, p := range i.permissionSets {
		if in.ProvisioningStatus != "LATEST_PERMISSION_SET_NOT_PROVISIONED" && slices.Contains(p.accounts(), in.AccountId) {
			found = append(found, p)
		}
	}
	return c.permissionSets(found, in)
}

type numberedID struct {
	ordinal
	id string
}

func (c *call) listAccountsForPermissionSet(in accountAssignmentInput) (any, error) {
	_, p, err := c.permissionSetHere(in)
	if err != nil {
		return nil, err
	}
	var all []numberedID
	for n, id := range p.accounts() {
		if in.ProvisioningStatus != "LATEST_PERMISSION_SET_NOT_PROVISIONED" {
			all = append(all, numberedID{ordinal(n + 1), id})
		}
	}
	cut, next, err := page(c, all, in.MaxResults, 100, in.NextToken)
	out := struct {
		AccountIds []string
		NextToken  string `json:",omitempty"`
	}{AccountIds: []string{}, NextToken: next}
	for _, a := range cut {
		out.AccountIds = append(out.AccountIds, a.id)
	}
	return out, err
}

type accountAssignmentOutput struct{ AccountId, PermissionSetArn, PrincipalId, PrincipalType string }

type numberedAccountAssignment struct {
	ordinal
	accountAssignmentOutput
}

func (p *permissionSet) output(a *accountAssignment) numberedAccountAssignment {
	return numberedAccountAssignment{a.ordinal, accountAssignmentOutput{a.account, p.arn, a.principal, a.kind}}
}

func (c *call) accountAssignments(all []numberedAccountAssignment, in accountAssignmentInput) (any, error) {
	sortByNumber(all)
	cut, next, err := page(c, all, in.MaxResults, 100, in.NextToken)
	out := struct {
		AccountAssignments []accountAssignmentOutput
		NextToken          string `json:",omitempty"`
	}{AccountAssignments: []accountAssignmentOutput{}, NextToken: next}
	for _, a := range cut {
		out.AccountAssignments = append(out.AccountAssignments, a.accountAssignmentOutput)
	}
	return out, err
}

func (c *call) listAccountAssignments(in accountAssignmentInput) (any, error) {
	_, p, err := c.permissionSetHere(in)
	if err != nil {
		return nil, err
	}
	var all []numberedAccountAssignment
	for _, a := range p.assignments {
		if a.account == in.AccountId {
			all = append(all, p.output(a))
		}
	}
	return c.accountAssignments(all, in)
}

// listAccountAssignmentsForPrincipal sees a user's groups too.
func (c *call) listAccountAssignmentsForPrincipal(in accountAssignmentInput) (any, error) {
	i, err := c.administered(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	var all []numberedAccountAssignment
	for _, p := range i.permissionSets {
		for _, a := range p.assignments {
			reaches := a.kind == in.PrincipalType && a.principal == in.PrincipalId ||
				in.PrincipalType == userPrincipal && a.kind == groupPrincipal && i.directory.isMember(a.principal, in.PrincipalId)
			if reaches && (in.Filter.AccountId == "" || in.Filter.AccountId == a.account) {
				all = append(all, p.output(a))
			}
		}
	}
	return c.accountAssignments(all, in)
}

type accountOperationOutput struct {
	Status, RequestId, TargetId, TargetType, PermissionSetArn, PrincipalType, PrincipalId string
	FailureReason                                                                         string `json:",omitempty"`
	CreatedDate                                                                           stamp
}

func (o *accountOperation) output() accountOperationOutput {
	return accountOperationOutput{
		Status: o.status, RequestId: o.id, TargetId: o.account, TargetType: "AWS_ACCOUNT", PermissionSetArn: o.set.arn, PrincipalType: o.kind,
		PrincipalId: o.principal, FailureReason: o.reason, CreatedDate: stamp{o.created},
	}
}

type (
	creationOutput struct {
		AccountAssignmentCreationStatus accountOperationOutput
	}
	deletionOutput struct {
		AccountAssignmentDeletionStatus accountOperationOutput
	}
)

// changeAccountAssignment begins a change, in the primary Region only. A delegated administrator can't touch the management account,
// nor permission sets that are used there.
func (c *call) changeAccountAssignment(in accountAssignmentInput, deletes bool) (*accountOperation, error) {
	i, p, err := c.permissionSetHere(in)
	if err != nil {
		return nil, err
	}
	w := c.world
	switch {
	case w.accounts[in.TargetId] == nil:
		return nil, failure("ResourceNotFoundException", "The account %s was not found.", in.TargetId)
	case c.account != ManagementAccount && (in.TargetId == ManagementAccount || slices.Contains(p.accounts(), ManagementAccount)):
		return nil, c.denied(c.action, p.arn)
	}
	now := w.clock.Now()
	o := &accountOperation{
		id: w.uuid("account-operation", c.operation, p.arn, in.TargetId, in.PrincipalId), deletes: deletes, set: p, account: in.TargetId,
		kind: in.PrincipalType, principal: in.PrincipalId, created: now, due: w.clock.Due(accountAssignmentDelay), status: inProgress,
	}
	i.operations = append(i.operations, o)
	return o, nil
}

func (c *call) createAccountAssignment(in accountAssignmentInput) (any, error) {
	o, err := c.changeAccountAssignment(in, false)
	if err != nil {
		return nil, err
	}
	c.effect = created
	return creationOutput{o.output()}, nil
}

func (c *call) deleteAccountAssignment(in accountAssignmentInput) (any, error) {
	o, err := c.changeAccountAssignment(in, true)
	if err != nil {
		return nil, err
	}
	c.effect = deleted
	return deletionOutput{o.output()}, nil
}

func (c *call) accountOperation(instanceARN, id string, deletes bool) (*accountOperation, error) {
	i, err := c.administered(instanceARN)
	if err != nil {
		return nil, err
	}
	o := find(i.operations, func(o *accountOperation) bool { return o.id == id && o.deletes == deletes })
	if o == nil {
		return nil, failure("ResourceNotFoundException", "The request %s was not found.", id)
	}
	return o, nil
}

func (c *call) describeCreation(in accountAssignmentInput) (any, error) {
	o, err := c.accountOperation(in.InstanceArn, in.AccountAssignmentCreationRequestId, false)
	if err != nil {
		return nil, err
	}
	return creationOutput{o.output()}, nil
}

func (c *call) describeDeletion(in accountAssignmentInput) (any, error) {
	o, err := c.accountOperation(in.InstanceArn, in.AccountAssignmentDeletionRequestId, true)
	if err != nil {
		return nil, err
	}
	return deletionOutput{o.output()}, nil
}
