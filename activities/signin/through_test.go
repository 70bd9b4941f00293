package signin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// TestOnlyASignInThroughThisAppTiesItToTheInstance: the identity source was changed, to this app's metadata first and then to another's,
// and CloudTrail shows both.
func TestOnlyASignInThroughThisAppTiesItToTheInstance(t *testing.T) {
	w := newSite(t)
	through := func(appID string) time.Time {
		in := w.in
		in.AppID = appID
		at, err := w.x.LastThrough(t.Context(), in)
		require.NoError(t, err)
		return at
	}
	require.True(t, through(w.app.ID).IsZero(), "that the source was changed ties nothing")

	_, err := eventually(w, func() (time.Time, error) {
		require.True(t, w.signIn(raj, sandbox.AddressPortal).OK)
		return through(w.app.ID), nil
	},
		func(at time.Time, _ error) bool { return !at.IsZero() })
	require.NoError(t, err)

	other := w.distrust()
	w.assign(other.ID, bo)
	_, err = eventually(w, func() (time.Time, error) {
		require.True(t, w.signIn(bo, sandbox.AddressPortal).OK, "through the other app")
		return through(other.ID), nil
	},
		func(at time.Time, _ error) bool { return !at.IsZero() })
	require.NoError(t, err)
	require.True(t, through(w.app.ID).IsZero(), "what was before the change says nothing any more")

	require.NoError(t, w.SetFaults(t.Context(), []sandbox.Fault{{Service: "cloudtrail", Kind: sandbox.FaultDeny}}))
	require.True(t, through(other.ID).IsZero(), "what may not be read ties nothing")
}
