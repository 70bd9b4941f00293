package okta

import (
	"net/http"
	"strings"
)

// apiError is an error in Okta's shape (Okta developer documentation, "Okta API error codes").
type apiError struct {
	status  int
	code    string
	summary string
	causes  []string
}

func (e *apiError) Error() string { return e.code + ": " + e.summary }

// first is what a person in the console gets to read: the cause, or the summary where there is no cause.
func (e *apiError) first() string {
	if len(e.causes) > 0 {
		return e.causes[0]
	}
	return e.summary
}

func invalid(what string, causes ...string) *apiError {
	return &apiError{http.StatusBadRequest, "E0000001", "Api validation failed: " + what, causes}
}

func notFound(id, kind string) *apiError {
	return &apiError{http.StatusNotFound, "E0000007", "Not found: Resource not found: " + id + " (" + kind + ")", nil}
}

func badFilter(detail string) *apiError {
	return &apiError{http.StatusBadRequest, "E0000053", "Invalid filter '" + detail + "'", nil}
}

func malformed() *apiError {
	return &apiError{http.StatusBadRequest, "E0000003", "The request body was not well-formed.", nil}
}

func invalidToken() *apiError {
	return &apiError{http.StatusUnauthorized, "E0000011", "Invalid token provided", nil}
}

func noPermission() *apiError {
	return &apiError{http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action", nil}
}

func noSuchPath() *apiError {
	return &apiError{http.StatusNotFound, "E0000008", "The requested path was not found", nil}
}

func wrongMethod() *apiError {
	return &apiError{http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method", nil}
}

func tooManyRequests() *apiError {
	return &apiError{http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.", nil}
}

func internalError() *apiError {
	return &apiError{http.StatusInternalServerError, "E0000009", "Internal Server Error", nil}
}

func alreadyAssigned() *apiError {
	return &apiError{http.StatusConflict, "E0000062", "The given user is already assigned to the application.", nil}
}

func badGroupPush(detail string) *apiError {
	return &apiError{http.StatusBadRequest, "E0000027", "Group push bad request : " + detail, nil}
}

func (e *apiError) body(id string) map[string]any {
	causes := make([]map[string]string, 0, len(e.causes))
	for _, cause := range e.causes {
		causes = append(causes, map[string]string{"errorSummary": cause})
	}
	return map[string]any{
		"errorCode": e.code, "errorSummary": e.summary, "errorLink": e.code, "errorId": "oae" + strings.ReplaceAll(id, "-", ""),
		"errorCauses": causes,
	}
}
