package role

import (
	"strings"

	"studio-onboarding/onboarding"
)

// State is what IAM has of the execution roles that a spec names.
type State struct {
	// Account is the Studio account, empty where it is not known; Partition is that of the Region.
	Account, Partition string
	// KMSKey is the ARN of the key of the domain's volumes, where it is known.
	KMSKey string
	// SourceIdentity and IdentityPropagation say that the spec wants the domain to have these settings: sessions then carry the
	// profile's name, or the person's identity, which trust policies have to allow.
	SourceIdentity, IdentityPropagation bool
	// Roles stand in the order of the spec.
	Roles []Found
	// Trouble is why nothing could be looked at; nil where it could.
	Trouble *onboarding.Trouble
}

// Found is what IAM has of one role that the spec names.
type Found struct {
	// Wanted is how the spec names it: by name or ARN.
	Wanted string
	// Exists says that the account has a role of that name, ARN and Path being those of that role.
	Exists    bool
	ARN, Path string
	Tags      map[string]string
	// MadeBy is the run that made it, "" where none did.
	MadeBy string
	// Trust is the document of its trust policy.
	Trust string
	// Managed are the ARNs of the managed policies that are attached.
	Managed []string
	// Inline are inline policies, read where the domain has a key: all of somebody else's role, and the one about the key of ours.
	Inline []InlinePolicy
	// Trouble is why it could not be looked at, the others why its policies could not.
	Trouble, ManagedTrouble, InlineTrouble *onboarding.Trouble
}

// InlinePolicy is a policy that belongs to one role.
type InlinePolicy struct{ Name, Document string }

// ByARN says that the spec gives the role by ARN: such a role is never made.
func (f Found) ByARN() bool { return strings.HasPrefix(f.Wanted, "arn:") }

// Name is the role's name: as it is wanted, or the last part of the ARN, behind the role's path.
func (f Found) Name() string { return lastOf(f.Wanted) }

// lastOf is the last part of an ARN, behind all paths.
func lastOf(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// fits says whether the role that was found is the one that is meant: names do not tell paths and accounts.
func (f Found) fits() bool { return f.Exists && (!f.ByARN() || f.ARN == f.Wanted) }

// ours says that a run made the role, and may change it: one that the spec gives by ARN is used as it is.
func (f Found) ours() bool { return f.MadeBy != "" && !f.ByARN() }

// arn is the role's ARN, also of one that is yet to be made: new roles have no path.
func (f Found) arn(state State) string {
	switch {
	case f.Exists:
		return f.ARN
	case f.ByARN():
		return f.Wanted
	}
	return "arn:" + state.Partition + ":iam::" + state.Account + ":role/" + f.Wanted
}

// ARNs are the roles' ARNs by what the spec calls them, also of those that a run is yet to make.
func (s State) ARNs() map[string]string {
	arns := map[string]string{}
	for _, found := range s.Roles {
		arns[found.Wanted] = found.arn(s)
	}
	return arns
}
