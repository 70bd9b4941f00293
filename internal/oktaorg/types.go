package oktaorg

import "studio-onboarding/internal/oktaorg/model"

// What the org is asked for, as plain values.
type (
	App        = model.App
	Connection = model.Connection
	Group      = model.Group
	User       = model.User
	AppUser    = model.AppUser
	Mapping    = model.Mapping
	LogEvent   = model.LogEvent
)
