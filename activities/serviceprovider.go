package activities

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/saml"
	"studio-onboarding/onboarding"
)

const samlOperation = "saml-exchange"

var (
	// samlHost takes every shape that AWS has documented: {region}.signin.aws.amazon.com (instances before February 2026),
	// {region}.signin.aws, {region}.sso.signin.aws, and those of the other partitions.
	samlHost = regexp.MustCompile(`^([a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.(?:sso\.)?signin\.(?:aws|aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws\.com\.cn|amazonaws\.eu|amazonwebservices\.com\.cn)$`)
	// acsPath and issuerPath are what the two addresses of one instance differ by.
	acsPath    = regexp.MustCompile(`^/platform/saml/acs/[^/]+$`)
	issuerPath = regexp.MustCompile(`^/platform/saml/([^/]+)$`)
	// storeID is an identity store's ID, which issuers and portals usually carry.
	storeID = regexp.MustCompile(`^d-[0-9a-z]{10}$`)

	// portalHost takes the access portals of all partitions, with an alias of one's own or without.
	portalHost = regexp.MustCompile(`(?:^|\.)(?:awsapps\.com|awsapps\.cn|portal\.amazonaws\.com|portal\.amazonaws\.com\.cn|portal\.amazonaws\.eu|app\.aws|app\.amazonwebservices\.com\.cn)$`)
	oktaHost   = regexp.MustCompile(`(?:^|\.)okta(?:preview|-emea|-gov|\.mil)?(?:\.com)?$`)
)

