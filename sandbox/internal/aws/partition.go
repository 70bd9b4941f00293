package awsworld

import "strings"

// arn names something in this world's partition.
func (w *World) arn(service, region, account, resource string) string {
	return strings.Join([]string{"arn", "aws", service, region, account, resource}, ":")
}
