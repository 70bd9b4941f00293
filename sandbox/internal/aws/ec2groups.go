package awsworld

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// permissionXML is a rule of a security group as DescribeSecurityGroups shows it: all peers of one protocol and port range.
type permissionXML struct {
	Protocol string           `xml:"ipProtocol"`
	From     *int             `xml:"fromPort"`
	To       *int             `xml:"toPort"`
	Groups   list[peerXML]    `xml:"groups"`
	Ranges   list[rangeXML]   `xml:"ipRanges"`
	Ranges6  list[range6XML]  `xml:"ipv6Ranges"`
	Prefixes list[prefixPeer] `xml:"prefixListIds"`
}

type (
	peerXML struct {
		GroupID     string `xml:"groupId"`
		UserID      string `xml:"userId"`
		Description string `xml:"description,omitempty"`
	}
	rangeXML struct {
		CIDR        string `xml:"cidrIp"`
		Description string `xml:"description,omitempty"`
	}
	range6XML struct {
		CIDR        string `xml:"cidrIpv6"`
		Description string `xml:"description,omitempty"`
	}
	prefixPeer struct {
		ID          string `xml:"prefixListId"`
		Description string `xml:"description,omitempty"`
	}
)

type groupXML struct {
	OwnerID     string              `xml:"ownerId"`
	GroupID     string              `xml:"groupId"`
	ARN         string              `xml:"securityGroupArn"`
	Name        string              `xml:"groupName"`
	Description string              `xml:"groupDescription"`
	VpcID       string              `xml:"vpcId"`
	Ingress     list[permissionXML] `xml:"ipPermissions"`
	Egress      list[permissionXML] `xml:"ipPermissionsEgress"`
	Tags        list[ec2Tag]        `xml:"tagSet"`
}

// permissions puts rules of one direction together.
func (c *call) permissions(g *securityGroup, egress bool) list[permissionXML] {
	var result list[permissionXML]
	places := map[string]int{}
	for _, r := range g.rules {
		if r.egress != egress {
			continue
		}
		key := fmt.Sprint(r.protocol, r.from, r.to)
		if _, there := places[key]; !there {
			places[key] = len(result)
			result = append(result, permissionXML{Protocol: r.protocol, From: port(r.from), To: port(r.to)})
		}
		p := &result[places[key]]
		switch {
		case r.group != "":
			p.Groups = append(p.Groups, peerXML{r.group, c.account, r.description})
		case r.cidr != "":
			p.Ranges = append(p.Ranges, rangeXML{r.cidr, r.description})
		case r.cidr6 != "":
			p.Ranges6 = append(p.Ranges6, range6XML{r.cidr6, r.description})
		default:
			p.Prefixes = append(p.Prefixes, prefixPeer{r.prefix, r.description})
		}
	}
	return result
}

func port(number int) *int {
	if number == anyPort {
		return nil
	}
	return &number
}

func (c *call) groupXML(g *securityGroup) groupXML {
	return groupXML{c.account, g.id, c.arn("security-group/" + g.id), g.name, g.description, g.vpc, c.permissions(g, false), c.permissions(g, true), ec2Tags(g.tags)}
}

func (c *call) describeSecurityGroups(in describeInput) (any, error) {
	var all []described[groupXML]
	for _, g := range c.world.accounts[c.account].groups {
		if g.region != c.region {
			continue
		}
		about := withTagFilters(filterable("group-id", g.id, "group-name", g.name, "vpc-id", g.vpc, "description", g.description, "owner-id", c.account), g.tags)
		for _, side := range []string{"ip-permission.", "egress.ip-permission."} {
			for _, name := range []string{"group-id", "cidr", "protocol", "from-port", "to-port"} {
				about[side+name] = nil
			}
		}
		for _, r := range g.rules {
			side := "ip-permission."
			if r.egress {
				side = "egress.ip-permission."
			}
			for name, value := range map[string]string{"group-id": r.group, "cidr": r.cidr, "protocol": r.protocol, "from-port": strconv.Itoa(r.from), "to-port": strconv.Itoa(r.to)} {
				if value != "" && value != strconv.Itoa(anyPort) || name == "protocol" {
					about[side+name] = append(about[side+name], value)
				}
			}
		}
		all = append(all, described[groupXML]{g.ordinal, g.id, about, c.groupXML(g)})
	}
	for _, name := range in.GroupNames {
		i := slices.IndexFunc(all, func(d described[groupXML]) bool { return d.xml.Name == name })
		if i < 0 {
			return nil, failure("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", name)
		}
		in.GroupIds = append(in.GroupIds, all[i].id)
	}
	found, next, err := selected(c, in, in.GroupIds, failure("InvalidGroup.NotFound", "The security group '%%s' does not exist"), all)
	return struct {
		Groups list[groupXML] `xml:"securityGroupInfo"`
		Next   string         `xml:"nextToken,omitempty"`
	}{found, next}, err
}

