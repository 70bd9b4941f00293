package awscloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// strict makes an error of every answer that is none: an empty body, null, a web page, a page without its list, a description
// without its thing. The SDK takes all of them for an answer that happens to be empty, and whoever lists would believe that
// nobody is there. It looks at the protocols that name themselves in the request, AWS JSON and AWS Query (EC2's included).
func strict(stack *middleware.Stack) error {
	const decoder = "OperationDeserializer"
	err := stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc(product+"/keep-body", keepBody), decoder, middleware.After)
	if err != nil {
		return err
	}
	return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc(product+"/strict", checkAnswer), decoder, middleware.Before)
}

// protocol is how an operation's answer is written.
type protocol int

const (
	otherProtocol protocol = iota
	jsonProtocol
	queryProtocol
)

func protocolOf(request any) protocol {
	req, ok := request.(*smithyhttp.Request)
	if !ok {
		return otherProtocol
	}
	switch kind := req.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "application/x-amz-json-"):
		return jsonProtocol
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		return queryProtocol
	}
	return otherProtocol
}

// kept is the body of the answer under way: the decoder reads it before the answer can be judged as a whole.
type kept struct{ body []byte }

type keptKey struct{}

// keepBody stands between the network and the decoder.
func keepBody(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	keep, _ := ctx.Value(keptKey{}).(*kept)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || keep == nil {
		return out, metadata, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // it was read to its end
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return out, metadata, &smithy.DeserializationError{Err: fmt.Errorf("read the answer: %w", err)}
	}
	keep.body = bytes.TrimSpace(body)
	if response.StatusCode/100 != 2 {
		// A code in the header is an error of the service's all the same.
		if came := noMessage(keep.body); came != "" && response.Header.Get("X-Amzn-ErrorType") == "" {
			return out, metadata, &misfit{status: response.StatusCode, came: came}
		}
	}
	return out, metadata, nil
}

// checkAnswer stands around the decoder.
func checkAnswer(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	written := protocolOf(in.Request)
	if written == otherProtocol {
		return next.HandleDeserialize(ctx, in)
	}
	keep := &kept{}
	out, metadata, err := next.HandleDeserialize(context.WithValue(ctx, keptKey{}, keep), in)
	var unread *smithy.DeserializationError
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok || response.StatusCode/100 != 2 || err != nil && (!errors.As(err, &unread) || keep.body == nil) {
		return out, metadata, err
	}
	operation := middleware.GetOperationName(ctx)
	came := ""
	if written == jsonProtocol {
		came = unfitJSON(operation, out.Result, keep.body)
	} else {
		came = unfitXML(operation, out.Result, keep.body, middleware.GetServiceID(ctx) == "EC2")
	}
	if came == "" && err != nil {
		came = "values of a wrong type" // without them: they may be anything
	}
	if came == "" {
		return out, metadata, nil
	}
	wrong := &misfit{status: response.StatusCode, came: came}
	if reads(operation) {
		return out, metadata, &misread{wrong}
	}
	return out, metadata, wrong
}

// misfit is an answer that the API does not give: something between it and the worker, or something broken, gave it.
type misfit struct {
	status int
	came   string
}

func (e *misfit) Error() string {
	return fmt.Sprintf("HTTP %d with %s, an answer that no AWS API gives.", e.status, e.came)
}

// misread is the misfit of a call that only reads. The SDK asks again, so that one broken page does not end a listing of
// thousands; a write is not sent again, as it may have had its effect.
type misread struct{ *misfit }

// RetryableError is how the SDK knows.
func (*misread) RetryableError() bool { return true }

// Unwrap makes it a misfit.
func (e *misread) Unwrap() error { return e.misfit }

func reads(operation string) bool {
	switch verb, _ := verbOf(operation); verb {
	case "List", "Describe", "Get", "Lookup", "Simulate":
		return true
	}
	return false
}

// verbOf splits DescribeUserProfile into Describe and UserProfile.
func verbOf(operation string) (verb, noun string) {
	for i, letter := range operation {
		if i > 0 && letter >= 'A' && letter <= 'Z' {
			return operation[:i], operation[i:]
		}
	}
	return operation, ""
}
