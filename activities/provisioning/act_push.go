package provisioning

import (
	"context"
	"strings"
	"time"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// PushGroups sees to it that every group has an active push mapping that was pushed after the people were provisioned:
// Okta leaves out members whom Identity Center does not have yet. Groups that Okta's API refuses to push are in Refused. What
// Okta took and does not show is written again.
func (x *Activities) PushGroups(ctx context.Context, in PushInput) (PushResult, error) {
	groups, err := x.groups(ctx, in.Groups)
	if err != nil {
		return PushResult{}, err
	}
	mappings, err := lookMappings(ctx, x.Okta, in.AppID)
	if err != nil {
		if isRefused(err) {
			return PushResult{Refused: refuseAll(in.Groups, err.Error())}, nil
		}
		return PushResult{}, err
	}
	var newest time.Time
	if !in.Again && anyPushed(mappings) {
		users, err := (&looker{okta: x.Okta, appID: in.AppID}).appUsers(ctx, false)
		if err != nil {
			return PushResult{}, err
		}
		newest = users.newest
	}
	p := &pushing{Activities: x, appID: in.AppID, mappings: mappings, refused: map[string]error{}}
	created, leftAlone := map[string]bool{}, map[string]bool{}
	var clear, push []model.Group
	for _, group := range groups {
		way := wayToPush(mappings[group.ID], newest, in.Again)
		created[group.ID] = way == pushCreate || way == pushAnew
		leftAlone[group.ID] = way == pushNothing && !mappings[group.ID].LastPush.IsZero()
		if way == pushAnew || way == pushAgain {
			clear = append(clear, group)
		}
		if way != pushNothing {
			push = append(push, group)
		}
	}
	if err := p.all(ctx, clear, p.clear, p.uncleared(clear, mappings)); err != nil {
		return PushResult{}, err
	}
	if err := p.all(ctx, push, p.push, p.unpushed(push)); err != nil {
		return PushResult{}, err
	}
	return p.result(groups, created, leftAlone), nil
}

// pushing brings groups on their way.
type pushing struct {
	*Activities
	appID string
	// mappings are those that were last seen.
	mappings map[string]model.Mapping
	// refused are Okta's refusals by group ID.
	refused map[string]error
}

// all makes one kind of write for these groups, and sees to it that it shows.
func (p *pushing) all(ctx context.Context, groups []model.Group, write func(context.Context, model.Group) error,
	missing func() []model.Group) error {
	left, err := provider.WriteUntilSeen(ctx, p.Waits, p.notRefused(groups),
		func(ctx context.Context, group model.Group) error {
			err := write(ctx, group)
			if isRefused(err) {
				p.refused[group.ID] = err
				return nil
			}
			return err
		},
		func(ctx context.Context) ([]model.Group, error) {
			var err error
			if p.mappings, err = lookMappings(ctx, p.Okta, p.appID); err != nil {
				return nil, err
			}
			return p.notRefused(missing()), nil
		})
	if err == nil && len(left) > 0 {
		err = p.notShown(groupsOperation, "Okta took the push of the group %q, but does not show it yet", left[0].Name)
	}
	return err
}

func (p *pushing) notRefused(groups []model.Group) []model.Group {
	var kept []model.Group
	for _, group := range groups {
		if p.refused[group.ID] == nil {
			kept = append(kept, group)
		}
	}
	return kept
}

// clear makes room for a push: one in ERROR is deleted, and an active one is switched off, so that it can be switched on.
func (p *pushing) clear(ctx context.Context, group model.Group) error {
	mapping := p.mappings[group.ID]
	if mapping.Status == mappingError {
		return p.Okta.DeleteMapping(ctx, p.appID, mapping.ID)
	}
	return p.Okta.SetMappingStatus(ctx, p.appID, mapping.ID, mappingInactive)
}

// uncleared are the groups whose mapping still is as it was before.
func (p *pushing) uncleared(groups []model.Group, before map[string]model.Mapping) func() []model.Group {
	return func() []model.Group {
		var missing []model.Group
		for _, group := range groups {
			if now := p.mappings[group.ID]; now.ID != "" && now.ID == before[group.ID].ID && now.Status == before[group.ID].Status {
				missing = append(missing, group)
			}
		}
		return missing
	}
}

// push makes the mapping, or switches it on, which pushes the group now.
func (p *pushing) push(ctx context.Context, group model.Group) error {
	if mapping, there := p.mappings[group.ID]; there {
		return p.Okta.SetMappingStatus(ctx, p.appID, mapping.ID, mappingActive)
	}
	_, err := p.Okta.CreateMapping(ctx, p.appID, group.ID, group.Name)
	return err
}

// unpushed are the groups without a mapping that is on.
func (p *pushing) unpushed(groups []model.Group) func() []model.Group {
	return func() []model.Group {
		var missing []model.Group
		for _, group := range groups {
			mapping, there := p.mappings[group.ID]
			if !there || mapping.Status == mappingInactive {
				missing = append(missing, group)
				continue
			}
			// A second creation is refused where the first one showed late; what counts is what is there.
			delete(p.refused, group.ID)
		}
		return missing
	}
}

func (p *pushing) result(groups []model.Group, created, leftAlone map[string]bool) PushResult {
	result := PushResult{}
	for _, group := range groups {
		if err := p.refused[group.ID]; err != nil {
			if result.Refused == nil {
				result.Refused = map[string]string{}
			}
			result.Refused[group.Name] = err.Error()
			continue
		}
		pushed := describeMapping(group, p.mappings[group.ID])
		if created[group.ID] {
			pushed.Origin = onboarding.OriginCreated
		}
		pushed.LeftAlone = leftAlone[group.ID]
		result.Pushed = append(result.Pushed, pushed)
	}
	return result
}

// AwaitPushed looks once whether every group has an active mapping that was pushed; NotReady until then. A mapping in
// ERROR is class Invalid with Okta's reason, since it stays so by itself. Where the org's API does not show mappings at all,
// every group is in Refused, and whether they arrived is seen in Identity Center only.
func (x *Activities) AwaitPushed(ctx context.Context, in PushInput) (PushResult, error) {
	groups, err := x.groups(ctx, in.Groups)
	if err != nil {
		return PushResult{}, err
	}
	mappings, err := lookMappings(ctx, x.Okta, in.AppID)
	if class := fault.ClassOf(err); class == fault.NotFound || class == fault.Unsupported {
		return PushResult{Refused: refuseAll(in.Groups, err.Error())}, nil
	}
	if err != nil {
		return PushResult{}, err
	}
	var result PushResult
	var waiting []string
	for _, group := range groups {
		mapping, there := mappings[group.ID]
		if failed := failedPush(group, mapping); failed != nil {
			return PushResult{}, provider.Refuse([]onboarding.Verdict{*failed}, "okta", groupsOperation)
		}
		if !there || mapping.Status != mappingActive || mapping.LastPush.IsZero() {
			waiting = append(waiting, group.Name)
			continue
		}
		result.Pushed = append(result.Pushed, describeMapping(group, mapping))
	}
	if len(waiting) > 0 {
		return PushResult{}, fault.New(fault.NotReady, "okta", groupsOperation, "%d of %d groups are pushed; not yet: %s",
			len(result.Pushed), len(groups), strings.Join(waiting, ", ")).
			After(x.Waits.Console)
	}
	return result, nil
}

func (x *Activities) groups(ctx context.Context, names []string) ([]model.Group, error) {
	groups := make([]model.Group, len(names))
	for i, name := range names {
		group, err := x.Okta.Group(ctx, name)
		if err != nil {
			return nil, err
		}
		groups[i] = group
	}
	return groups, nil
}

func refuseAll(groups []string, reason string) map[string]string {
	refused := make(map[string]string, len(groups))
	for _, group := range groups {
		refused[group] = reason
	}
	return refused
}

func describeMapping(group model.Group, mapping model.Mapping) PushedGroup {
	return PushedGroup{Name: group.Name, MappingID: mapping.ID, Status: mapping.Status, Error: mapping.ErrorSummary,
		Origin: onboarding.OriginAdopted}
}