type groupInput struct {
	GroupId, GroupName, Description, VpcId, IpProtocol, CidrIp, SourceSecurityGroupName string
	FromPort, ToPort                                                                    *int
	IpPermissions                                                                       []permissionInput
	SecurityGroupRuleIds                                                                []string
	TagSpecifications                                                                   tagSpecifications
	DryRun                                                                              bool
}

type permissionInput struct {
	IpProtocol       string
	FromPort, ToPort *int
	UserIdGroupPairs []struct{ GroupId, GroupName, UserId, Description string }
	IpRanges         []struct{ CidrIp, Description string }
	Ipv6Ranges       []struct{ CidrIpv6, Description string }
	PrefixListIds    []struct{ PrefixListId, Description string }
}

func (c *call) createSecurityGroup(in groupInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	a := c.world.accounts[c.account]
	if in.VpcId == "" {
		if standard := find(a.vpcs, func(v *vpc) bool { return v.region == c.region && v.standard }); standard != nil {
			in.VpcId = standard.id
		}
	}
	v, err := c.vpcHere(in.VpcId)
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(in.GroupName, "sg-"):
		return nil, failure("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Group names may not be in the format sg-*.", in.GroupName)
	case slices.ContainsFunc(a.groups, func(g *securityGroup) bool { return g.vpc == v.id && g.name == in.GroupName }):
		return nil, failure("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", in.GroupName, v.id)
	}
	g := c.world.addSecurityGroup(a, v, "sg-0"+c.world.digest(16, "security-group", v.id, in.GroupName), in.GroupName, in.Description)
	g.tags = in.TagSpecifications.of("security-group")
	c.effect = created
	return struct {
		Return bool         `xml:"return"`
		ID     string       `xml:"groupId"`
		Tags   list[ec2Tag] `xml:"tagSet"`
		ARN    string       `xml:"securityGroupArn"`
	}{true, g.id, ec2Tags(g.tags), c.arn("security-group/" + g.id)}, nil
}

// groupHere finds a security group by ID or, in the default VPC, by name.
func (c *call) securityGroupHere(in groupInput) (*securityGroup, error) {
	a := c.world.accounts[c.account]
	if in.GroupId == "" && in.GroupName == "" {
		return nil, failure("MissingParameter", "The request must contain the parameter GroupName or GroupId")
	}
	if g := a.group(c.region, in.GroupId); g != nil {
		return g, nil
	}
	if in.GroupId == "" {
		for _, g := range a.groups {
			if v := a.vpc(c.region, g.vpc); v != nil && v.standard && g.name == in.GroupName {
				return g, nil
			}
		}
	}
	return nil, ec2Missing("Group", "security group", in.GroupId+in.GroupName)
}

func (c *call) deleteSecurityGroup(in groupInput) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	g, err := c.securityGroupHere(in)
	if err != nil {
		return nil, err
	}
	a := c.world.accounts[c.account]
	refers := func(other *securityGroup) bool {
		return other != g && slices.ContainsFunc(other.rules, func(r *groupRule) bool { return r.group == g.id })
	}
	switch {
	case g.name == "default":
		return nil, failure("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", g.id)
	case slices.ContainsFunc(a.groups, refers), c.world.inUse(a, g.id),
		slices.ContainsFunc(a.endpoints, func(e *endpoint) bool { return slices.Contains(e.groups, g.id) }):
		return nil, dependency("resource %s has a dependent object", g.id)
	}
	a.groups = without(a.groups, g)
	c.effect = deleted
	return struct {
		Return bool   `xml:"return"`
		ID     string `xml:"groupId"`
	}{true, g.id}, nil
}

