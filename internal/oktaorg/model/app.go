package model

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// AppName is how Okta's catalogue (OIN) names the app "AWS IAM Identity Center". Its neighbour amazon_aws is "AWS Account
// Federation", another product.
const AppName = "amazon_aws_sso"

// The features of an app that stand for its three provisioning switches ("Applications", features).
const (
	featureCreate     = "PUSH_NEW_USERS"
	featureUpdate     = "PUSH_PROFILE_UPDATES"
	featureDeactivate = "PUSH_USER_DEACTIVATION"
)

// storeIssuer is the path of an Identity Center issuer, which ends with the ID of the instance's identity store.
var storeIssuer = regexp.MustCompile(`/platform/saml/(d-[0-9a-z]{10})/?$`)

// IdentityStoreOf is the ID of the identity store that an issuer URL of Identity Center names (…/platform/saml/d-1234567890); empty
// where it names none.
func IdentityStoreOf(issuer string) string {
	if match := storeIssuer.FindStringSubmatch(issuer); match != nil {
		return match[1]
	}
	return ""
}

// IdentityStoreID is that of the Identity Center instance whose issuer URL the app has, whatever the app's label; empty where it has
// none, or one that names no identity store.
func (a App) IdentityStoreID() string { return IdentityStoreOf(a.EntityID) }

// Provisions says whether the app creates users in Identity Center.
func (a App) Provisions() bool { return slices.Contains(a.Features, featureCreate) }

// MissingFeatures are the switches that should be on besides, so that changes to people, and their leaving, reach Identity Center.
func (a App) MissingFeatures() []string {
	return NotIn([]string{featureUpdate, featureDeactivate}, a.Features)
}

// NotIn lists those of wanted that there does not have.
func NotIn(wanted, there []string) []string {
	var lost []string
	for _, s := range wanted {
		if !slices.Contains(there, s) {
			lost = append(lost, s)
		}
	}
	return lost
}

// AdminURL is the app's page in the Okta admin console, which lives on a host of its own except on custom domains.
func AdminURL(org, appID string) string {
	base := org
	if u, err := url.Parse(org); err == nil {
		if name, domain, ok := strings.Cut(u.Host, "."); ok && strings.HasPrefix(domain, "okta") {
			base = u.Scheme + "://" + name + "-admin." + domain
		}
	}
	return base + "/admin/app/" + AppName + "/instance/" + url.PathEscape(appID) + "/"
}
