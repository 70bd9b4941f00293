package awsworld

import (
	"slices"
	"strings"
)

// space is a Studio space: storage and settings that somebody's apps run in. Spaces and apps are there at once in this world;
// what matters is that they keep profiles and domains from being deleted.
type space struct {
	resource
	domain   *domain
	name     string
	owner    string
	settings map[string]any
}

// app is a running Studio application, of a profile or of a space.
type app struct {
	resource
	kind, name, profile, space string
}

type studioInput struct {
	DomainId, SpaceName, AppType, AppName, UserProfileName                                                  string
	DomainIdEquals, UserProfileNameEquals, SpaceNameEquals, SpaceNameContains, SortBy, SortOrder, NextToken string
	MaxResults                                                                                              int
	OwnershipSettings                                                                                       struct{ OwnerUserProfileName string }
	SpaceSettings                                                                                           map[string]any
	Tags                                                                                                    []tag
}

// ownsAnything says whether a profile has apps or spaces.
func (w *World) ownsAnything(d *domain, p *profile) bool {
	return slices.ContainsFunc(d.apps, func(a *app) bool { return strings.EqualFold(a.profile, p.name) }) ||
		slices.ContainsFunc(d.spaces, func(s *space) bool { return strings.EqualFold(s.owner, p.name) })
}

func (c *call) newResource(kind string, path ...string) resource {
	now := c.world.clock.Now()
	return resource{ordinal: ordinal(c.world.next()), arn: c.arn(kind + "/" + strings.ToLower(strings.Join(path, "/"))), status: inService, created: now, modified: now}
}

func (c *call) space(in studioInput) (*domain, *space, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range d.spaces {
		if strings.EqualFold(s.name, in.SpaceName) {
			return d, s, nil
		}
	}
	return d, nil, failure("ResourceNotFound", "Space [%s] does not exist in Domain [%s].", in.SpaceName, d.id)
}

func (c *call) createSpace(in studioInput) (any, error) {
	d, there, err := c.space(in)
	switch {
	case d == nil:
		return nil, err
	case there != nil:
		return nil, failure("ResourceInUse", "Resource Already Exists: Space with name %s already exists.", in.SpaceName)
	case in.OwnershipSettings.OwnerUserProfileName != "" && c.world.profile(d, in.OwnershipSettings.OwnerUserProfileName) == nil:
		return nil, failure("ResourceNotFound", "UserProfile [%s] does not exist in Domain [%s].", in.OwnershipSettings.OwnerUserProfileName, d.id)
	}
	s := &space{resource: c.newResource("space", d.id, in.SpaceName), domain: d, name: in.SpaceName, owner: in.OwnershipSettings.OwnerUserProfileName, settings: in.SpaceSettings}
	s.tags = in.Tags
	d.spaces = append(d.spaces, s)
	c.effect = created
	return struct{ SpaceArn string }{s.arn}, nil
}

type spaceSummary struct {
	DomainId, SpaceName, Status    string
	CreationTime, LastModifiedTime stamp
	OwnershipSettingsSummary       *ownership `json:",omitempty"`
}

type ownership struct{ OwnerUserProfileName string }

func (s *space) summary() spaceSummary {
	out := spaceSummary{DomainId: s.domain.id, SpaceName: s.name, Status: s.status, CreationTime: stamp{s.created}, LastModifiedTime: stamp{s.modified}}
	if s.owner != "" {
		out.OwnershipSettingsSummary = &ownership{s.owner}
	}
	return out
}

func (c *call) describeSpace(in studioInput) (any, error) {
	d, s, err := c.space(in)
	if err != nil {
		return nil, err
	}
	return struct {
		DomainId, SpaceArn, SpaceName, Status string
		CreationTime, LastModifiedTime        stamp
		OwnershipSettings                     ownership
		SpaceSettings                         map[string]any `json:",omitempty"`
	}{d.id, s.arn, s.name, s.status, stamp{s.created}, stamp{s.modified}, ownership{s.owner}, s.settings}, nil
}

func (c *call) deleteSpace(in studioInput) (any, error) {
	d, s, err := c.space(in)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(d.apps, func(a *app) bool { return strings.EqualFold(a.space, s.name) }) {
		return nil, failure("ResourceInUse", "Unable to delete Space [%s] because it has associated Apps. Delete them first.", s.name)
	}
	d.spaces = slices.DeleteFunc(d.spaces, func(other *space) bool { return other == s })
	c.effect = deleted
	return nil, nil
}

