package runstest

import (
	"context"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// Schedules is a client.ScheduleClient that keeps schedules in memory.
type Schedules struct {
	client.ScheduleClient
	// Made are the schedules by ID, with what they were made with or last changed to.
	Made map[string]client.ScheduleOptions
	// Info is what the server knows of each.
	Info client.ScheduleInfo
	// Changed counts updates.
	Changed int
}

// ScheduleClient implements client.Client.
func (f *Fake) ScheduleClient() client.ScheduleClient { return &f.Schedules }

// Create implements client.ScheduleClient.
func (s *Schedules) Create(_ context.Context, options client.ScheduleOptions) (client.ScheduleHandle, error) {
	if _, there := s.Made[options.ID]; there {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	if s.Made == nil {
		s.Made = map[string]client.ScheduleOptions{}
	}
	s.Made[options.ID] = options
	return s.GetHandle(context.Background(), options.ID), nil
}

// GetHandle implements client.ScheduleClient.
func (s *Schedules) GetHandle(_ context.Context, id string) client.ScheduleHandle {
	return schedule{schedules: s, id: id}
}

type schedule struct {
	client.ScheduleHandle
	schedules *Schedules
	id        string
}

func (h schedule) GetID() string { return h.id }

func (h schedule) found() (client.ScheduleOptions, error) {
	options, there := h.schedules.Made[h.id]
	if !there {
		return options, serviceerror.NewNotFound("schedule not found")
	}
	return options, nil
}

func (h schedule) Delete(context.Context) error {
	_, err := h.found()
	delete(h.schedules.Made, h.id)
	return err
}

func (h schedule) Update(_ context.Context, update client.ScheduleUpdateOptions) error {
	options, err := h.found()
	if err != nil {
		return err
	}
	changed, err := update.DoUpdate(client.ScheduleUpdateInput{})
	if err != nil {
		return err
	}
	options.Spec, options.Action, options.Note = *changed.Schedule.Spec, changed.Schedule.Action, changed.Schedule.State.Note
	options.Overlap, options.CatchupWindow, options.PauseOnFailure = changed.Schedule.Policy.Overlap, changed.Schedule.Policy.CatchupWindow,
		changed.Schedule.Policy.PauseOnFailure
	h.schedules.Made[h.id] = options
	h.schedules.Changed++
	return nil
}

// Describe answers with the arguments encoded, as the server does.
func (h schedule) Describe(context.Context) (*client.ScheduleDescription, error) {
	options, err := h.found()
	if err != nil {
		return nil, err
	}
	action := *options.Action.(*client.ScheduleWorkflowAction)
	encoded := make([]any, len(action.Args))
	for i, arg := range action.Args {
		encoded[i] = any((*common.Payload)(payload(arg)))
	}
	action.Args = encoded
	return &client.ScheduleDescription{
		Schedule: client.Schedule{Action: &action, Spec: &options.Spec, State: &client.ScheduleState{Note: options.Note, Paused: options.Paused}},
		Info:     h.schedules.Info,
	}, nil
}
