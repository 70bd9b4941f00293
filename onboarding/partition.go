package onboarding

// Partition is the AWS partition of a Region, the second part of its ARNs: aws, aws-cn, aws-us-gov or aws-eusc.
func Partition(region string) string { return partitionOf(region) }
