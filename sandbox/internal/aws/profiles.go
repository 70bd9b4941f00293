package awsworld

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// How long user profiles take.
const (
	profileCreate = 10 * time.Second
	profileUpdate = 5 * time.Second
	profileDelete = 5 * time.Second
)

// profile is a user profile of a domain.
type profile struct {
	resource
	domain *domain
	name   string
	// user is the Identity Center user name that the profile was made for.
	user     string
	settings map[string]any
	uid      string
}

// profiles are the user profiles of a domain. Profile names and user names have no case.
type profiles struct {
	ordered []*profile
	// moving are those whose status moves on by itself.
	moving map[*profile]bool
	byName map[string]*profile
	byUser map[string]*profile
}

func (all *profiles) add(p *profile) {
	if all.byName == nil {
		all.byName, all.byUser, all.moving = map[string]*profile{}, map[string]*profile{}, map[*profile]bool{}
	}
	all.ordered = append(all.ordered, p)
	all.moving[p] = true
	all.byName[strings.ToLower(p.name)] = p
	if p.user != "" {
		all.byUser[strings.ToLower(p.user)] = p
	}
}

func (all *profiles) remove(p *profile) {
	all.ordered = removed(all.ordered, p)
	delete(all.byName, strings.ToLower(p.name))
	delete(all.byUser, strings.ToLower(p.user))
}

func (w *World) settleProfile(p *profile) {
	if p.due.IsZero() || w.clock.Now().Before(p.due) {
		return
	}
	p.due, p.modified = time.Time{}, p.due
	delete(p.domain.profiles.moving, p)
	role := text(p.settings, "ExecutionRole")
	switch {
	case p.status == deleting:
		p.domain.profiles.remove(p)
		p.status = ""
	case p.doomed != "":
		p.status, p.reason = failed, p.doomed
	case p.status == pending && role != "" && !w.assumable(role, p.modified):
		p.status, p.reason = failed, roleRefused
	default:
		p.status = inService
	}
}

// move has the status of a profile move on after a delay.
func (w *World) move(p *profile, status string, delay time.Duration) {
	p.status, p.modified, p.due = status, w.clock.Now(), w.clock.Due(delay)
	p.domain.profiles.moving[p] = true
}

// profilesOf are the profiles of a domain, each moved on, in the order in which they were made. Callers don't change the list.
func (w *World) profilesOf(d *domain) []*profile {
	for p := range d.profiles.moving {
		w.settleProfile(p)
	}
	return d.profiles.ordered
}

// profile finds a profile by name.
func (w *World) profile(d *domain, name string) *profile {
	return w.there(d.profiles.byName[strings.ToLower(name)])
}

// profileOf finds the profile of an Identity Center user.
func (w *World) profileOf(d *domain, userName string) *profile {
	return w.there(d.profiles.byUser[strings.ToLower(userName)])
}

// there moves a profile on and answers nil when it is gone.
func (w *World) there(p *profile) *profile {
	if p == nil {
		return nil
	}
	if w.settleProfile(p); p.status == "" {
		return nil
	}
	return p
}

type profileInput struct {
	DomainId, UserProfileName, SingleSignOnUserIdentifier, SingleSignOnUserValue string
	UserSettings                                                                 map[string]any
	Tags                                                                         []tag
	DomainIdEquals, UserProfileNameContains, SortBy, SortOrder, NextToken        string
	MaxResults                                                                   int
}

// profileHere finds domain and profile of a call.
func (c *call) profileHere(in profileInput) (*domain, *profile, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, nil, err
	}
	p := c.world.profile(d, in.UserProfileName)
	if p == nil {
		return nil, nil, failure("ResourceNotFound", "UserProfile [%s] does not exist in Domain [%s].", in.UserProfileName, d.id)
	}
	return d, p, nil
}

func (c *call) createUserProfile(in profileInput) (any, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, err
	}
	if d.status != inService {
		return nil, invalid("Domain [%s] is in status %s. User profiles can be created once it is InService.", d.id, d.status)
	}
	w := c.world
	if w.profile(d, in.UserProfileName) != nil {
		return nil, failure("ResourceInUse", "Resource Already Exists: UserProfile with name %s already exists in Domain [%s]. Choose a different name.", in.UserProfileName, d.id)
	}
	if err := c.checkSSOUser(d, in); err != nil {
		return nil, err
	}
	if err := c.checkRole(in.UserSettings, false); err != nil {
		return nil, err
	}
	used := 0
	for _, other := range w.accounts[c.account].domains {
		used += len(other.profiles.ordered)
	}
	if err := w.accounts[c.account].exceeded(quotaProfiles, "UserProfiles", used); err != nil {
		return nil, err
	}
	p := w.addProfile(d, in, profileCreate)
	if c.failing() {
		p.doomed = fmt.Sprintf("InternalServerError: Unable to create UserProfile '%s'. Please retry.", p.name)
	}
	c.effect = created
	return struct{ UserProfileArn string }{p.arn}, nil
}

