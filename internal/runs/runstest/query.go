package runstest

import (
	"regexp"
	"slices"
	"strings"

	"go.temporal.io/api/workflow/v1"
)

var (
	equal  = regexp.MustCompile(`(WorkflowType|ExecutionStatus|WorkflowId) = '([^']*)'`)
	begins = regexp.MustCompile(`WorkflowId STARTS_WITH '([^']*)'`)
	among  = regexp.MustCompile(`WorkflowId IN \(([^)]*)\)`)
)

// Matches says whether the server would list an execution for a query of those that are made here: of one type, in one status, with
// one of several workflow IDs or beginnings of them.
func Matches(query string, info *workflow.WorkflowExecutionInfo) bool {
	id, identified, fits := info.GetExecution().GetWorkflowId(), false, false
	for _, term := range equal.FindAllStringSubmatch(query, -1) {
		switch {
		case term[1] == "WorkflowType" && term[2] != info.GetType().GetName(),
			term[1] == "ExecutionStatus" && term[2] != info.GetStatus().String():
			return false
		case term[1] == "WorkflowId":
			identified, fits = true, fits || term[2] == id
		}
	}
	for _, term := range begins.FindAllStringSubmatch(query, -1) {
		identified, fits = true, fits || strings.HasPrefix(id, term[1])
	}
	for _, term := range among.FindAllStringSubmatch(query, -1) {
		identified, fits = true, fits || slices.Contains(strings.Split(strings.Trim(term[1], "'"), "', '"), id)
	}
	return fits || !identified
}