func (c *call) listSpaces(in studioInput) (any, error) {
	var matching []*space
	for _, d := range c.domains() {
		for _, s := range d.spaces {
			if (in.DomainIdEquals == "" || in.DomainIdEquals == d.id) && strings.Contains(strings.ToLower(s.name), strings.ToLower(in.SpaceNameContains)) {
				matching = append(matching, s)
			}
		}
	}
	sortByNumber(matching)
	if in.SortOrder == "Descending" {
		slices.Reverse(matching)
	}
	cut, next, err := page(c, matching, in.MaxResults, 10, in.NextToken)
	out := struct {
		Spaces    []spaceSummary
		NextToken string `json:",omitempty"`
	}{Spaces: []spaceSummary{}, NextToken: next}
	for _, s := range cut {
		out.Spaces = append(out.Spaces, s.summary())
	}
	return out, err
}

func (c *call) app(in studioInput) (*domain, *app, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range d.apps {
		if a.kind == in.AppType && strings.EqualFold(a.name, in.AppName) && strings.EqualFold(a.profile, in.UserProfileName) && strings.EqualFold(a.space, in.SpaceName) {
			return d, a, nil
		}
	}
	return d, nil, failure("ResourceNotFound", "App [%s] does not exist in Domain [%s].", in.AppName, d.id)
}

func (c *call) createApp(in studioInput) (any, error) {
	d, there, err := c.app(in)
	switch {
	case d == nil:
		return nil, err
	case there != nil:
		return nil, failure("ResourceInUse", "Resource Already Exists: App with name %s already exists.", in.AppName)
	case (in.UserProfileName == "") == (in.SpaceName == ""):
		return nil, invalid("Exactly one of UserProfileName and SpaceName must be given.")
	case in.UserProfileName != "" && c.world.profile(d, in.UserProfileName) == nil:
		return nil, failure("ResourceNotFound", "UserProfile [%s] does not exist in Domain [%s].", in.UserProfileName, d.id)
	}
	if in.SpaceName != "" {
		if _, _, err := c.space(in); err != nil {
			return nil, err
		}
	}
	a := &app{
		resource: c.newResource("app", d.id, in.UserProfileName+in.SpaceName, in.AppType, in.AppName),
		kind:     in.AppType, name: in.AppName, profile: in.UserProfileName, space: in.SpaceName,
	}
	a.tags = in.Tags
	d.apps = append(d.apps, a)
	c.effect = created
	return struct{ AppArn string }{a.arn}, nil
}

type appOutput struct {
	DomainId, AppType, AppName, Status string
	UserProfileName, SpaceName         string `json:",omitempty"`
	AppArn                             string `json:",omitempty"`
	CreationTime                       stamp
}

func (a *app) output(d *domain) appOutput {
	return appOutput{DomainId: d.id, AppType: a.kind, AppName: a.name, Status: a.status, UserProfileName: a.profile, SpaceName: a.space, CreationTime: stamp{a.created}}
}

func (c *call) describeApp(in studioInput) (any, error) {
	d, a, err := c.app(in)
	if err != nil {
		return nil, err
	}
	out := a.output(d)
	out.AppArn = a.arn
	return out, nil
}

func (c *call) deleteApp(in studioInput) (any, error) {
	d, a, err := c.app(in)
	if err != nil {
		return nil, err
	}
	d.apps = slices.DeleteFunc(d.apps, func(other *app) bool { return other == a })
	c.effect = deleted
	return nil, nil
}

// numberedApp is an app with its domain.
type numberedApp struct {
	*app
	domain *domain
}

func (c *call) listApps(in studioInput) (any, error) {
	if in.UserProfileNameEquals != "" && in.SpaceNameEquals != "" {
		return nil, invalid("Only one of UserProfileNameEquals and SpaceNameEquals can be given.")
	}
	var matching []numberedApp
	for _, d := range c.domains() {
		for _, a := range d.apps {
			if (in.DomainIdEquals == "" || in.DomainIdEquals == d.id) &&
				(in.UserProfileNameEquals == "" || strings.EqualFold(in.UserProfileNameEquals, a.profile)) &&
				(in.SpaceNameEquals == "" || strings.EqualFold(in.SpaceNameEquals, a.space)) {
				matching = append(matching, numberedApp{a, d})
			}
		}
	}
	sortByNumber(matching)
	if in.SortOrder == "Descending" {
		slices.Reverse(matching)
	}
	cut, next, err := page(c, matching, in.MaxResults, 10, in.NextToken)
	out := struct {
		Apps      []appOutput
		NextToken string `json:",omitempty"`
	}{Apps: []appOutput{}, NextToken: next}
	for _, a := range cut {
		out.Apps = append(out.Apps, a.output(a.domain))
	}
	return out, err
}
