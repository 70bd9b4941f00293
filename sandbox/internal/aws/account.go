package awsworld

import "time"

// account is an AWS account with what it holds. Domains and networks belong to a Region.
type account struct {
	id       string
	roles    []*role
	domains  []*domain
	policies []*managedPolicy
	// deletions are the tasks that deleted service-linked roles.
	deletions []string
	vpcs      []*vpc
	subnets   []*subnet
	groups    []*securityGroup
	endpoints []*endpoint
	// fileSystems are those that deleted domains left behind.
	fileSystems []string
	quotas      []*quota
	secrets     []*secret
	keys        []*kmsKey
	keyNames    []*keyName
	increases   []*increase
}

func (w *World) seedAccounts(people int) {
	for _, id := range []string{ManagementAccount, MemberAccount} {
		a := &account{id: id}
		w.accounts[id] = a
		w.seedQuotas(a, people)
		w.seedNetwork(a)
	}
	w.seedKey()
	member := w.accounts[MemberAccount]
	long := w.clock.Now().Add(-90 * 24 * time.Hour)
	member.roles = append(member.roles,
		&role{
			ordinal: ordinal(w.next()), account: MemberAccount, partition: partitionOf(w.region).id, name: "StudioOnboarding", path: "/", id: w.roleID(MemberAccount, "StudioOnboarding"),
			created: long, usable: long, inline: []inlinePolicy{newInline("StudioOnboarding", allowance(studioActions()...))}, maxSession: 3600,
			description: "Assumed by the onboarding worker",
			trust:       `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + w.arn("iam", "", ManagementAccount, "root") + `"},"Action":"sts:AssumeRole"}]}`,
		},
		&role{
			ordinal: ordinal(w.next()), account: MemberAccount, partition: partitionOf(w.region).id, name: "DataPlatformNotebooks", path: "/", id: w.roleID(MemberAccount, "DataPlatformNotebooks"),
			created: long, usable: long, maxSession: 3600, description: "Made by the data platform team",
			attached: []string{w.arn("iam", "", "aws", "policy/AmazonSageMakerFullAccess")},
			tags:     []tag{{Key: "team", Value: "data-platform"}},
			trust:    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
		},
	)
}
