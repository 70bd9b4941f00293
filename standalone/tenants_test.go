package main

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"studio-onboarding/internal/payloadcrypt"
	"studio-onboarding/internal/runs"
	"studio-onboarding/internal/temporalclient"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
)

// Two Okta orgs with an AWS organization each, on one Temporal server: a namespace each, with a worker that has its credentials,
// its store and its payload keys. Studios may even have the same name.
func TestEachOrganizationHasItsNamespace(t *testing.T) {
	first := newRecorder(t)
	admin := first.node.client.WorkflowService()
	_, err := admin.RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: "second", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)

	second := &recorder{World: worldtest.New(t, recordingSpeed), secrets: map[string]string{}}
	second.environment, err = second.Environment(t.Context())
	require.NoError(t, err)
	keys := filepath.Join(second.Dir, keyFile)
	_, err = payloadcrypt.Create(keys)
	require.NoError(t, err)
	settings := temporalclient.Settings{Address: first.node.engine.Address(), Namespace: "second", Env: env{}, PayloadKeys: keys}
	second.node = &node{engine: first.node.engine}
	forWorker := settings
	forWorker.Worker = true
	// The server takes a moment until it knows a new namespace everywhere, which is what a worker waits for.
	require.Eventually(t, func() bool {
		second.node.worker, err = forWorker.Await(t.Context())
		return err == nil
	}, 60*time.Second, 100*time.Millisecond)
	defer second.node.worker.Close()
	second.node.client, err = settings.Dial(t.Context())
	require.NoError(t, err)
	defer second.node.client.Close()
	require.Eventually(t, func() bool {
		return temporalclient.EnsureSearchAttributes(t.Context(), second.node.worker, "second") == nil
	}, 60*time.Second, 100*time.Millisecond)

	// The first one's worker does not touch what is not its own.
	waiting, err := runs.Start(t.Context(), second.node.client, second.Spec, "admin@example")
	var none *runs.NoWorkerError
	require.ErrorAs(t, err, &none, "%+v", waiting)
	require.Zero(t, none.Pollers)

	host := second.host(filepath.Join(second.Dir, "people"), false)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- second.node.work(ctx, host) }()
	defer func() { stop(); require.NoError(t, <-ended) }()
	for _, org := range []*recorder{second, first} {
		org.start(org.Spec)
		org.until(org.Spec.Name, nil, func(p onboarding.Progress) bool { return p.State == onboarding.RunDone })
	}
	for _, org := range []*recorder{second, first} {
		report, err := runs.Report(t.Context(), org.node.client, org.Spec.Name, 0)
		require.NoError(t, err)
		require.Equal(t, onboarding.RunDone, report.State)
		var app struct{ Label string }
		org.Okta(http.MethodGet, "/api/v1/apps/"+org.AppID(), nil, &app)
		require.NotEmpty(t, app.Label, "the app is in the org of the namespace")
		listed, err := runs.List(t.Context(), org.node.client, runs.Filter{})
		require.NoError(t, err)
		require.Len(t, listed, 1)
	}
	// Neither reads the other's runs, even with access to the namespace.
	stranger := settings
	stranger.PayloadKeys = filepath.Join(first.Dir, keyFile)
	_, err = stranger.Dial(t.Context())
	require.ErrorContains(t, err, "payloads are encrypted with key ")
}