type ruleXML struct {
	ID          string       `xml:"securityGroupRuleId"`
	ARN         string       `xml:"securityGroupRuleArn"`
	GroupID     string       `xml:"groupId"`
	OwnerID     string       `xml:"groupOwnerId"`
	Egress      bool         `xml:"isEgress"`
	Protocol    string       `xml:"ipProtocol"`
	From        int          `xml:"fromPort"`
	To          int          `xml:"toPort"`
	CIDR        string       `xml:"cidrIpv4,omitempty"`
	CIDR6       string       `xml:"cidrIpv6,omitempty"`
	Prefix      string       `xml:"prefixListId,omitempty"`
	Peer        *rulePeerXML `xml:"referencedGroupInfo"`
	Description string       `xml:"description,omitempty"`
	Tags        list[ec2Tag] `xml:"tagSet"`
}

type rulePeerXML struct {
	GroupID string `xml:"groupId"`
	UserID  string `xml:"userId"`
	VpcID   string `xml:"vpcId"`
}

func (c *call) ruleXML(g *securityGroup, r *groupRule) ruleXML {
	out := ruleXML{
		ID: r.id, ARN: c.arn("security-group-rule/" + r.id), GroupID: g.id, OwnerID: c.account, Egress: r.egress, Protocol: r.protocol, From: r.from, To: r.to,
		CIDR: r.cidr, CIDR6: r.cidr6, Prefix: r.prefix, Description: r.description, Tags: ec2Tags(r.tags),
	}
	if r.group != "" {
		out.Peer = &rulePeerXML{r.group, c.account, g.vpc}
	}
	return out
}

func (c *call) describeSecurityGroupRules(in describeInput) (any, error) {
	var all []described[ruleXML]
	for _, g := range c.world.accounts[c.account].groups {
		for _, r := range g.rules {
			if g.region == c.region {
				all = append(all, described[ruleXML]{r.ordinal, r.id, withTagFilters(filterable("group-id", g.id, "security-group-rule-id", r.id), r.tags), c.ruleXML(g, r)})
			}
		}
	}
	slices.SortFunc(all, func(a, b described[ruleXML]) int { return a.number() - b.number() })
	found, next, err := selected(c, in, in.SecurityGroupRuleIds, failure("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%%s' does not exist"), all)
	return struct {
		Rules list[ruleXML] `xml:"securityGroupRuleSet"`
		Next  string        `xml:"nextToken,omitempty"`
	}{found, next}, err
}

// rules are those that an input names, one for each peer.
func (c *call) rules(in groupInput, egress bool) ([]groupRule, error) {
	permissions := in.IpPermissions
	if in.IpProtocol != "" {
		one := permissionInput{IpProtocol: in.IpProtocol, FromPort: in.FromPort, ToPort: in.ToPort}
		if in.CidrIp != "" {
			one.IpRanges = append(one.IpRanges, struct{ CidrIp, Description string }{CidrIp: in.CidrIp})
		}
		permissions = append(permissions, one)
	}
	var rules []groupRule
	for _, p := range permissions {
		base, err := ports(p)
		if err != nil {
			return nil, err
		}
		base.egress = egress
		add := func(description string, set func(*groupRule)) {
			r := base
			r.description = description
			set(&r)
			rules = append(rules, r)
		}
		for _, peer := range p.UserIdGroupPairs {
			other, err := c.securityGroupHere(groupInput{GroupId: peer.GroupId, GroupName: peer.GroupName})
			if err != nil {
				return nil, err
			}
			add(peer.Description, func(r *groupRule) { r.group = other.id })
		}
		for _, peer := range p.IpRanges {
			if strings.Count(peer.CidrIp, "/") != 1 {
				return nil, failure("InvalidParameterValue", "CIDR block %s is malformed", peer.CidrIp)
			}
			add(peer.Description, func(r *groupRule) { r.cidr = peer.CidrIp })
		}
		for _, peer := range p.Ipv6Ranges {
			add(peer.Description, func(r *groupRule) { r.cidr6 = peer.CidrIpv6 })
		}
		for _, peer := range p.PrefixListIds {
			add(peer.Description, func(r *groupRule) { r.prefix = peer.PrefixListId })
		}
	}
	return rules, nil
}

