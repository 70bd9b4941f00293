package runstest

import (
	"context"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// Schedules is a client.ScheduleClient with the schedules that the first version made.
type Schedules struct {
	client.ScheduleClient
	// Made are the schedules by ID, with what they were made with.
	Made map[string]client.ScheduleOptions
	// Info is what the server knows of each.
	Info client.ScheduleInfo
}

// ScheduleClient implements client.Client.
func (f *Fake) ScheduleClient() client.ScheduleClient { return &f.Schedules }

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

func (h schedule) Describe(context.Context) (*client.ScheduleDescription, error) {
	options, err := h.found()
	if err != nil {
		return nil, err
	}
	return &client.ScheduleDescription{
		Schedule: client.Schedule{Spec: &options.Spec, State: &client.ScheduleState{Note: options.Note, Paused: options.Paused}},
		Info:     h.schedules.Info,
	}, nil
}
