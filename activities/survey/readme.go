package survey

import (
	"fmt"
	"strings"
	"time"

	"studio-onboarding/onboarding"
)

// maxExamples is how many people the README names of those who are cut off; all of them are in a file of the pack.
const maxExamples = 10

// readme says what the pack holds, and the steps back in their order.
func (p pack) readme() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	s := p.state
	line("# Rollback pack of %s", p.run)
	line("")
	line("What hung on the IAM Identity Center instance %s (identity store %s, Region %s) on %s, before the run changed how people sign in.",
		s.InstanceARN, s.IdentityStoreID, p.region, s.Now.Format(time.RFC3339))
	line("It holds names of people: keep it where only administrators read it, and delete it when it is no longer needed.")
	line("")
	line("## What was foreseen")
	line("")
	for _, sentence := range p.impact.Sentences {
		line("- %s", sentence)
	}
	for i, user := range p.impact.CutOff {
		if i == maxExamples {
			line("- and %d more; all of them are in %s", len(p.impact.CutOff)-i, cutOffFile)
			break
		}
		line("- can no longer sign in: %s", user.UserName)
	}
	line("")
	line("## What is in here")
	line("")
	line("| file | what |")
	line("|---|---|")
	line("| %s | all users of the directory |", usersFile)
	line("| %s | those who were foreseen to lose their sign-in |", cutOffFile)
	line("| %s | who had which permission set in which account |", accountsFile)
	line("| %s | who was assigned to which application |", applicationsFile)
	line("| %s | AWS CLI commands that make both again |", restoreFile)
	line("| okta-apps/ID/ | settings, people and identity provider metadata of each Okta app of the kind |")
	line("| %s | the same as records, for the comparison afterwards |", recordsFile)
	line("")
	for _, part := range []struct {
		what    string
		trouble *onboarding.Trouble
	}{{"Users", s.UsersTrouble}, {"Groups", s.GroupsTrouble},
		{"Assignments of permission sets", s.PermissionSetsTrouble}, {"Applications", s.ApplicationsTrouble}} {
		if part.trouble != nil {
			line("**%s are missing here**, as they could not be read: %s", part.what, part.trouble.Text())
			line("")
		}
	}
	line("Not in here, as no API tells them: the identity source itself, its metadata and certificate where they are not an Okta app's of")
	line("this org, SCIM tokens, passwords and MFA devices, definitions of permission sets, memberships of groups.")
	line("")
	line("## The steps back")
	line("")
	step := 0
	do := func(format string, args ...any) {
		step++
		line("%d. "+format, append([]any{step}, args...)...)
	}
	do("Keep an IAM administrator of the management account signed in: nobody may be able to come in through Identity Center.")
	do("In the AWS console of the account that administers Identity Center, Region %s, open IAM Identity Center, Settings, tab Identity "+
		"source.", p.region)
	switch s.Stock().Source.Kind {
	case onboarding.SourceDirectory:
		do("Actions, Change identity source, Identity Center directory; type ACCEPT. People have the passwords that they had before.")
	case onboarding.SourceActiveDirectory:
		do("Actions, Change identity source, Active Directory, and choose the directory; type ACCEPT. Wait until users and groups are " +
			"synced.")
	default:
		do("Was the source an Okta app of this org: Actions, Manage authentication (or Change identity source, External identity provider), " +
			"and upload the idp-metadata.xml of that app from okta-apps/. Which app it was, its app.json tells: its " +
			"entityID names the identity store.")
		do("Was it another identity provider: upload that provider's metadata there, which has to come from its own console. Was it Identity " +
			"Center's own directory or Active Directory: Change identity source, and choose that.")
	}
	do("In Okta, see that acsURL and entityID of the app are those in its app.json (Sign On tab), and that the people in people.csv " +
		"are assigned.")
	do("See that the identity store is still %s (`aws sso-admin list-instances`). If it is another one, put it into %s.", s.IdentityStoreID,
		restoreFile)
	do("Users that are missing come back with the sync of their source, or are made by hand from %s.", usersFile)
	do("Make the assignments again: `bash %s` (needs the AWS CLI version 2 and jq). Those that are there stay as they are.", restoreFile)
	do("Have somebody sign in whom it concerned.")
	return b.String()
}
