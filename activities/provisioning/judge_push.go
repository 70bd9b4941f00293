package provisioning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// The states of a group push mapping.
const (
	mappingActive   = "ACTIVE"
	mappingInactive = "INACTIVE"
	mappingError    = "ERROR"
)

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

// wayToPush decides about one group. mapping is the zero value where the group has none; newest is when the last person was
// provisioned; again says that more will be, before the group is pushed, or that Identity Center lacks members in it.
func wayToPush(mapping model.Mapping, newest time.Time, again bool) pushWay {
	switch {
	case mapping.Status == mappingError:
		return pushAnew
	case mapping.ID == "":
		return pushCreate
	case mapping.Status != mappingActive:
		return pushActivate
	case mapping.LastPush.IsZero() || !again && !mapping.LastPush.Before(newest):
		return pushNothing
	}
	return pushAgain
}

// anyPushed says whether there is a push of which it matters when it was.
func anyPushed(mappings map[string]model.Mapping) bool {
	for _, mapping := range mappings {
		if mapping.Status == mappingActive && !mapping.LastPush.IsZero() {
			return true
		}
	}
	return false
}

// arriving says whether people will be provisioned before the groups are pushed.
func (s State) arriving() bool {
	people, _ := s.toAssign()
	return s.Arriving || s.Newcomers || len(people) > 0
}

func (s State) judgePushes(spec onboarding.Spec) []onboarding.Verdict {
	var verdicts []onboarding.Verdict
	if s.Undecided {
		for _, group := range spec.Access.Groups {
			verdicts = append(verdicts, nameField(group.Name))
		}
		return verdicts
	}
	if _, pushed := s.Mappings[s.Group.ID]; pushed && s.Group.ID != "" {
		verdicts = append(verdicts, judgedPush(onboarding.VerdictWarning, s.Group.Name, CodeGroupPush,
			"Delete its push on the app's Push Groups tab, and push another group: Okta does not support one group for assignment and push.",
			"The assignment group %q is pushed as well, so that its members may be missing in the group in Identity Center.", s.Group.Name))
	}
	for _, push := range s.Pushes {
		verdicts = append(verdicts, s.judgePush(spec, push)...)
	}
	return verdicts
}

func (s State) judgePush(spec onboarding.Spec, push Push) []onboarding.Verdict {
	field := nameField(push.Name)
	if push.Trouble != nil { // why, and what to do, is said with the people in it
		return []onboarding.Verdict{judgedPush(onboarding.VerdictUnknown, push.Name, CodeGroupPush, "",
			"The Okta group %q could not be read, so that it is not known whether it is pushed.", push.Name), field}
	}
	var verdicts []onboarding.Verdict
	add := func(kind onboarding.VerdictKind, code, remedy, format string, args ...any) {
		verdicts = append(verdicts, judgedPush(kind, push.Name, code, remedy, format, args...))
	}
	if push.Group.ID != s.Group.ID && slices.Contains(s.AppGroups, push.Group.ID) {
		add(onboarding.VerdictWarning, CodeGroupPush,
			fmt.Sprintf("Take it off the app's Assignments tab in Okta once its members are in %q: Okta does not support one group for "+
				"assignment and push.", spec.Okta.AssignmentGroup),
			"The access group %q is assigned to the app, and the run pushes it as well.", push.Name)
	}
	mapping, there := s.Mappings[push.Group.ID]
	if !there && slices.Contains(s.MadeByHand, push.Name) {
		add(onboarding.VerdictWarning, CodeGroupByHand,
			"If it is meant, all is well. If not, rename it in the IAM Identity Center console (Groups) first: who has access by it, "+
				"has it from then on by Okta.",
			"Identity Center has a group %q that Okta did not push. Pushing takes it over, with its members and everything that is "+
				"assigned to it.", push.Name)
	}
	if s.MappingsTrouble != nil {
		add(onboarding.VerdictAsk, CodeGroupPush,
			asked+" To spare it, give the worker's credentials okta.groups.manage and okta.apps.manage.",
			"The group %q has to be pushed in the Okta console, as Okta's API refuses: %s.", push.Name,
			strings.TrimSuffix(s.MappingsTrouble.Message, "."))
		return append(verdicts, field)
	}
	field.Kind, field.Have = onboarding.VerdictKeep, push.Name
	lacking := s.Lacking[push.Name]
	switch wayToPush(mapping, s.Newest, s.arriving() || lacking > 0) {
	case pushCreate:
		field.Kind, field.Have = onboarding.VerdictCreate, ""
		if id := s.Existing[push.Name]; id != "" {
			add(onboarding.VerdictCreate, CodeGroupPush, "",
				"Okta pushes the group %q, which takes over the group of that name in Identity Center (%s).", push.Name, id)
		} else {
			add(onboarding.VerdictCreate, CodeGroupPush, "", "Okta pushes the group %q to Identity Center.", push.Name)
		}
	case pushAnew:
		add(onboarding.VerdictWarning, CodeGroupPush, "Remove the cause; the run deletes the failed push and starts it anew.",
			"Pushing the group %q failed: %s.", push.Name, orUnknown(mapping.ErrorSummary))
		add(onboarding.VerdictRemove, CodeGroupPush, "", "The push of the group %q failed, and is deleted.", push.Name)
		add(onboarding.VerdictCreate, CodeGroupPush, "", "Okta pushes the group %q anew.", push.Name)
	case pushAgain:
		if lacking > 0 {
			add(onboarding.VerdictChange, CodeGroupPush, "", "The group %q is pushed again, because Identity Center lacks %d of its members in it.",
				push.Name, lacking)
			break
		}
		add(onboarding.VerdictChange, CodeGroupPush, "", "The group %q is pushed again, with the people who came since.", push.Name)
	case pushActivate:
		add(onboarding.VerdictChange, CodeGroupPush, "", "The push of the group %q is activated.", push.Name)
	case pushNothing:
		add(onboarding.VerdictKeep, CodeGroupPush, "", "The group %q is pushed (%s).", push.Name, mapping.Status)
	}
	return append(verdicts, field)
}

func nameField(name string) onboarding.Verdict {
	return onboarding.Verdict{
		Resource: onboarding.ResourceGroupPush, Subject: name, Field: fieldGroupName, Kind: onboarding.VerdictUnknown,
		Code: CodeGroupPush, Want: name,
	}
}

func judgedPush(kind onboarding.VerdictKind, subject, code, remedy, format string, args ...any) onboarding.Verdict {
	return verdict(onboarding.ResourceGroupPush, kind, subject, code, remedy, format, args...)
}

// failedPush is a push that only a person can repair; nil where it is on its way or done.
func failedPush(group model.Group, mapping model.Mapping) *onboarding.Verdict {
	if mapping.Status != mappingError {
		return nil
	}
	failed := judgedPush(onboarding.VerdictBlocked, group.Name, CodeGroupPush,
		"Remove the cause, then retry: the run deletes the failed push and starts it anew.",
		"Pushing the group %q failed: %s.", group.Name, orUnknown(mapping.ErrorSummary))
	return &failed
}

func orUnknown(reason string) string {
	return strings.TrimSuffix(cmp.Or(reason, "Okta gives no reason"), ".")
}
