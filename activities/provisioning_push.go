package activities

import (
	"context"
	"strings"
	"time"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/oktaorg"
	"studio-onboarding/onboarding"
)

// The states of a group push mapping.
const (
	mappingActive   = "ACTIVE"
	mappingInactive = "INACTIVE"
	mappingError    = "ERROR"
)

// PushGroups sees to it that every group has an active push mapping that was pushed after the people were provisioned:
// Okta leaves out members whom Identity Center does not have yet. Groups that Okta's API refuses to push are in Refused.
func (x *Provisioning) PushGroups(ctx context.Context, in PushInput) (PushResult, error) {
	groups, err := x.groups(ctx, in.Groups)
	if err != nil {
		return PushResult{}, err
	}
	mappings, err := x.mappings(ctx, in.AppID)
	if err != nil {
		if reason, ok := refusedPush(err); ok {
			return PushResult{Refused: refuseAll(in.Groups, reason)}, nil
		}
		return PushResult{}, err
	}
	newest := time.Now()
	if !in.Again {
		if newest, err = x.newestPerson(ctx, in.AppID, mappings); err != nil {
			return PushResult{}, err
		}
	}
	refused, created := map[string]string{}, map[string]bool{}
	for _, group := range groups {
		mapping := mappings[group.ID]
		if way := wayToPush(mapping, newest); way == pushCreate || way == pushAnew {
			created[group.ID] = true
		}
		if err := x.push(ctx, in.AppID, group, mapping, newest); err != nil {
			reason, ok := refusedPush(err)
			if !ok {
				return PushResult{}, err
			}
			refused[group.Name] = reason
		}
	}

	if mappings, err = x.mappings(ctx, in.AppID); err != nil {
		return PushResult{}, err
	}
	result := PushResult{}
	for _, group := range groups {
		if _, is := refused[group.Name]; is {
			continue
		}
		mapping, there := mappings[group.ID]
		if !there {
			return PushResult{}, fault.New(fault.NotReady, "okta", groupsOperation, "Okta took the push of the group %q, but does not show it yet", group.Name).
				After(x.Waits.Console)
		}
		pushed := describeMapping(group, mapping)
		if created[group.ID] {
			pushed.Origin = onboarding.OriginCreated
		}
		result.Pushed = append(result.Pushed, pushed)
	}
	if len(refused) > 0 {
		result.Refused = refused
	}
	return result, nil
}

// push brings one mapping on its way. mapping is the zero value where the group has none.
func (x *Provisioning) push(ctx context.Context, appID string, group oktaorg.Group, mapping oktaorg.Mapping, newest time.Time) error {
	switch wayToPush(mapping, newest) {
	case pushAnew:
		if err := x.Okta.DeleteMapping(ctx, appID, mapping.ID); err != nil {
			return err
		}
		fallthrough
	case pushCreate:
		_, err := x.Okta.CreateMapping(ctx, appID, group.ID, group.Name)
		return err
	case pushNothing:
		return nil
	case pushAgain:
		if err := x.Okta.SetMappingStatus(ctx, appID, mapping.ID, mappingInactive); err != nil {
			return err
		}
	}
	return x.Okta.SetMappingStatus(ctx, appID, mapping.ID, mappingActive)
}

// pushWay is what has to be done so that a group is pushed.
type pushWay int

const (
	pushNothing pushWay = iota
	pushCreate
	// pushAnew deletes the mapping first: Okta refuses every other change of one in ERROR.
	pushAnew
	// pushAgain takes along people who came after the last push.
	pushAgain
	pushActivate
)

// wayToPush decides about one group. mapping is the zero value where the group has none.
func wayToPush(mapping oktaorg.Mapping, newest time.Time) pushWay {
	switch {
	case mapping.Status == mappingError:
		return pushAnew
	case mapping.ID == "":
		return pushCreate
	case mapping.Status != mappingActive:
		return pushActivate
	case mapping.LastPush.IsZero() || !mapping.LastPush.Before(newest):
		return pushNothing
	}
	return pushAgain
}

