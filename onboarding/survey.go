package onboarding

// Belonging says to which instance of Identity Center an Okta app belongs, in words for a person.
type Belonging string

// The kinds of belonging. What an app belongs to is told by its entity ID alone; a label says nothing.
const (
	// BelongsHere: its entity ID names the identity store of the organization's instance.
	BelongsHere Belonging = "this instance"
	// BelongsElsewhere: it names another one.
	BelongsElsewhere Belonging = "another instance"
	// BelongsNowhere: it has no entity ID yet.
	BelongsNowhere Belonging = "no instance yet"
	// BelongsUnknown: it has one that names no identity store, or there is no instance to compare with.
	BelongsUnknown Belonging = "an instance that is not known"
)
