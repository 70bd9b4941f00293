package awsworld

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"studio-onboarding/sandbox/internal/aws/model"
)

// stamp is a time on the wire: seconds since the epoch in JSON, ISO 8601 in XML.
type stamp struct{ time.Time }

// MarshalJSON writes epoch seconds with milliseconds.
func (s stamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s.UnixMilli())/1000, 'f', 3, 64), nil
}

// MarshalText writes ISO 8601 in UTC.
func (s stamp) MarshalText() ([]byte, error) {
	return []byte(s.UTC().Format("2006-01-02T15:04:05Z")), nil
}

// answer writes the output or the error in the service's protocol, and logs the call.
func (c *call) answer(rw http.ResponseWriter, output any, err error) {
	var refused *apiError
	if err != nil && !errors.As(err, &refused) {
		refused = failure("InternalFailure", "%s", err).with(http.StatusInternalServerError)
	}
	var body []byte
	status, contentType := http.StatusOK, "text/xml"
	if c.protocol == model.JSON {
		contentType = "application/x-amz-json-1.1"
	}
	if refused != nil {
		status, body = refused.httpStatus(), c.encodeError(refused)
	} else if body, err = c.encode(output); err != nil {
		refused = failure("InternalFailure", "%s", err)
		status, body = http.StatusInternalServerError, c.encodeError(refused)
	}
	header := rw.Header()
	header.Set("Content-Type", contentType)
	header.Set("X-Amzn-Requestid", c.request)
	if refused != nil && refused.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(refused.retryAfter))
	}
	if refused != nil {
		c.log(status, refused)
	} else {
		c.log(status, nil)
	}
	rw.WriteHeader(status)
	rw.Write(body)
}

func (c *call) encode(output any) ([]byte, error) {
	if output == nil {
		output = struct{}{}
	}
	if c.protocol == model.JSON {
		return json.Marshal(output)
	}
	inner, err := elements(output)
	if err != nil {
		return nil, err
	}
	namespace := c.world.models[c.service].XMLNamespace
	if c.protocol == model.EC2 {
		return fmt.Appendf(nil, "%s<%sResponse xmlns=%q><requestId>%s</requestId>%s</%sResponse>",
			xml.Header, c.operation, namespace, c.request, inner, c.operation), nil
	}
	return fmt.Appendf(nil, "<%[1]sResponse xmlns=%[2]q><%[1]sResult>%[3]s</%[1]sResult><ResponseMetadata><RequestId>%[4]s</RequestId></ResponseMetadata></%[1]sResponse>",
		c.operation, namespace, inner, c.request), nil
}

// elements encodes the fields of a struct without an element around them.
func elements(output any) ([]byte, error) {
	var buffer bytes.Buffer
	err := xml.NewEncoder(&buffer).EncodeElement(output, xml.StartElement{Name: xml.Name{Local: "x"}})
	return bytes.TrimSuffix(bytes.TrimPrefix(buffer.Bytes(), []byte("<x>")), []byte("</x>")), err
}

func (c *call) encodeError(refused *apiError) []byte {
	switch c.protocol {
	case model.JSON:
		// Modelled errors call the message Message or message as their model says; the others say message.
		name := "message"
		if service := c.world.models[c.service]; service != nil && service.Errors[refused.code] != "" {
			name = service.Errors[refused.code]
		}
		body := map[string]any{"__type": refused.code, name: refused.message}
		for member, value := range refused.members {
			body[member] = value
		}
		data, _ := json.Marshal(body)
		return data
	case model.EC2:
		return fmt.Appendf(nil, "%s<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>",
			xml.Header, refused.code, escaped(refused.message), c.request)
	default:
		kind := "Sender"
		if refused.httpStatus() >= http.StatusInternalServerError {
			kind = "Receiver"
		}
		return fmt.Appendf(nil, "<ErrorResponse xmlns=%q><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			c.world.models[c.service].XMLNamespace, kind, refused.code, escaped(refused.message), c.request)
	}
}

func escaped(text string) string {
	var buffer bytes.Buffer
	_ = xml.EscapeText(&buffer, []byte(text)) // a bytes.Buffer doesn't fail
	return buffer.String()
}
