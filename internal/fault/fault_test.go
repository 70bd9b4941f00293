package fault_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
)

func TestReasonAndRemedyShareTheRoom(t *testing.T) {
	long := strings.Repeat("é", 2000)
	for name, f := range map[string]*fault.Fault{
		"both fit":      fault.New(fault.Invalid, "aws", "a:B", "no").WithRemedy("do this"),
		"a long reason": fault.New(fault.Invalid, "aws", "a:B", "%s", long).WithRemedy("do this"),
		"a long remedy": fault.New(fault.Invalid, "aws", "a:B", "no").WithRemedy("%s", long),
		"both are long": fault.New(fault.Invalid, "aws", "a:B", "%s", long).WithRemedy("%s", long),
		"no remedy":     fault.New(fault.Invalid, "aws", "", "%s", long),
	} {
		reason, remedy := f.Shown()
		require.LessOrEqual(t, len(f.Error()), fault.MaxMessage, name)
		require.True(t, utf8.ValidString(f.Error()), name)
		require.NotEmpty(t, reason, name)
		require.Equal(t, f.Remedy == "", remedy == "", name)
		if f.Remedy == "do this" {
			require.Equal(t, "do this", remedy, name)
		}
		if f.Operation != "" {
			require.True(t, strings.HasPrefix(reason, "a:B: "), name)
		}
		if name == "both are long" {
			require.Greater(t, len(reason), fault.MaxMessage/3, name)
			require.Greater(t, len(remedy), fault.MaxMessage/3, name)
		}
	}
	require.Equal(t, "a:B: no → do this", fault.New(fault.Invalid, "aws", "a:B", "no").WithRemedy("do this").Error())
}

func TestTrimNeverExceedsWhatThereIs(t *testing.T) {
	for limit := range 12 {
		require.LessOrEqual(t, len(fault.Trim("äöüäöüäöü", limit)), limit)
	}
	require.Equal(t, "short", fault.Trim("short", 5))
}
