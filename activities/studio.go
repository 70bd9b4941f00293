package activities

// Studio looks after execution roles, the network and the domain in the Studio account.
type Studio struct {
	AWS   AWS
	Waits Waits
}
