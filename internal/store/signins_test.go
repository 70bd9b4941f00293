package store_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

func TestSignInsComeBackAsTheyWere(t *testing.T) {
	lists := storetest.New(t)
	_, err := lists.ReadSignIns(t.Context(), "team")
	require.ErrorIs(t, err, fs.ErrNotExist)
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	ann := onboarding.SignIn{UserID: "id-ann", Person: "ann@example.com", At: at}
	for _, known := range []onboarding.SignIns{
		{IdentityStoreID: "d-1234567890", AppID: "0oa1"},
		{IdentityStoreID: "d-1234567890", AppID: "0oa1", Until: at, Changed: at.Add(-time.Hour), Change: "Enable", Last: &ann,
			Refused: &onboarding.Refusal{At: at, Message: "Not a valid response", Person: "bob@example.com"},
			LetIn:   &onboarding.SignIn{Person: "bob@example.com", At: at},
			People:  []onboarding.SignIn{ann, {Person: "cid@example.com", At: at}}},
		{IdentityStoreID: "d-1234567890", Unreadable: &onboarding.Trouble{Class: "Denied", Operation: "cloudtrail:LookupEvents"}},
	} {
		require.NoError(t, lists.SaveSignIns(t.Context(), "team", known))
		read, err := lists.ReadSignIns(t.Context(), "team")
		require.NoError(t, err)
		require.Equal(t, known, read)
	}
}
