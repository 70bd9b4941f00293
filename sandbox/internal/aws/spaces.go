package awsworld

import (
	"slices"
	"strings"
	"time"
)

// How long spaces take. SageMaker doesn't publish it; they hold settings only, so it is seconds.
const (
	spaceCreate = 5 * time.Second
	spaceUpdate = 3 * time.Second
	spaceDelete = 5 * time.Second
)

// space is a Studio space: storage and settings that somebody's apps run in.
type space struct {
	resource
	domain               *domain
	name, owner, display string
	sharing              string
	settings             map[string]any
}

// studioInput is what the operations on spaces and apps share.
type studioInput struct {
	DomainId, SpaceName, AppType, AppName, UserProfileName, SpaceDisplayName                                string
	DomainIdEquals, UserProfileNameEquals, SpaceNameEquals, SpaceNameContains, SortBy, SortOrder, NextToken string
	MaxResults                                                                                              int
	OwnershipSettings                                                                                       ownership
	SpaceSharingSettings                                                                                    sharing
	SpaceSettings, ResourceSpec                                                                             map[string]any
	Tags                                                                                                    []tag
}

type (
	ownership struct{ OwnerUserProfileName string }
	sharing   struct{ SharingType string }
)

func (c *call) newResource(delay time.Duration, kind string, path ...string) resource {
	now := c.world.clock.Now()
	return resource{
		ordinal: ordinal(c.world.next()), arn: c.arn(kind + "/" + strings.ToLower(strings.Join(path, "/"))),
		status: pending, created: now, modified: now, due: c.world.clock.Due(delay),
	}
}

// spacesOf are the spaces of a domain, each moved on.
func (w *World) spacesOf(d *domain) []*space {
	for _, s := range slices.Clone(d.spaces) {
		if s.due.IsZero() || w.clock.Now().Before(s.due) {
			continue
		}
		if s.status == deleting {
			d.spaces = without(d.spaces, s)
		}
		s.status, s.modified, s.due = inService, s.due, time.Time{}
	}
	return d.spaces
}

func (c *call) space(in studioInput) (*domain, *space, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range c.world.spacesOf(d) {
		if strings.EqualFold(s.name, in.SpaceName) {
			return d, s, nil
		}
	}
	return d, nil, failure("ResourceNotFound", "Space [%s] does not exist in Domain [%s].", in.SpaceName, d.id)
}

func (c *call) createSpace(in studioInput) (any, error) {
	d, there, err := c.space(in)
	owner := in.OwnershipSettings.OwnerUserProfileName
	switch {
	case d == nil:
		return nil, err
	case d.status != inService:
		return nil, invalid("Domain [%s] is in status %s. Spaces can be created once it is InService.", d.id, d.status)
	case there != nil:
		return nil, failure("ResourceInUse", "Resource Already Exists: Space with name %s already exists.", in.SpaceName)
	case owner != "" && c.world.profile(d, owner) == nil:
		return nil, failure("ResourceNotFound", "UserProfile [%s] does not exist in Domain [%s].", owner, d.id)
	}
	used := 0
	for _, other := range c.world.accounts[c.account].domains {
		used += len(c.world.spacesOf(other))
	}
	if err := c.world.accounts[c.account].exceeded(quotaSpaces, "Spaces", used); err != nil {
		return nil, err
	}
	s := &space{
		resource: c.newResource(spaceCreate, "space", d.id, in.SpaceName), domain: d, name: in.SpaceName, owner: owner,
		display: in.SpaceDisplayName, sharing: in.SpaceSharingSettings.SharingType, settings: in.SpaceSettings,
	}
	s.tags = in.Tags
	d.spaces = append(d.spaces, s)
	c.effect = created
	return struct{ SpaceArn string }{s.arn}, nil
}

