package brokenworlds

import "slices"

// table is every broken world.
func table() []row {
	return slices.Concat(permissions(), accounts(), identityCenter(), consoles(), oktaOrg(), people(), studio(), domains(), passingFaults(), answers())
}

func pointer[T any](v T) *T { return &v }
