package awsworld

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"studio-onboarding/sandbox/internal/simulation"
)

// s3Service is the one service of this world with a REST protocol. It has buckets, and nothing in them.
const s3Service = "s3"

// bucket is an S3 bucket. Names are unique across all accounts.
type bucket struct{ name, account, region string }

// s3Operations are the calls that are known, by their HTTP method.
func s3Operations() map[string]string {
	return map[string]string{http.MethodHead: "HeadBucket", http.MethodPut: "CreateBucket"}
}

// serveS3 answers a call with a bucket's name in its path ("path style").
func (w *World) serveS3(rw http.ResponseWriter, r *http.Request, body []byte, signed scope) {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	c := &call{world: w, service: s3Service, region: signed.region, operation: s3Operations()[r.Method], request: uuid.NewString(),
		params: map[string]string{"Bucket": name}}
	w.mu.Lock()
	err := c.performS3(r, body, signed, name, key != "")
	where := ""
	if b := w.bucket(name); b != nil {
		where = b.region
	}
	w.mu.Unlock()

	simulation.Pause(r.Context(), c.delay)
	switch c.fault {
	case simulation.FaultReset, simulation.FaultLostAnswer:
		c.log(0, err)
		hangUp(rw)
		return
	case simulation.FaultHTML:
		c.log(http.StatusServiceUnavailable, nil)
		serveHTML(rw)
		return
	}
	if where != "" {
		rw.Header().Set("X-Amz-Bucket-Region", where)
	}
	rw.Header().Set("X-Amz-Request-Id", c.request)
	status := http.StatusOK
	if refused, ok := err.(*apiError); ok {
		status = refused.httpStatus()
	}
	c.log(status, err)
	if err == nil {
		rw.WriteHeader(status)
		return
	}
	rw.Header().Set("Content-Type", "application/xml")
	rw.WriteHeader(status)
	if r.Method != http.MethodHead {
		refused := err.(*apiError)
		fmt.Fprintf(rw, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId></Error>",
			refused.code, escaped(refused.message), c.request)
	}
}

func (w *World) bucket(name string) *bucket {
	return find(w.buckets, func(b *bucket) bool { return b.name == name })
}

// performS3 does a call. Its errors are *apiErrors.
func (c *call) performS3(r *http.Request, body []byte, signed scope, name string, more bool) error {
	w := c.world
	if c.operation == "" || name == "" || more {
		return failure("NotImplemented", "The sandbox knows buckets only, and of them HeadBucket and CreateBucket.").with(http.StatusNotImplemented)
	}
	who, err := w.authenticate(r, body, signed)
	if err != nil {
		return failure("SignatureDoesNotMatch", "%s", err).with(http.StatusForbidden)
	}
	c.principal, c.account = who, who.account
	action := "s3:ListBucket"
	if c.operation == "CreateBucket" {
		action = "s3:CreateBucket"
	}
	c.action = action
	if fault, hit := w.faults.Match(c.subject()); hit {
		c.fault, c.delay = fault.Kind, 0
		switch fault.Kind {
		case simulation.FaultDeny:
			return failure("AccessDenied", "Access Denied").with(http.StatusForbidden)
		case simulation.FaultThrottle:
			return failure("SlowDown", "Please reduce your request rate.").with(http.StatusServiceUnavailable)
		case simulation.FaultError:
			return failure("InternalError", "We encountered an internal error. Please try again.").with(http.StatusInternalServerError)
		case simulation.FaultConflict:
			return failure("OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Try again.").with(http.StatusConflict)
		case simulation.FaultReset, simulation.FaultHTML, simulation.FaultLostWrite:
			return nil
		}
	}
	b := w.bucket(name)
	if c.authorize(action, w.arn("s3", "", "", name)) != nil || b != nil && b.account != c.account {
		return failure("AccessDenied", "Access Denied").with(http.StatusForbidden)
	}
	switch {
	case c.operation == "HeadBucket" && b == nil:
		return failure("NoSuchBucket", "The specified bucket does not exist").with(http.StatusNotFound)
	case c.operation == "HeadBucket":
		return nil
	case b != nil:
		return failure("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.").with(http.StatusConflict)
	}
	w.buckets = append(w.buckets, &bucket{name: name, account: c.account, region: c.region})
	c.effect = created
	return nil
}