// AwaitPushed looks once whether every group has an active mapping that was pushed; NotReady until then. A mapping in
// ERROR is class Invalid with Okta's reason, since it stays so by itself. Where the org's API does not show mappings at all,
// every group is in Refused, and whether they arrived is seen in Identity Center only.
func (x *Provisioning) AwaitPushed(ctx context.Context, in PushInput) (PushResult, error) {
	groups, err := x.groups(ctx, in.Groups)
	if err != nil {
		return PushResult{}, err
	}
	mappings, err := x.mappings(ctx, in.AppID)
	if class := fault.ClassOf(err); class == fault.NotFound || class == fault.Unsupported {
		reason, _ := refusedPush(err)
		return PushResult{Refused: refuseAll(in.Groups, reason)}, nil
	}
	if err != nil {
		return PushResult{}, err
	}
	var result PushResult
	var waiting []string
	for _, group := range groups {
		mapping, there := mappings[group.ID]
		switch {
		case mapping.Status == mappingError:
			return PushResult{}, fault.New(fault.Invalid, "okta", groupsOperation, "pushing the group %q failed: %s", group.Name, orUnknown(mapping.ErrorSummary)).
				WithRemedy("remove the cause, then retry: the run deletes the failed push and starts it anew")
		case !there || mapping.Status != mappingActive || mapping.LastPush.IsZero():
			waiting = append(waiting, group.Name)
		default:
			result.Pushed = append(result.Pushed, describeMapping(group, mapping))
		}
	}
	if len(waiting) > 0 {
		return PushResult{}, fault.New(fault.NotReady, "okta", groupsOperation, "%d of %d groups are pushed; not yet: %s", len(result.Pushed), len(groups), strings.Join(waiting, ", ")).
			After(x.Waits.Console)
	}
	return result, nil
}

func (x *Provisioning) groups(ctx context.Context, names []string) ([]oktaorg.Group, error) {
	groups := make([]oktaorg.Group, len(names))
	for i, name := range names {
		group, err := x.Okta.Group(ctx, name)
		if err != nil {
			return nil, err
		}
		groups[i] = group
	}
	return groups, nil
}

// mappings are the app's mappings by source group.
func (x *Provisioning) mappings(ctx context.Context, appID string) (map[string]oktaorg.Mapping, error) {
	all, err := x.Okta.Mappings(ctx, appID)
	if err != nil {
		return nil, err
	}
	byGroup := make(map[string]oktaorg.Mapping, len(all))
	for _, mapping := range all {
		byGroup[mapping.SourceGroupID] = mapping
	}
	return byGroup, nil
}

// newestPerson is when the last person was provisioned; it is looked up only where a mapping was pushed before.
func (x *Provisioning) newestPerson(ctx context.Context, appID string, mappings map[string]oktaorg.Mapping) (time.Time, error) {
	var newest time.Time
	pushed := false
	for _, mapping := range mappings {
		pushed = pushed || (mapping.Status == mappingActive && !mapping.LastPush.IsZero())
	}
	if !pushed {
		return newest, nil
	}
	err := x.appUsers(ctx, appID, func(page []oktaorg.AppUser) error {
		for _, user := range page {
			if user.Provisioned() && user.StatusChanged.After(newest) {
				newest = user.StatusChanged
			}
		}
		return nil
	})
	return newest, err
}

// refusedPush says whether Okta's API won't push groups, and why: the app or org does not support it, or the credentials
// may not. A person can still do it in the console.
func refusedPush(err error) (reason string, refused bool) {
	switch fault.ClassOf(err) {
	case fault.Invalid, fault.Denied, fault.NotFound, fault.Unsupported:
		return err.Error(), true
	}
	return "", false
}

func refuseAll(groups []string, reason string) map[string]string {
	refused := make(map[string]string, len(groups))
	for _, group := range groups {
		refused[group] = reason
	}
	return refused
}

func describeMapping(group oktaorg.Group, mapping oktaorg.Mapping) PushedGroup {
	return PushedGroup{Name: group.Name, MappingID: mapping.ID, Status: mapping.Status, Error: mapping.ErrorSummary, Origin: onboarding.OriginAdopted}
}

func orUnknown(s string) string {
	if s == "" {
		return "Okta gives no reason"
	}
	return s
}
