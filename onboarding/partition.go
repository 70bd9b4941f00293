package onboarding

import "strings"

// Partition is the AWS partition of a Region, the second part of its ARNs: aws, aws-cn, aws-us-gov or aws-eusc (IAM User Guide,
// "Amazon Resource Names").
func Partition(region string) string {
	for prefix, partition := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"} {
		if strings.HasPrefix(region, prefix) {
			return partition
		}
	}
	return "aws"
}