// CheckServiceProvider checks the values that the operator copied from the Identity Center console: three addresses, or AWS's
// metadata file with the portal's address, which may be left out. Everything wrong with them is class Invalid, with a
// message that the operator can act on.
func (x *App) CheckServiceProvider(_ context.Context, in CheckServiceProviderInput) (ServiceProvider, error) {
	sp := ServiceProvider{
		ACSURL:    tidy(in.Values[onboarding.ValueACSURL]),
		Issuer:    tidy(in.Values[onboarding.ValueIssuerURL]),
		PortalURL: tidy(in.Values[onboarding.ValuePortalURL]),
	}
	if metadata := strings.TrimSpace(in.Values[onboarding.ValueMetadata]); metadata != "" {
		if f := sp.fill(metadata); f != nil {
			return ServiceProvider{}, f
		}
	}
	for _, check := range []func() *fault.Fault{
		func() *fault.Fault { return x.notOkta(sp) },
		sp.checkSwapped,
		func() *fault.Fault { return checkSAML(labelACS, sp.ACSURL, acsPath, in.Region) },
		func() *fault.Fault { return checkSAML(labelIssuer, sp.Issuer, issuerPath, in.Region) },
		func() *fault.Fault { return sp.checkStore(in.Instance.IdentityStoreID) },
		func() *fault.Fault { return sp.checkPortal(in.Region, in.Instance.IdentityStoreID) },
	} {
		if f := check(); f != nil {
			return ServiceProvider{}, f
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

func wrong(format string, args ...any) *fault.Fault {
	return fault.New(fault.Invalid, "aws", samlOperation, format, args...).
		WithRemedy("copy it again from the Identity Center console: Settings > Identity source > Actions > Change identity source (or Manage authentication), Service provider metadata")
}

// fill takes the issuer and the ACS URL, of which AWS may list several, from its metadata file.
func (sp *ServiceProvider) fill(metadata string) *fault.Fault {
	parsed, err := saml.ParseSP([]byte(metadata))
	if err != nil {
		return wrong("the metadata file cannot be used: %v", err)
	}
	if sp.Issuer != "" && sp.Issuer != parsed.EntityID {
		return wrong("the %s is %s, but the metadata file says %s", labelIssuer, sp.Issuer, parsed.EntityID)
	}
	sp.Issuer = parsed.EntityID
	if sp.ACSURL == "" {
		sp.ACSURL = parsed.ACSURLs[0]
	}
	if !slices.Contains(parsed.ACSURLs, sp.ACSURL) {
		return wrong("the %s is %s, but the metadata file says %s", labelACS, sp.ACSURL, strings.Join(parsed.ACSURLs, ", "))
	}
	return nil
}

// notOkta refuses the org's own addresses: the two consoles show similar values under similar names.
func (x *App) notOkta(sp ServiceProvider) *fault.Fault {
	org := hostOf(x.Okta.URL())
	for _, value := range []struct{ label, address string }{{labelACS, sp.ACSURL}, {labelIssuer, sp.Issuer}, {labelPortal, sp.PortalURL}} {
		if host := hostOf(value.address); host != "" && (host == org || oktaHost.MatchString(host)) {
			return wrong("the %s is an address of Okta's (%s); wanted is the value that AWS shows", value.label, value.address)
		}
	}
	return nil
}

func (sp *ServiceProvider) checkSwapped() *fault.Fault {
	if acsPath.MatchString(pathOf(sp.Issuer)) && !acsPath.MatchString(pathOf(sp.ACSURL)) {
		return wrong("ACS URL and issuer URL are swapped: the one with /acs/ in it (%s) is the ACS URL", sp.Issuer)
	}
	return nil
}

func checkSAML(label, address string, path *regexp.Regexp, region string) *fault.Fault {
	if address == "" {
		return wrong("the %s is missing", label)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return wrong("the %s is %q, which is not an address", label, address)
	}
	host := samlHost.FindStringSubmatch(u.Host)
	switch {
	case u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return wrong("the %s is %s: it has to begin with https:// and have nothing but host and path", label, address)
	case host == nil:
		return wrong("the %s is %s, and %s is not a sign-in host of AWS's", label, address, u.Host)
	case !path.MatchString(u.Path):
		return wrong("the %s is %s, and %s is not the path of such an address", label, address, u.Path)
	case host[1] != region:
		return wrong("the %s belongs to Region %s, but the run is for Region %s", label, host[1], region)
	}
	return nil
}

// checkStore compares the issuer's identity store with the instance's: the values may come from another organization.
func (sp *ServiceProvider) checkStore(want string) *fault.Fault {
	match := issuerPath.FindStringSubmatch(pathOf(sp.Issuer))
	if match == nil || !storeID.MatchString(match[1]) || want == "" || match[1] == want {
		return nil
	}
	return wrong("the %s belongs to the identity store %s, but this organization's Identity Center has %s", labelIssuer, match[1], want)
}

// checkPortal checks the portal's address, or fills in the one that every instance has.
func (sp *ServiceProvider) checkPortal(region, store string) *fault.Fault {
	if sp.PortalURL == "" {
		switch {
		case strings.HasPrefix(region, "us-gov-"):
			sp.PortalURL = "https://start.us-gov-home.awsapps.com/directory/" + store
		case strings.HasPrefix(region, "cn-"):
			sp.PortalURL = "https://start." + region + ".home.awsapps.cn/directory/" + store
		case strings.HasPrefix(region, "eusc-"):
			return wrong("the %s is missing, and has to be given in this partition", labelPortal)
		default:
			sp.PortalURL = "https://" + store + ".awsapps.com/start"
		}
		return nil
	}
	u, err := url.Parse(sp.PortalURL)
	if err != nil || u.Host == "" || u.Scheme != "https" || u.User != nil {
		return wrong("the %s is %q: it has to be an address that begins with https://", labelPortal, sp.PortalURL)
	}
	if !portalHost.MatchString(u.Host) {
		return wrong("the %s is %s, and %s is not a host of access portals", labelPortal, sp.PortalURL, u.Host)
	}
	name, _, _ := strings.Cut(u.Host, ".")
	if storeID.MatchString(name) && store != "" && name != store {
		return wrong("the %s belongs to the identity store %s, but this organization's Identity Center has %s", labelPortal, name, store)
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
