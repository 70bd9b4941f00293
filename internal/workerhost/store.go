package workerhost

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// agreed is what the memo of the namespace's Store workflow says.
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

// AgreeOnStore has all workers of the namespace use one store: the first one's. An *OtherStoreError says that this worker has
// another. Run begins with it.
func (h *Host) AgreeOnStore(ctx context.Context) error {
	id, err := h.store.ID(ctx)
	if err != nil {
		return err
	}
	ours := agreed{ID: id, Address: h.store.Address()}
	policy := enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	if h.adopt {
		theirs, err := h.agreedStore(ctx)
		var missing *serviceerror.NotFound
		switch {
		case err == nil && theirs.ID == id, errors.As(err, &missing):
		case err != nil:
			return err
		default:
			policy = enums.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
		}
	}
	_, err = h.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: onboarding.StoreID, TaskQueue: onboarding.TaskQueue, Memo: map[string]any{memoStore: ours},
		WorkflowIDConflictPolicy: policy, WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary: "Which store the workers agreed on. Leave it open.",
	}, onboarding.WorkflowStore)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err == nil {
		return nil
	} else if !errors.As(err, &already) {
		return fmt.Errorf("agree with the other workers on the store: %w", err)
	}
	theirs, err := h.agreedStore(ctx)
	if err != nil {
		return err
	}
	if theirs.ID != ours.ID {
		return &OtherStoreError{Ours: ours.ID, OurAddress: ours.Address, Agreed: theirs.ID, AgreedAddress: theirs.Address}
	}
	return nil
}

func (h *Host) agreedStore(ctx context.Context) (agreed, error) {
	var is agreed
	description, err := h.client.DescribeWorkflow(ctx, onboarding.StoreID, "")
	if err == nil {
		err = description.GetMemoValue(memoStore, &is)
	}
	if err != nil {
		return agreed{}, fmt.Errorf("find out which store the workers of this namespace agreed on: %w", err)
	}
	return is, nil
}