type spaceSummary struct {
	DomainId, SpaceName, Status    string
	SpaceDisplayName               string `json:",omitempty"`
	CreationTime, LastModifiedTime stamp
	SpaceSettingsSummary           map[string]any `json:",omitempty"`
	OwnershipSettingsSummary       *ownership     `json:",omitempty"`
	SpaceSharingSettingsSummary    *sharing       `json:",omitempty"`
}

func (s *space) ownership() *ownership {
	if s.owner == "" {
		return nil
	}
	return &ownership{s.owner}
}

func (s *space) shared() *sharing {
	if s.sharing == "" {
		return nil
	}
	return &sharing{s.sharing}
}

func (s *space) summary() spaceSummary {
	out := spaceSummary{
		DomainId: s.domain.id, SpaceName: s.name, Status: s.status, SpaceDisplayName: s.display, CreationTime: stamp{s.created}, LastModifiedTime: stamp{s.modified},
		OwnershipSettingsSummary: s.ownership(), SpaceSharingSettingsSummary: s.shared(),
	}
	for _, name := range []string{"AppType", "RemoteAccess", "SpaceStorageSettings"} {
		if value, ok := s.settings[name]; ok {
			if out.SpaceSettingsSummary == nil {
				out.SpaceSettingsSummary = map[string]any{}
			}
			out.SpaceSettingsSummary[name] = value
		}
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
		SpaceDisplayName                      string `json:",omitempty"`
		CreationTime, LastModifiedTime        stamp
		OwnershipSettings                     *ownership     `json:",omitempty"`
		SpaceSharingSettings                  *sharing       `json:",omitempty"`
		SpaceSettings                         map[string]any `json:",omitempty"`
		Url                                   string
	}{d.id, s.arn, s.name, s.status, s.display, stamp{s.created}, stamp{s.modified}, s.ownership(), s.shared(), s.settings, d.url + "/spaces/" + s.name}, nil
}

func (c *call) updateSpace(in studioInput) (any, error) {
	d, s, err := c.space(in)
	switch {
	case err != nil:
		return nil, err
	case s.status != inService:
		return nil, failure("ResourceInUse", "Space [%s] is in status %s and can't be updated.", s.name, s.status)
	case in.SpaceSettings != nil && c.world.running(d, func(a *app) bool { return strings.EqualFold(a.space, s.name) }):
		return nil, failure("ResourceInUse", "Space [%s] has running Apps. Delete them before you change its settings.", s.name)
	}
	s.settings = overlaid(s.settings, in.SpaceSettings)
	if in.SpaceDisplayName != "" {
		s.display = in.SpaceDisplayName
	}
	s.status, s.modified, s.due = updating, c.world.clock.Now(), c.world.clock.Due(spaceUpdate)
	c.effect = changed
	return struct{ SpaceArn string }{s.arn}, nil
}

func (c *call) deleteSpace(in studioInput) (any, error) {
	d, s, err := c.space(in)
	switch {
	case err != nil:
		return nil, err
	case s.status != inService:
		return nil, failure("ResourceInUse", "Space [%s] is in status %s and can't be deleted.", s.name, s.status)
	case c.world.running(d, func(a *app) bool { return strings.EqualFold(a.space, s.name) }):
		return nil, failure("ResourceInUse", "Unable to delete Space [%s] because it has associated Apps. Delete them first.", s.name)
	}
	s.status, s.modified, s.due = deleting, c.world.clock.Now(), c.world.clock.Due(spaceDelete)
	c.effect = deleted
	return nil, nil
}

func (c *call) listSpaces(in studioInput) (any, error) {
	var matching []*space
	for _, d := range c.domains() {
		for _, s := range c.world.spacesOf(d) {
			if (in.DomainIdEquals == "" || in.DomainIdEquals == d.id) && strings.Contains(strings.ToLower(s.name), strings.ToLower(in.SpaceNameContains)) {
				matching = append(matching, s)
			}
		}
	}
	if in.SortBy == "LastModifiedTime" {
		slices.SortStableFunc(matching, func(a, b *space) int { return a.modified.Compare(b.modified) })
	} else {
		sortByNumber(matching)
	}
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
