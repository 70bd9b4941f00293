package model

import (
	"net/url"
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
