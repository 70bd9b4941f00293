package oktaorg

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// shape is what the answer to a request has to look like. The SDK takes an empty body, null and {} for an answer in which
// everything happens to be empty, so that the end of a list, or somebody without a login, is believed.
type shape int

const (
	// aThing is an object with an ID.
	aThing shape = iota
	// aSetting is an object that needs no ID.
	aSetting
	// aList is a list of things with IDs; it may be empty.
	aList
	// aDocument is anything but nothing.
	aDocument
	// nothing has to come, and whatever comes is not read.
	nothing
)

type shapeKey struct{}

// wanting tells the guard what the answer to a request has to look like.
func wanting(ctx context.Context, want shape) context.Context {
	return context.WithValue(ctx, shapeKey{}, want)
}

// misfit is a success without the answer that belongs to it.
type misfit struct {
	status int
	came   string
}

func (e *misfit) Error() string { return fmt.Sprintf("HTTP %d with %s", e.status, e.came) }

// checkShape reads the answer, and puts it back for the SDK.
func checkShape(ctx context.Context, resp *http.Response) error {
	want, ok := ctx.Value(shapeKey{}).(shape)
	if !ok || want == nothing {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it was read to its end
	if err != nil {
		return fmt.Errorf("HTTP %d with an answer that broke off: %w", resp.StatusCode, unexpectedEnd(err))
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if came := unfit(want, bytes.TrimSpace(body)); came != "" {
		return &misfit{status: resp.StatusCode, came: came}
	}
	return nil
}

// unfit says what came instead of what was wanted; "" where it fits.
func unfit(want shape, body []byte) string {
	if len(body) == 0 {
		return "an empty body"
	}
	if want == aDocument {
		return ""
	}
	belongs, begin := "an object", byte('{')
	if want == aList {
		belongs, begin = "a list", '['
	}
	if body[0] != begin {
		return kindOf(body) + " where " + belongs + " belongs"
	}
	// Pages are large, so that none is read more often than it must be: unmarshalling finds broken JSON by itself.
	switch want {
	case aThing:
		var thing identified
		if err := json.Unmarshal(body, &thing); isBroken(err) {
			return brokenJSON
		} else if err != nil || thing.ID == "" {
			return "an object without an ID"
		}
	case aList:
		var things []identified
		if err := json.Unmarshal(body, &things); isBroken(err) {
			return brokenJSON
		} else if err != nil {
			return "a list of something else"
		}
		for _, thing := range things {
			if thing.ID == "" && thing.UUID == "" {
				return "a list with an element that has no ID"
			}
		}
	default:
		if !json.Valid(body) {
			return brokenJSON
		}
	}
	return ""
}

const brokenJSON = "broken JSON"

func isBroken(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax)
}

// identified is what all of Okta's things have; events of the System Log have a UUID.
type identified struct {
	ID   string `json:"id"`
	UUID string `json:"uuid"`
}

func kindOf(body []byte) string {
	switch {
	case string(body) == "null":
		return "null"
	case !json.Valid(body):
		return "what is no JSON"
	case body[0] == '{':
		return "an object"
	case body[0] == '[':
		return "a list"
	}
	return "a single value"
}
