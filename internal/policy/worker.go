package policy

import (
	"cmp"
	"strings"
)

// own is what the worker's own credentials need besides the sides that they serve.
func (n needs) own(roles []string) []Statement {
	var statements []Statement
	if len(roles) > 0 {
		statements = append(statements, allow("AssumeRoles", roles, "sts:AssumeRole"))
	}
	if n.options.Secret != "" {
		statements = append(statements, allow("ReadScimToken", []string{n.options.Secret}, "secretsmanager:GetSecretValue"))
	}
	return statements
}

// trust is the trust policy of a role that the worker assumes: for one named principal.
func (n needs) trust() *Document {
	return &Document{Version: "2012-10-17", Statement: []Statement{{
		Sid: "Worker", Effect: "Allow", Principal: map[string]string{"AWS": cmp.Or(n.options.Worker, WorkerPlaceholder)},
		Action: []string{"sts:AssumeRole"},
	}}}
}

// store is what the lists of people need in their bucket, and nothing outside the prefix. Listing has no condition s3:prefix: S3 says of an
// object that is not there that it is not there only to those who may list the bucket, and a read of an object has no prefix (Amazon S3 API
// Reference, "GetObject").
func (n needs) store() []Statement {
	bucket, prefix := bucketOf(n.options.Store)
	resource := "arn:" + n.partition + ":s3:::" + bucket
	objects := resource + "/*"
	if prefix != "" {
		objects = resource + "/" + prefix + "/*"
	}
	return []Statement{
		allow("StoreList", []string{resource}, "s3:ListBucket"),
		allow("StoreObjects", []string{objects}, "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
	}
}

// bucketOf takes s3://BUCKET/PREFIX?SETTINGS apart.
func bucketOf(address string) (bucket, prefix string) {
	path, _, _ := strings.Cut(strings.TrimPrefix(address, "s3://"), "?")
	bucket, prefix, _ = strings.Cut(path, "/")
	return bucket, strings.Trim(prefix, "/")
}
