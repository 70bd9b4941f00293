package awsworld

import (
	"slices"
	"strings"
	"time"
)

// How long apps take. They start a machine; the minutes depend on its type.
const (
	appCreate = time.Minute
	appDelete = 30 * time.Second
	// appMemory is how long a deleted app stays in lists.
	appMemory = 24 * time.Hour
)

// gone is the status of an app that was deleted and is still shown.
const gone = "Deleted"

// app is a Studio application, of a profile or of a space.
type app struct {
	resource
	kind, name, profile, space string
	spec                       map[string]any
}

// appsOf are the apps of a domain, each moved on.
func (w *World) appsOf(d *domain) []*app {
	for _, a := range slices.Clone(d.apps) {
		if a.due.IsZero() || w.clock.Now().Before(a.due) {
			continue
		}
		switch a.status {
		case pending:
			a.status, a.modified, a.due = inService, a.due, time.Time{}
		case deleting:
			a.status, a.modified, a.due = gone, a.due, a.due.Add(w.clock.Scale(appMemory))
		default:
			d.apps = without(d.apps, a)
		}
	}
	return d.apps
}

// running says whether a domain has such an app that isn't deleted.
func (w *World) running(d *domain, such func(*app) bool) bool {
	return slices.ContainsFunc(w.appsOf(d), func(a *app) bool { return a.status != gone && such(a) })
}

// ownsAnything says whether a profile has apps or spaces.
func (w *World) ownsAnything(d *domain, p *profile) bool {
	return w.running(d, func(a *app) bool { return strings.EqualFold(a.profile, p.name) }) ||
		slices.ContainsFunc(w.spacesOf(d), func(s *space) bool { return strings.EqualFold(s.owner, p.name) })
}

// app finds the newest app of that name; there may be deleted ones before it.
func (c *call) app(in studioInput) (*domain, *app, error) {
	d, err := c.domain(in.DomainId)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range slices.Backward(c.world.appsOf(d)) {
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
	case (in.UserProfileName == "") == (in.SpaceName == ""):
		return nil, invalid("Exactly one of UserProfileName and SpaceName must be given.")
	case there != nil && there.status != gone:
		return nil, failure("ResourceInUse", "Resource Already Exists: App with name %s already exists.", in.AppName)
	}
	if in.SpaceName != "" {
		if _, _, err := c.space(in); err != nil {
			return nil, err
		}
	} else if c.world.profile(d, in.UserProfileName) == nil {
		return nil, failure("ResourceNotFound", "UserProfile [%s] does not exist in Domain [%s].", in.UserProfileName, d.id)
	}
	a := &app{
		resource: c.newResource(appCreate, "app", d.id, in.UserProfileName+in.SpaceName, in.AppType, in.AppName),
		kind:     in.AppType, name: in.AppName, profile: in.UserProfileName, space: in.SpaceName, spec: in.ResourceSpec,
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
	ResourceSpec                       map[string]any `json:",omitempty"`
}

func (a *app) output(d *domain) appOutput {
	return appOutput{
		DomainId: d.id, AppType: a.kind, AppName: a.name, Status: a.status, UserProfileName: a.profile, SpaceName: a.space,
		CreationTime: stamp{a.created}, ResourceSpec: a.spec,
	}
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
	_, a, err := c.app(in)
	switch {
	case err != nil:
		return nil, err
	case a.status == gone:
		return nil, invalid("App [%s] has already been deleted.", a.name)
	case a.status == deleting:
		return nil, failure("ResourceInUse", "App [%s] is in status Deleting.", a.name)
	}
	a.status, a.modified, a.due = deleting, c.world.clock.Now(), c.world.clock.Due(appDelete)
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
		for _, a := range c.world.appsOf(d) {
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
