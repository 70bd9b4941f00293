// Package scim is a client of AWS's SCIM endpoint, and knows what that endpoint accepts.
package scim

// Config is what the endpoint says of itself.
type Config struct {
	// Patch says whether PATCH is supported.
	Patch bool
	// MaxResults is the largest page of a filtered list.
	MaxResults int
}
