package trust

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/internal/saml"
	"studio-onboarding/onboarding"
)

var (
	// acsPath and issuerPath are what the two addresses of one instance differ by.
	acsPath    = regexp.MustCompile(`^/platform/saml/acs/[^/]+$`)
	issuerPath = regexp.MustCompile(`^/platform/saml/[^/]+$`)
	// storeID is an identity store's ID, which portals usually carry.
	storeID = regexp.MustCompile(`^d-[0-9a-z]{10}$`)

	oktaHost = regexp.MustCompile(`(?:^|\.)okta(?:preview|-emea|-gov|\.mil)?(?:\.com)?$`)
)

// CheckValues checks the values of Identity Center: three addresses, or AWS's metadata file with the portal's address, which may be
// left out. The verdict says what is wrong, nil where nothing is.
func CheckValues(org, region, store string, values map[string]string) (ServiceProvider, *onboarding.Verdict) {
	sp := ServiceProvider{
		ACSURL:    tidy(values[onboarding.ValueACSURL]),
		Issuer:    tidy(values[onboarding.ValueIssuerURL]),
		PortalURL: tidy(values[onboarding.ValuePortalURL]),
	}
	if metadata := strings.TrimSpace(values[onboarding.ValueMetadata]); metadata != "" {
		if bad := sp.fill(metadata, region); bad != nil {
			return ServiceProvider{}, bad
		}
	}
	for _, check := range []func() *onboarding.Verdict{
		func() *onboarding.Verdict { return sp.checkOkta(org) },
		sp.checkSwapped,
		func() *onboarding.Verdict { return checkSAML(labelACS, sp.ACSURL, acsPath, region) },
		func() *onboarding.Verdict { return checkSAML(labelIssuer, sp.Issuer, issuerPath, region) },
		func() *onboarding.Verdict { return sp.checkStore(store) },
		func() *onboarding.Verdict { return sp.checkPortal(region, store) },
	} {
		if bad := check(); bad != nil {
			return ServiceProvider{}, bad
		}
	}
	return sp, nil
}

// The labels under which the Identity Center console shows the values.
const (
	labelACS    = "IAM Identity Center Assertion Consumer Service (ACS) URL"
	labelIssuer = "IAM Identity Center issuer URL"
	labelPortal = "AWS access portal sign-in URL"
)

func wrong(format string, args ...any) *onboarding.Verdict {
	return &onboarding.Verdict{
		Resource: onboarding.ResourceTrust, Kind: onboarding.VerdictBlocked, Code: CodeSettings, Reason: fmt.Sprintf(format, args...),
		Remedy: "Copy it again from the Identity Center console: Settings > Identity source > Actions > Change identity source " +
			"(or Manage authentication), Service provider metadata.",
	}
}

// fill takes the issuer and the ACS URL from AWS's metadata file. Of several ACS URLs it takes the first of the primary Region: a file
// also lists those of additional Regions (IAM Identity Center User Guide, "How to connect to an external identity provider").
func (sp *ServiceProvider) fill(metadata, region string) *onboarding.Verdict {
	parsed, err := saml.ParseSP([]byte(metadata))
	if err != nil {
		return wrong("The metadata file cannot be used: %v.", err)
	}
	if sp.Issuer != "" && sp.Issuer != parsed.EntityID {
		return wrong("The %s is %s, but the metadata file says %s.", labelIssuer, sp.Issuer, parsed.EntityID)
	}
	sp.Issuer = parsed.EntityID
	if sp.ACSURL == "" {
		sp.ACSURL = parsed.ACSURLs[0]
		home := func(acs string) bool { return onboarding.SignInRegion(hostOf(acs)) == region }
		if i := slices.IndexFunc(parsed.ACSURLs, home); i > 0 {
			sp.ACSURL = parsed.ACSURLs[i]
		}
	}
	if !slices.Contains(parsed.ACSURLs, sp.ACSURL) {
		return wrong("The %s is %s, but the metadata file says %s.", labelACS, sp.ACSURL, strings.Join(parsed.ACSURLs, ", "))
	}
	return nil
}

// checkOkta refuses the org's own addresses: the two consoles show similar values under similar names.
func (sp *ServiceProvider) checkOkta(org string) *onboarding.Verdict {
	org = hostOf(org)
	for _, value := range []struct{ label, address string }{{labelACS, sp.ACSURL}, {labelIssuer, sp.Issuer}, {labelPortal, sp.PortalURL}} {
		if host := hostOf(value.address); host != "" && (host == org || oktaHost.MatchString(host)) {
			return wrong("The %s is an address of Okta's (%s); wanted is the value that AWS shows.", value.label, value.address)
		}
	}
	return nil
}

func (sp *ServiceProvider) checkSwapped() *onboarding.Verdict {
	if acsPath.MatchString(pathOf(sp.Issuer)) && !acsPath.MatchString(pathOf(sp.ACSURL)) {
		return wrong("ACS URL and issuer URL are swapped: the one with /acs/ in it (%s) is the ACS URL.", sp.Issuer)
	}
	return nil
}

func checkSAML(label, address string, path *regexp.Regexp, region string) *onboarding.Verdict {
	if address == "" {
		return wrong("The %s is missing.", label)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return wrong("The %s is %q, which is not an address.", label, address)
	}
	of := onboarding.SignInRegion(u.Host)
	switch {
	case u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return wrong("The %s is %s: it has to begin with https:// and have nothing but host and path.", label, address)
	case of == "":
		return wrong("The %s is %s, and %s is not a sign-in host of AWS's.", label, address, u.Host)
	case !path.MatchString(u.Path):
		return wrong("The %s is %s, and %s is not the path of such an address.", label, address, u.Path)
	case of != region:
		return wrong("The %s belongs to Region %s, but Identity Center's primary Region is %s.", label, of, region)
	}
	return nil
}

// checkStore compares the issuer's identity store with the instance's: the values may come from another organization.
func (sp *ServiceProvider) checkStore(want string) *onboarding.Verdict {
	of := model.IdentityStoreOf(sp.Issuer)
	if of == "" || want == "" || of == want {
		return nil
	}
	return wrong("The %s belongs to the identity store %s, but this organization's Identity Center has %s.", labelIssuer, of, want)
}

// checkPortal checks the portal's address, or fills in the one that every instance has.
func (sp *ServiceProvider) checkPortal(region, store string) *onboarding.Verdict {
	if sp.PortalURL == "" {
		if sp.PortalURL = onboarding.PortalURL(region, store); sp.PortalURL == "" {
			return wrong("The %s is missing, and has to be given in this partition.", labelPortal)
		}
		return nil
	}
	u, err := url.Parse(sp.PortalURL)
	if err != nil || u.Host == "" || u.Scheme != "https" || u.User != nil {
		return wrong("The %s is %q: it has to be an address that begins with https://.", labelPortal, sp.PortalURL)
	}
	if !onboarding.PartitionOf(region).HasPortal(u.Host) {
		return wrong("The %s is %s, and %s is not a host of access portals in %s.", labelPortal, sp.PortalURL, u.Host, region)
	}
	name, _, _ := strings.Cut(u.Host, ".")
	if storeID.MatchString(name) && store != "" && name != store {
		return wrong("The %s belongs to the identity store %s, but this organization's Identity Center has %s.", labelPortal, name, store)
	}
	return nil
}

// tidy takes off what copying tends to bring along.
func tidy(value string) string {
	return strings.Trim(strings.TrimSpace(value), `"'`)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}
