package awsworld

import "strings"

// partition is a group of Regions with names of its own. Accounts and everything in them belong to one.
type partition struct {
	// id stands in ARNs; suffix is that of the services' hosts.
	id, suffix string
	// signIn is the host of SAML issuers, behind the Region; acs that of the endpoints that take assertions.
	signIn, acs string
	// studio is the host of Studio domains, behind the Region.
	studio string
	// global is where CloudTrail has the events of services without Regions.
	global  string
	regions []string
}

// partitionOf is the partition of a Region. Sources: botocore's partitions.json, and the URLs of the IAM Identity Center User Guide; the
// SAML hosts outside of the standard partition and Studio's in the European Sovereign Cloud are unverified.
func partitionOf(region string) partition {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return partition{
			id: "aws-cn", suffix: "amazonaws.com.cn", signIn: "signin.amazonaws.cn", acs: "signin.amazonaws.cn", studio: "sagemaker.com.cn",
			global: "cn-northwest-1", regions: []string{"cn-north-1", "cn-northwest-1"},
		}
	case strings.HasPrefix(region, "us-gov-"):
		return partition{
			id: "aws-us-gov", suffix: "amazonaws.com", signIn: "signin.amazonaws-us-gov.com", acs: "signin.amazonaws-us-gov.com", studio: "sagemaker.aws",
			global: "us-gov-west-1", regions: []string{"us-gov-east-1", "us-gov-west-1"},
		}
	case strings.HasPrefix(region, "eusc-"):
		return partition{
			id: "aws-eusc", suffix: "amazonaws.eu", signIn: "signin.amazonaws.eu", acs: "signin.amazonaws.eu", studio: "sagemaker.amazonaws.eu",
			global: "eusc-de-east-1", regions: []string{"eusc-de-east-1"},
		}
	}
	return partition{
		id: "aws", suffix: "amazonaws.com", signIn: "signin.aws.amazon.com", acs: "sso.signin.aws", studio: "sagemaker.aws", global: "us-east-1",
		regions: []string{"us-east-1", "us-east-2", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-2"},
	}
}

// arn names something in the partition.
func (p partition) arn(service, region, account, resource string) string {
	return strings.Join([]string{"arn", p.id, service, region, account, resource}, ":")
}

// arn names something in this world's partition.
func (w *World) arn(service, region, account, resource string) string {
	return partitionOf(w.region).arn(service, region, account, resource)
}

// portalURL is the address of the AWS access portal (IAM Identity Center User Guide, "Using the AWS access portal").
func (i *instance) portalURL() string {
	switch store := i.directory.id; partitionOf(i.region).id {
	case "aws-cn":
		return "https://start." + i.region + ".home.awsapps.cn/directory/" + store
	case "aws-us-gov":
		return "https://start.us-gov-home.awsapps.com/directory/" + store
	case "aws-eusc":
		return "https://" + i.id + "." + i.region + ".portal.amazonaws.eu"
	default:
		return "https://" + store + ".awsapps.com/start"
	}
}
