// Package profile holds what is known of user profiles: how they are called, what their list tells and what else is known from
// before. It does no I/O.
package profile

// The statuses of profiles (SageMaker API, UserProfileStatus).
const (
	StatusPending      = "Pending"
	StatusInService    = "InService"
	StatusUpdating     = "Updating"
	StatusDeleting     = "Deleting"
	StatusFailed       = "Failed"
	StatusUpdateFailed = "Update_Failed"
	StatusDeleteFailed = "Delete_Failed"
)
