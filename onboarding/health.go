package onboarding

import "time"

// Health says how the connection between Okta, Identity Center and Studio was when it was last judged. Whatever is blocked
// works no more, and somebody has to act; a warning will need somebody soon; what is unknown could not be looked at.
type Health struct {
	At       time.Time `json:"at"`
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// Expiries are the dates as they are known now, the next one first.
	Expiries []Expiry `json:"expiries,omitempty"`
}

// ExpiryKey names what expires, for programs and for what was said of it already. Never rename one.
type ExpiryKey string

// What expires.
const (
	ExpirySCIMToken       ExpiryKey = "scim-token"
	ExpirySAMLCertificate ExpiryKey = "saml-certificate"
)

// Expiry is a date on which something stops working.
type Expiry struct {
	Key  ExpiryKey `json:"key,omitempty"`
	What string    `json:"what"`
	At   time.Time `json:"at"`
	// AtLatest says that its age is not known: it was there already when it was first seen, so that it may stop before At.
	AtLatest bool   `json:"atLatest,omitempty"`
	Remedy   string `json:"remedy"`
}

// ExpiryThresholds are how many days before a date somebody is told of it.
func ExpiryThresholds() []int { return []int{90, 60, 30, 14, 7, 1} }

// Crossed is the last of the ExpiryThresholds that the date has crossed: so many days, or fewer, are left. It is 0 from the
// date on. The second result is false as long as it has crossed none. Who tells people of each threshold once remembers the
// key, the date and the days.
func (e Expiry) Crossed(now time.Time) (days int, crossed bool) {
	left := e.At.Sub(now)
	if left <= 0 {
		return 0, true
	}
	for _, threshold := range ExpiryThresholds() {
		if left <= time.Duration(threshold)*24*time.Hour {
			days, crossed = threshold, true
		}
	}
	return days, crossed
}

// SAMLCertificateExpiry is the date of the certificate with which Okta signs.
func SAMLCertificateExpiry(at time.Time) Expiry {
	return Expiry{
		Key: ExpirySAMLCertificate, What: "Okta's SAML signing certificate", At: at,
		Remedy: "Generate a new key for the app, add its certificate in Identity Center, then activate it in Okta.",
	}
}

// tokenLife is how long Identity Center lets a SCIM token live (IAM Identity Center User Guide, "Automatic provisioning").
const tokenLife = 1 // years

// SCIMHandle is what a run knew of the connection through which Okta provisions, and of the age of its token.
type SCIMHandle struct {
	// Endpoint and TokenRef, a reference and never the token, are empty where a run found provisioning switched on: Okta shows
	// neither.
	Endpoint string `json:"endpoint,omitempty"`
	TokenRef string `json:"tokenRef,omitempty"`
	// Since is when the token was new to a run: its year counts from then. Older says that it was in use already by then, so
	// that it was issued before.
	Since time.Time `json:"since,omitzero"`
	Older bool      `json:"older,omitempty"`
}

// Expiry is when the token stops working, as far as it is known; false where nothing is.
func (h SCIMHandle) Expiry() (Expiry, bool) {
	return Expiry{
		Key: ExpirySCIMToken, What: "The SCIM access token", At: h.Since.AddDate(tokenLife, 0, 0), AtLatest: h.Older,
		Remedy: "Make a second token in Identity Center, put it into Okta, test it, then delete the old one. Sync stops silently when " +
			"it expires.",
	}, !h.Since.IsZero()
}

// After is the handle of a run that followed the run of the known handle. Where it is the same connection, the date of the token
// stays the one that was known first. One that has passed says that the token was replaced, nobody knows when.
func (h SCIMHandle) After(known SCIMHandle, now time.Time) SCIMHandle {
	date, dated := known.Expiry()
	found := h.TokenRef == "" // which Okta does not show
	switch same := found || h.TokenRef == known.TokenRef && h.Endpoint == known.Endpoint; {
	case dated && same && date.At.After(now):
		return known
	case found:
		h.Endpoint, h.TokenRef = known.Endpoint, known.TokenRef
	}
	return h
}
