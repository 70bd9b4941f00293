package awsworld

import (
	"slices"
	"strings"
	"time"
)

// permissionSet is what people may do in accounts; where somebody has it, it is a role of that account.
type permissionSet struct {
	ordinal
	arn, name, description, session string
	created                         time.Time
	assignments                     []*accountAssignment
}

// accountAssignment gives a permission set to a user or group in an account.
type accountAssignment struct {
	ordinal
	account, principal, kind string
}

// reservedPath is where Identity Center puts its roles; the Region follows where it is not us-east-1.
const reservedPath = "/aws-reserved/sso.amazonaws.com/"

func (w *World) addPermissionSet(i *instance, name string) *permissionSet {
	p := &permissionSet{
		ordinal: ordinal(w.next()), name: name, session: "PT1H", created: w.clock.Now(),
		arn: w.arn("sso", "", "", "permissionSet/"+i.id+"/ps-"+w.digest(16, "permission-set", i.id, name)),
	}
	i.permissionSets = append(i.permissionSets, p)
	return p
}

func (p *permissionSet) assignment(account, kind, principal string) *accountAssignment {
	return find(p.assignments, func(a *accountAssignment) bool {
		return a.account == account && a.kind == kind && a.principal == principal
	})
}

// accounts are those in which somebody has the permission set.
func (p *permissionSet) accounts() []string {
	var found []string
	for _, a := range p.assignments {
		if !slices.Contains(found, a.account) {
			found = append(found, a.account)
		}
	}
	slices.Sort(found)
	return found
}

// assignAccount gives somebody the permission set; the first one in an account brings its role.
func (w *World) assignAccount(i *instance, p *permissionSet, account, kind, principal string) {
	if p.assignment(account, kind, principal) != nil {
		return
	}
	if !slices.Contains(p.accounts(), account) {
		w.addReservedRole(i, p, w.accounts[account])
	}
	p.assignments = append(p.assignments, &accountAssignment{ordinal(w.next()), account, principal, kind})
}

// unassignAccount takes it away; the last one in an account takes its role along.
func (w *World) unassignAccount(p *permissionSet, a *accountAssignment) {
	p.assignments = removed(p.assignments, a)
	if !slices.Contains(p.accounts(), a.account) {
		if r := w.accounts[a.account].reservedRole(p); r != nil {
			w.dropRole(r)
		}
	}
}

func (a *account) reservedRole(p *permissionSet) *role {
	return find(a.roles, func(r *role) bool {
		return strings.HasPrefix(r.path, reservedPath) && strings.HasPrefix(r.name, "AWSReservedSSO_"+p.name+"_") && len(r.name) == len("AWSReservedSSO_"+p.name+"_")+16
	})
}

func (w *World) addReservedRole(i *instance, p *permissionSet, a *account) {
	path := reservedPath
	if i.region != "us-east-1" {
		path += i.region + "/"
	}
	name := "AWSReservedSSO_" + p.name + "_" + w.digest(16, "reserved-role", a.id, p.arn)
	now := w.clock.Now()
	a.roles = append(a.roles, &role{
		ordinal: ordinal(w.next()), account: a.id, partition: partitionOf(w.region).id, name: name, path: path, id: w.roleID(a.id, name), description: p.description,
		maxSession: 43200, created: now, usable: now,
		trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + w.arn("iam", "", a.id, "saml-provider/AWSSSO_DO_NOT_DELETE") +
			`"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"]}]}`,
	})
}
