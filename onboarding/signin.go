package onboarding

import (
	"fmt"
	"time"
)

// Grade says how sure it is that a person can sign in.
type Grade string

// The grades, the weakest first. Somebody with a broken link has none.
const (
	// GradeConfigured: everything was written and read back, and no link is broken; some link could not be judged.
	GradeConfigured Grade = "configured"
	// GradeVerified: every link was judged from live reads, the SAML link as far as any API tells. No API tells which identity
	// provider's metadata Identity Center has.
	GradeVerified Grade = "verified"
	// GradeProven: verified, and this person was seen signing in through this trust since it was last changed.
	GradeProven Grade = "proven"
)

// SignIn is when somebody was last seen signing in to Identity Center through the Okta app.
type SignIn struct {
	// UserID is the person's ID in Identity Center; empty where the event named none.
	UserID string `json:"userId,omitempty"`
	// Person is the user name in Identity Center, which is the NameID that Okta sent.
	Person string    `json:"person"`
	At     time.Time `json:"at"`
}

// SignIns is what is known of sign-ins through the Okta app of a studio. CloudTrail shows them for 90 days; whoever was seen once
// stays in it.
type SignIns struct {
	// IdentityStoreID and AppID say which trust it is about. What is known of another one does not count.
	IdentityStoreID string `json:"identityStoreId"`
	AppID           string `json:"appId"`
	// Until is how far CloudTrail was read; zero where it never could be.
	Until time.Time `json:"until,omitzero"`
	// Unreadable is why it could not be read when it was last looked at.
	Unreadable *Trouble `json:"unreadable,omitempty"`
	// OktaUnreadable is why Okta's System Log could not be read then: sign-ins count without its agreement.
	OktaUnreadable *Trouble `json:"oktaUnreadable,omitempty"`
	// Changed is the newest change of the identity source that CloudTrail showed, and Change its event; zero where it showed none.
	Changed time.Time `json:"changed,omitzero"`
	Change  string    `json:"change,omitempty"`
	// Last is the newest sign-in, and Refused the newest refusal of somebody whom Okta let in and Identity Center knows.
	Last    *SignIn  `json:"last,omitempty"`
	Refused *Refusal `json:"refused,omitempty"`
	// LetIn is when Okta last let somebody in to the app.
	LetIn *SignIn `json:"letIn,omitempty"`
	// People are those who were seen, in the order of their names.
	People []SignIn `json:"people,omitempty"`
}

// Refusal is a sign-in that Okta let in and Identity Center refused. CloudTrail names nobody in it.
type Refusal struct {
	At time.Time `json:"at"`
	// Message is CloudTrail's errorMessage.
	Message string `json:"message,omitempty"`
	// Person is whom Okta let in just before.
	Person string `json:"person,omitempty"`
}

// SignInsCount is how long a sign-in proves something: as far back as CloudTrail's event history goes, in which a later change of the
// trust would show.
const SignInsCount = 90 * 24 * time.Hour

// Since says whether something at this time is of the trust as it is now.
func (s SignIns) Since(at time.Time) bool { return !at.IsZero() && !at.Before(s.Changed) }

// Proves says whether a sign-in at this time proves something now: it is of the trust as it is, it is at most SignInsCount ago, and
// CloudTrail can be read, so that a change of the trust would have been seen.
func (s SignIns) Proves(at, now time.Time) bool {
	return s.Unreadable == nil && s.Since(at) && now.Sub(at) <= SignInsCount
}

// Refuses says whether Identity Center refuses those whom Okta lets in: it did since the trust was last changed and since the last
// success.
func (s SignIns) Refuses() bool {
	return s.Refused != nil && s.Since(s.Refused.At) && (s.Last == nil || s.Refused.At.After(s.Last.At))
}

// Canary is what came of asking one person to sign in before everybody else does.
type Canary struct {
	// Person is who was seen signing in; empty where nobody was.
	Person string `json:"person,omitempty"`
	// SignIns counts those that CloudTrail showed since the request, and At is the last of them.
	SignIns int       `json:"signIns,omitempty"`
	At      time.Time `json:"at,omitzero"`
	// Before says that the sign-in was seen without anybody being asked.
	Before bool `json:"before,omitempty"`
	// Addresses are those that worked, as the person said: AddressTile, AddressPortal, AddressStudio. No event tells them apart.
	Addresses []string `json:"addresses,omitempty"`
	// NotProven is why nobody was seen.
	NotProven string `json:"notProven,omitempty"`
}

// The names of the three sign-in addresses, as a canary says which ones worked.
const (
	AddressTile   = "tile"
	AddressPortal = "portal"
	AddressStudio = "studio"
)

// Addresses are the names of the three sign-in addresses.
func Addresses() []string { return []string{AddressTile, AddressPortal, AddressStudio} }

// Configured are those who pass every check, and of whom some link could not be judged.
func (p People) Configured() int { return max(p.Ready-p.Verified-p.Proven, 0) }

// Words says how many people pass every check, of how many, and how sure that is: "50 of 51 people: 3 proven (seen signing in),
// 47 verified, 0 configured".
func (p People) Words() string {
	noun := "people"
	if p.Wanted == 1 {
		noun = "person"
	}
	return fmt.Sprintf("%d of %d %s: %s", p.Ready, p.Wanted, noun, p.Grades())
}

// Grades is the part of Words that says how sure it is.
func (p People) Grades() string {
	return fmt.Sprintf("%d proven (seen signing in), %d verified, %d configured", p.Proven, p.Verified, p.Configured())
}
