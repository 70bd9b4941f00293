package workerhost_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/workerhost"
)

func TestHalfAVersionIsNone(t *testing.T) {
	require.NoError(t, workerhost.Version{}.Check())
	require.NoError(t, workerhost.Version{Deployment: "onboarding", BuildID: "1.4.0"}.Check())
	for says, version := range map[string]workerhost.Version{
		"without the build ID":        {Deployment: "onboarding"},
		"without the name":            {BuildID: "1.4.0"},
		"holds a character":           {Deployment: "on.boarding", BuildID: "1.4.0"},
		"that does not begin with __": {Deployment: "__onboarding", BuildID: "1.4.0"},
	} {
		require.ErrorContains(t, version.Check(), says)
	}
}