// ports is a rule without its peer. Only TCP, UDP and ICMP have ports.
func ports(p permissionInput) (groupRule, error) {
	protocol, known := map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "all": "-1"}[p.IpProtocol]
	if !known {
		protocol = p.IpProtocol
	}
	r := groupRule{protocol: protocol, from: anyPort, to: anyPort}
	if protocol == "tcp" || protocol == "udp" || protocol == "icmp" {
		if p.FromPort == nil || p.ToPort == nil {
			return r, failure("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
		}
		r.from, r.to = *p.FromPort, *p.ToPort
	}
	return r, nil
}

func (r groupRule) same(other *groupRule) bool {
	return r.egress == other.egress && r.protocol == other.protocol && r.from == other.from && r.to == other.to &&
		r.group == other.group && r.cidr == other.cidr && r.cidr6 == other.cidr6 && r.prefix == other.prefix
}

func (c *call) authorizeIngress(in groupInput) (any, error) { return c.authorizeRules(in, false) }
func (c *call) authorizeEgress(in groupInput) (any, error)  { return c.authorizeRules(in, true) }

func (c *call) authorizeRules(in groupInput, egress bool) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	g, err := c.securityGroupHere(in)
	if err != nil {
		return nil, err
	}
	rules, err := c.rules(in, egress)
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		return nil, failure("MissingParameter", "The request must contain the parameter ipPermissions")
	}
	for _, r := range rules {
		if slices.ContainsFunc(g.rules, r.same) {
			return nil, failure("InvalidPermission.Duplicate", "the specified rule \"peer: %s, %s, from port: %d, to port: %d, ALLOW\" already exists",
				r.group+r.cidr+r.cidr6+r.prefix, strings.ToUpper(r.protocol), r.from, r.to)
		}
	}
	out := struct {
		Return bool          `xml:"return"`
		Rules  list[ruleXML] `xml:"securityGroupRuleSet"`
	}{Return: true}
	for _, r := range rules {
		r.tags = in.TagSpecifications.of("security-group-rule")
		out.Rules = append(out.Rules, c.ruleXML(g, c.world.addRule(g, r)))
	}
	c.effect = changed
	return out, nil
}

func (c *call) revokeIngress(in groupInput) (any, error) { return c.revokeRules(in, false) }
func (c *call) revokeEgress(in groupInput) (any, error)  { return c.revokeRules(in, true) }

type revokedXML struct {
	ID       string `xml:"securityGroupRuleId"`
	GroupID  string `xml:"groupId"`
	Egress   bool   `xml:"isEgress"`
	Protocol string `xml:"ipProtocol"`
	From     int    `xml:"fromPort"`
	To       int    `xml:"toPort"`
	CIDR     string `xml:"cidrIpv4,omitempty"`
	CIDR6    string `xml:"cidrIpv6,omitempty"`
	Prefix   string `xml:"prefixListId,omitempty"`
	Peer     string `xml:"referencedGroupId,omitempty"`
}

func (c *call) revokeRules(in groupInput, egress bool) (any, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	g, err := c.securityGroupHere(in)
	if err != nil {
		return nil, err
	}
	rules, err := c.rules(in, egress)
	if err != nil {
		return nil, err
	}
	var doomed []*groupRule
	for _, id := range in.SecurityGroupRuleIds {
		r := find(g.rules, func(r *groupRule) bool { return r.id == id && r.egress == egress })
		if r == nil {
			return nil, ec2Missing("SecurityGroupRuleId", "security group rule ID", id)
		}
		doomed = append(doomed, r)
	}
	for _, named := range rules {
		r := find(g.rules, func(r *groupRule) bool { return named.same(r) })
		if r == nil {
			return nil, failure("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		doomed = append(doomed, r)
	}
	out := struct {
		Return  bool             `xml:"return"`
		Revoked list[revokedXML] `xml:"revokedSecurityGroupRuleSet"`
	}{Return: true}
	for _, r := range doomed {
		g.rules = without(g.rules, r)
		out.Revoked = append(out.Revoked, revokedXML{r.id, g.id, r.egress, r.protocol, r.from, r.to, r.cidr, r.cidr6, r.prefix, r.group})
	}
	c.effect = changed
	return out, nil
}
