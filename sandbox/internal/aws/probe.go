package awsworld

import (
	"regexp"
	"strings"
)

// DomainInfo is what a sign-in needs to know of a domain.
type DomainInfo struct {
	ID, Name, Status, URL, ApplicationARN, Account string
}

// IdentitySource is where the organization's instance has its people from, and how they get there.
type IdentitySource struct {
	// Kind is OwnDirectory, ActiveDirectory or ExternalIdP.
	Kind string
	// EntityID and Certificates (base64) are those of the external identity provider.
	EntityID     string
	Certificates []string
	// ACSURL and Issuer are what the instance is to it.
	ACSURL, Issuer string
	// PortalURL is the AWS access portal.
	PortalURL string
}

// IdentitySource reports false while nobody has enabled Identity Center.
func (w *World) IdentitySource() (IdentitySource, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.organizationInstance()
	if i == nil {
		return IdentitySource{}, false
	}
	source := IdentitySource{Kind: i.source(), PortalURL: i.portalURL()}
	if t := i.trust; t != nil {
		source.EntityID, source.Certificates = t.entityID, append([]string(nil), t.certificates...)
		source.ACSURL, source.Issuer = i.acsURL(), i.issuer()
	}
	return source, true
}

// UserByName finds a user of the organization's instance. A NameID must equal the user name exactly.
func (w *World) UserByName(userName string) (id string, enabled, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u := w.exactUser(userName); u != nil {
		return u.id, u.Active, true
	}
	return "", false, false
}

func (w *World) exactUser(userName string) *user {
	i := w.organizationInstance()
	if i == nil {
		return nil
	}
	if u := i.directory.byName[strings.ToLower(userName)]; u != nil && u.UserName == userName {
		return u
	}
	return nil
}

// Domains are all domains of all accounts and Regions in the order in which they were made.
func (w *World) Domains() []DomainInfo {
	w.mu.Lock()
	defer w.mu.Unlock()
	var infos []DomainInfo
	for _, d := range w.allDomains() {
		infos = append(infos, d.info())
	}
	return infos
}

// Domain finds a domain by ID.
func (w *World) Domain(id string) (DomainInfo, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.anyDomain(id); d != nil {
		return d.info(), true
	}
	return DomainInfo{}, false
}

// allDomains moves every domain on and answers with those that are left.
func (w *World) allDomains() []*domain {
	var all []*domain
	for _, a := range w.accounts {
		for _, d := range append([]*domain(nil), a.domains...) {
			if w.settle(d); d.status != "" {
				all = append(all, d)
			}
		}
	}
	sortByNumber(all)
	return all
}

func (w *World) anyDomain(id string) *domain {
	for _, d := range w.allDomains() {
		if d.id == id {
			return d
		}
	}
	return nil
}

func (d *domain) info() DomainInfo {
	info := DomainInfo{ID: d.id, Name: d.name, Status: d.status, URL: d.url, Account: d.account}
	if d.application != nil {
		info.ApplicationARN = d.application.arn
	}
	return info
}

// Assigned says whether a user gets into an application, directly or through a group, as far as that has spread.
func (w *World) Assigned(applicationARN, userID string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.allDomains()
	a := w.applications[applicationARN]
	return a != nil && a.status == enabled && (a.open || len(a.reaching(w.clock.Now(), userID)) > 0)
}

// Profile is the profile that a domain has for an Identity Center user.
func (w *World) Profile(domainID, userName string) (name, status string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.anyDomain(domainID); d != nil {
		if p := w.profileOf(d, userName); p != nil {
			return p.name, p.status, true
		}
	}
	return "", "", false
}

// CreateProfileOnSignIn makes the profile of an assigned user who opens the domain for the first time, with the domain's
// default role. How AWS names such profiles is not documented; the sandbox takes the part before the @ and a few digits.
func (w *World) CreateProfileOnSignIn(domainID, userName string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.anyDomain(domainID)
	if d == nil {
		return ""
	}
	local, _, _ := strings.Cut(userName, "@")
	local = strings.Trim(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(local, "-"), "-")
	if local == "" {
		local = "user"
	}
	if len(local) > 50 {
		local = strings.TrimRight(local[:50], "-")
	}
	p := w.addProfile(d, profileInput{
		UserProfileName: local + "-" + w.digest(6, "profile", domainID, userName), SingleSignOnUserValue: userName,
	}, 0)
	w.settleProfile(p)
	return p.name
}
