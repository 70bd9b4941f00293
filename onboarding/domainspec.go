package onboarding

import "time"

// DefaultIdleShutdown is after how long without use the apps of a created domain are shut down, where the spec does not say.
const DefaultIdleShutdown = 2 * time.Hour

// IdleAfter is after how long without use apps are shut down; on is false where the spec switches it off, or does not say.
func (d DomainSpec) IdleAfter() (after time.Duration, on bool) {
	if d.IdleShutdown == "" || d.IdleShutdown == Disabled {
		return 0, false
	}
	parsed, err := ParseDuration(d.IdleShutdown)
	return parsed.Std(), err == nil
}
