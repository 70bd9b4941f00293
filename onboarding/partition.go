package onboarding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Partition is a part of AWS with its own accounts, ARNs and hosts. It is the one place that knows how hosts are called there: every
// link and every check of an address is made from it.
type Partition struct {
	// ID is the second part of ARNs: aws, aws-cn, aws-us-gov or aws-eusc (IAM User Guide, "Amazon Resource Names").
	ID string
	// console is the domain of the management console; a Region's host lies below it.
	console string
	// endpoints is the domain of the APIs, and of SCIM (the SDKs' partitions.json).
	endpoints string
	// signIn are the domains of sign-in; a Region's host lies below each, with "sso." before the domain or without.
	signIn []string
	// portals are the domains of access portals.
	portals []string
	// portal is the access portal that every instance has, for fmt with Region and identity store; empty where that is not known.
	portal string
	// health is the Region in which AWS Health answers; empty: in each Region its own.
	health string
}

// partitions are found by the prefix of a Region's code; the last one takes every other Region. Sources: IAM Identity Center User Guide,
// "Allowing access to required domains" and "Using IAM Identity Center across multiple AWS Regions"; AWS GovCloud (US) User Guide, "AWS
// IAM Identity Center"; AWS Health User Guide, "Accessing the AWS Health API".
//
// Of the European Sovereign Cloud the endpoints reference (docs.aws.eu) gives console and sign-in hosts below amazonaws-eusc.eu. Which
// host its Identity Center shows for SAML, and whether portals have an address without an instance's ID, is not verified: both known
// domains are taken, and the portal has to be given. China's sign-in hosts are not verified either.
var partitions = []struct {
	prefix string
	Partition
}{
	{"cn-", Partition{ID: "aws-cn", console: "console.amazonaws.cn", endpoints: "amazonaws.com.cn",
		signIn:  []string{"signin.amazonaws.cn", "signin.amazonaws.com.cn", "signin.amazonwebservices.com.cn"},
		portals: []string{"awsapps.cn", "portal.amazonaws.com.cn", "app.amazonwebservices.com.cn"},
		portal:  "https://start.%[1]s.home.awsapps.cn/directory/%[2]s", health: "cn-northwest-1"}},
	{"us-gov-", Partition{ID: "aws-us-gov", console: "console.amazonaws-us-gov.com", endpoints: "amazonaws.com",
		signIn:  []string{"signin.amazonaws-us-gov.com", "signin.aws", "signin.aws.amazon.com"},
		portals: []string{"awsapps.com", "portal.amazonaws.com", "app.aws"},
		portal:  "https://start.us-gov-home.awsapps.com/directory/%[2]s", health: "us-gov-west-1"}},
	{"eusc-", Partition{ID: "aws-eusc", console: "console.amazonaws-eusc.eu", endpoints: "amazonaws.eu",
		signIn:  []string{"signin.amazonaws.eu", "signin.amazonaws-eusc.eu"},
		portals: []string{"portal.amazonaws.eu"}}},
	{"", Partition{ID: "aws", console: "console.aws.amazon.com", endpoints: "amazonaws.com",
		signIn:  []string{"signin.aws", "signin.aws.amazon.com"},
		portals: []string{"awsapps.com", "portal.amazonaws.com", "app.aws"},
		portal:  "https://%[2]s.awsapps.com/start", health: "us-east-1"}},
}

// PartitionOf is the partition of a Region.
func PartitionOf(region string) Partition {
	for _, partition := range partitions {
		if strings.HasPrefix(region, partition.prefix) {
			return partition.Partition
		}
	}
	panic("unreachable: the last prefix is empty")
}

// ConsoleURL is a page of the management console in a Region. The path begins without a slash.
func ConsoleURL(region, path string) string {
	return fmt.Sprintf("https://%s.%s/%s", region, PartitionOf(region).console, path)
}

// IdentityCenterURL is a page of the IAM Identity Center console in a Region, such as /settings; the first one where page is empty.
func IdentityCenterURL(region, page string) string {
	return ConsoleURL(region, "singlesignon/home?region="+region+"#!"+page)
}

// regionCode is the shape of a Region's code.
var regionCode = regexp.MustCompile(`^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$`)

// SignInRegion is the Region of a host at which Identity Center takes SAML assertions: {region}.signin.aws and its like, as their
// partition has them. Empty for any other host.
func SignInRegion(host string) string {
	region, rest, _ := strings.Cut(host, ".")
	if !regionCode.MatchString(region) || !slices.Contains(PartitionOf(region).signIn, strings.TrimPrefix(rest, "sso.")) {
		return ""
	}
	return region
}

// SCIMRegion is the Region of a host of SCIM endpoints (SCIM implementation developer guide, base URL): scim.{region}.amazonaws.com and
// its like. Empty for any other host.
func SCIMRegion(host string) string {
	rest, scim := strings.CutPrefix(host, "scim.")
	region, domain, _ := strings.Cut(rest, ".")
	if !scim || !regionCode.MatchString(region) || PartitionOf(region).endpoints != domain {
		return ""
	}
	return region
}

// HasPortal says whether a host is one of access portals, with an alias of one's own or without.
func (p Partition) HasPortal(host string) bool {
	return slices.ContainsFunc(p.portals, func(domain string) bool { return strings.HasSuffix("."+host, "."+domain) })
}

// PortalURL is the access portal that an instance has besides its alias; empty where the partition has no such address that can be made
// from the identity store's ID.
func PortalURL(region, identityStoreID string) string {
	if portal := PartitionOf(region).portal; portal != "" {
		return fmt.Sprintf(portal, region, identityStoreID)
	}
	return ""
}

// HealthRegion is the Region in which AWS Health answers for another one.
func HealthRegion(region string) string {
	if health := PartitionOf(region).health; health != "" {
		return health
	}
	return region
}
