package workerhost

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// agreed is what the memo of one of the namespace's Store workflows says.
type agreed struct {
	ID      string `json:"id"`
	Address string `json:"address"`
}

// memoStore is the key in the memo.
const memoStore = "store"

// OtherStoreError says that the workers of the namespace agreed on another store than this worker has.
type OtherStoreError struct {
	Ours, OurAddress      string
	Agreed, AgreedAddress string
}

// Error names both, and what to do.
func (e *OtherStoreError) Error() string {
	return fmt.Sprintf("this worker has the store %s (%s), but the workers of this namespace agreed on %s (%s); with two of them lists would be "+
		"mixed, and the memory of who had access lost → give this worker that store (--store, STORE); or, where it is gone or was moved, stop "+
		"the other workers and start this one once with --adopt-store",
		e.OurAddress, e.Ours, e.AgreedAddress, e.Agreed)
}

// OtherOrgError says that the workers of the namespace serve another Okta org than this worker has credentials for.
type OtherOrgError struct{ Ours, Agreed string }

// Error names both, and what to do.
func (e *OtherOrgError) Error() string {
	return fmt.Sprintf("this worker has credentials for the Okta org %s, but the workers of this namespace serve %s; with two of them people would "+
		"be looked for in the wrong org, and lose access → give each org a Temporal namespace of its own (--namespace, TEMPORAL_NAMESPACE); or, "+
		"where it is the same org under another address, stop the other workers and start this one once with --adopt-okta",
		e.Ours, e.Agreed)
}

// AgreeOnStore has all workers of the namespace use one store: the first one's. An *OtherStoreError says that this worker has
// another. Run begins with it.
func (h *Host) AgreeOnStore(ctx context.Context) error {
	id, err := h.store.ID(ctx)
	if err != nil {
		return err
	}
	ours := agreed{ID: id, Address: h.store.Address()}
	theirs, err := h.agree(ctx, onboarding.StoreID, "Which store the workers agreed on. Leave it open.", ours, h.adopt)
	if err == nil && theirs.ID != ours.ID {
		return &OtherStoreError{Ours: ours.ID, OurAddress: ours.Address, Agreed: theirs.ID, AgreedAddress: theirs.Address}
	}
	return err
}

// AgreeOnOkta has all workers of the namespace serve one Okta org: the first one's. An *OtherOrgError says that this worker has
// another. Run begins with it.
func (h *Host) AgreeOnOkta(ctx context.Context) error {
	ours := agreed{ID: strings.ToLower(strings.TrimSuffix(h.okta.URL(), "/")), Address: h.okta.URL()}
	theirs, err := h.agree(ctx, onboarding.OktaOrgID, "Which Okta org the workers serve. Leave it open.", ours, h.adoptOkta)
	if err == nil && theirs.ID != ours.ID {
		return &OtherOrgError{Ours: ours.Address, Agreed: theirs.Address}
	}
	return err
}

// agree answers with what the workers of the namespace agreed on: ours, where nobody was before us, or where ours is to be adopted.
func (h *Host) agree(ctx context.Context, workflowID, summary string, ours agreed, adopt bool) (agreed, error) {
	policy := enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	if adopt {
		theirs, err := h.agreed(ctx, workflowID)
		var missing *serviceerror.NotFound
		switch {
		case err == nil && theirs.ID == ours.ID, errors.As(err, &missing):
		case err != nil:
			return agreed{}, err
		default:
			policy = enums.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
		}
	}
	_, err := h.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflowID, TaskQueue: onboarding.TaskQueue, Memo: map[string]any{memoStore: ours},
		WorkflowIDConflictPolicy: policy, WorkflowExecutionErrorWhenAlreadyStarted: true, StaticSummary: summary,
	}, onboarding.WorkflowStore)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case err == nil:
		return ours, nil
	case errors.As(err, &already):
		return h.agreed(ctx, workflowID)
	}
	return agreed{}, fmt.Errorf("agree with the other workers of the namespace (workflow %s): %w", workflowID, err)
}

func (h *Host) agreed(ctx context.Context, workflowID string) (agreed, error) {
	var is agreed
	description, err := h.client.DescribeWorkflow(ctx, workflowID, "")
	if err == nil {
		err = description.GetMemoValue(memoStore, &is)
	}
	if err != nil {
		return agreed{}, fmt.Errorf("find out what the workers of this namespace agreed on (workflow %s): %w", workflowID, err)
	}
	return is, nil
}
