package awsworld

import (
	"fmt"
	"net/http"
)

// apiError is an error answer. The code is as the service's protocol spells it.
type apiError struct {
	code    string
	message string
	// status defaults to 400, which AWS JSON services use for every client error.
	status int
	// members are further members of the modelled error.
	members map[string]any
	// retryAfter is sent as a header, in seconds, when it is above 0.
	retryAfter int
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func (e *apiError) httpStatus() int {
	if e.status == 0 {
		return http.StatusBadRequest
	}
	return e.status
}

func failure(code, format string, args ...any) *apiError {
	return &apiError{code: code, message: fmt.Sprintf(format, args...)}
}

// invalid is the validation error that the AWS JSON services share.
func invalid(format string, args ...any) *apiError {
	return failure("ValidationException", format, args...)
}

// with sets the HTTP status, for query services.
func (e *apiError) with(status int) *apiError {
	e.status = status
	return e
}

// having adds a member to the modelled error.
func (e *apiError) having(name string, value any) *apiError {
	if e.members == nil {
		e.members = map[string]any{}
	}
	e.members[name] = value
	return e
}
