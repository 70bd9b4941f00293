package workerhost

import (
	"context"
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/telemetry"
	"studio-onboarding/onboarding"
)

// Sources are what metrics and readiness look at. The viewer is a client that is not a worker's: it reads encrypted payloads in lists.
func (h *Host) Sources(viewer client.Client) telemetry.Sources {
	return telemetry.Sources{
		Studios: func(ctx context.Context) (map[string]onboarding.Summary, error) { return runs.Studios(ctx, viewer) },
		Paces: func() (list []telemetry.Pace) {
			for _, pace := range h.clouds.Paces() {
				list = append(list, telemetry.Pace{Account: pace.Account, API: pace.API, PerSecond: pace.PerSecond})
			}
			return list
		},
		Budgets: func() (list []telemetry.Budget) {
			for _, budget := range h.okta.Budgets() {
				list = append(list, telemetry.Budget(budget))
			}
			return list
		},
		Ready: []telemetry.Check{{Name: "temporal", Look: h.answers}, {Name: "store", Look: h.store.Readable}},
	}
}

// answers says whether Temporal answers.
func (h *Host) answers(ctx context.Context) error {
	if _, err := h.client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("does not answer: %w", err)
	}
	return nil
}

// ForLog is a line of Check for a log: without whose the credentials are, which may be a person's.
func ForLog(line string) string {
	line, _, _ = strings.Cut(line, " as ")
	return line
}