// checkSSOUser checks the two SSO members: mandatory in a domain with Identity Center, forbidden in one with IAM. Whether
// the user is assigned is not checked; sign-in is refused later, as in reality.
func (c *call) checkSSOUser(d *domain, in profileInput) error {
	if d.input.AuthMode != "SSO" {
		if in.SingleSignOnUserIdentifier != "" || in.SingleSignOnUserValue != "" {
			return invalid("SingleSignOnUserIdentifier and SingleSignOnUserValue are not supported when AuthMode is IAM.")
		}
		return nil
	}
	if in.SingleSignOnUserIdentifier == "" || in.SingleSignOnUserValue == "" {
		return invalid("SingleSignOnUserIdentifier and SingleSignOnUserValue are required when AuthMode is SSO.")
	}
	i := c.world.organizationInstance()
	if i == nil || i.directory.byName[strings.ToLower(in.SingleSignOnUserValue)] == nil {
		return invalid("The SSO user '%s' does not exist in IAM Identity Center.", in.SingleSignOnUserValue)
	}
	if p := c.world.profileOf(d, in.SingleSignOnUserValue); p != nil {
		return failure("ResourceInUse", "The SSO user '%s' already has UserProfile %s in Domain [%s].", in.SingleSignOnUserValue, p.name, d.id)
	}
	return nil
}

func (w *World) addProfile(d *domain, in profileInput, delay time.Duration) *profile {
	now := w.clock.Now()
	p := &profile{
		domain: d, name: in.UserProfileName, user: in.SingleSignOnUserValue, settings: in.UserSettings,
		resource: resource{
			ordinal: ordinal(w.next()), status: pending, created: now, modified: now, due: w.clock.Due(delay), tags: in.Tags,
			arn: w.arn("sagemaker", d.region, d.account, "user-profile/"+d.id+"/"+strings.ToLower(in.UserProfileName)),
		},
	}
	if d.fileSystem != "" {
		p.uid = fmt.Sprint(200000 + len(d.profiles.ordered)*5)
	}
	d.profiles.add(p)
	return p
}

type profileSummary struct {
	DomainId, UserProfileName, Status string
	CreationTime, LastModifiedTime    stamp
}

func (p *profile) summary() profileSummary {
	return profileSummary{p.domain.id, p.name, p.status, stamp{p.created}, stamp{p.modified}}
}

type profileOutput struct {
	profileSummary
	UserProfileArn                                                                         string
	FailureReason, HomeEfsFileSystemUid, SingleSignOnUserIdentifier, SingleSignOnUserValue string         `json:",omitempty"`
	UserSettings                                                                           map[string]any `json:",omitempty"`
}

func (c *call) describeUserProfile(in profileInput) (any, error) {
	_, p, err := c.profileHere(in)
	if err != nil {
		return nil, err
	}
	out := profileOutput{
		profileSummary: p.summary(), UserProfileArn: p.arn, FailureReason: p.reason, HomeEfsFileSystemUid: p.uid, SingleSignOnUserValue: p.user, UserSettings: p.settings,
	}
	if p.user != "" {
		out.SingleSignOnUserIdentifier = "UserName"
	}
	return out, nil
}

func (c *call) updateUserProfile(in profileInput) (any, error) {
	_, p, err := c.profileHere(in)
	if err != nil {
		return nil, err
	}
	if p.status != inService && p.status != failed {
		return nil, failure("ResourceInUse", "UserProfile [%s] is in status %s and can't be updated.", p.name, p.status)
	}
	if err := c.checkRole(in.UserSettings, false); err != nil {
		return nil, err
	}
	p.settings = overlaid(p.settings, in.UserSettings)
	p.reason, p.doomed = "", ""
	c.world.move(p, updating, profileUpdate)
	c.effect = changed
	return struct{ UserProfileArn string }{p.arn}, nil
}

func (c *call) deleteUserProfile(in profileInput) (any, error) {
	d, p, err := c.profileHere(in)
	if err != nil {
		return nil, err
	}
	switch {
	case c.world.ownsAnything(d, p):
		return nil, failure("ResourceInUse", "Unable to delete UserProfile [%s] because it has associated Apps or Spaces. Delete them first.", p.name)
	case p.status == pending || p.status == updating || p.status == deleting:
		return nil, failure("ResourceInUse", "UserProfile [%s] is in status %s and can't be deleted.", p.name, p.status)
	}
	c.world.move(p, deleting, profileDelete)
	c.effect = deleted
	return nil, nil
}

// matchingProfiles are the profiles of domains in the order that is asked for.
func (c *call) matchingProfiles(domains []*domain, in profileInput) []*profile {
	var matching []*profile
	for _, d := range domains {
		for _, p := range c.world.profilesOf(d) {
			if strings.Contains(strings.ToLower(p.name), strings.ToLower(in.UserProfileNameContains)) {
				matching = append(matching, p)
			}
		}
	}
	if in.SortBy == "LastModifiedTime" {
		slices.SortStableFunc(matching, func(a, b *profile) int { return a.modified.Compare(b.modified) })
	} else {
		sortByNumber(matching)
	}
	if in.SortOrder == "Descending" {
		slices.Reverse(matching)
	}
	return matching
}

// listUserProfiles lists profiles of one domain, or of all.
func (c *call) listUserProfiles(in profileInput) (any, error) {
	domains := slices.DeleteFunc(c.domains(), func(d *domain) bool { return in.DomainIdEquals != "" && in.DomainIdEquals != d.id })
	plain := len(domains) == 1 && in.UserProfileNameContains == "" && in.SortBy != "LastModifiedTime" && in.SortOrder != "Descending"
	var matching []*profile
	if plain { // the usual way of listing, however many there are
		matching = c.world.profilesOf(domains[0])
	} else {
		matching = c.matchingProfiles(domains, in)
	}
	cut, next, err := page(c, matching, in.MaxResults, 10, in.NextToken)
	out := struct {
		UserProfiles []profileSummary
		NextToken    string `json:",omitempty"`
	}{UserProfiles: []profileSummary{}, NextToken: next}
	for _, p := range cut {
		out.UserProfiles = append(out.UserProfiles, p.summary())
	}
	return out, err
}
