package okta_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta/query"
	"github.com/stretchr/testify/require"
)

// mapping is a group push mapping as the API shows it.
type mapping struct {
	ID, SourceGroupID, TargetGroupID, Status, ErrorSummary string
	LastPush                                               *time.Time
}

func (w *world) push(app, group string) mapping {
	w.Helper()
	var m mapping
	resp := w.do(http.MethodPost, "/api/v1/apps/"+app+"/group-push/mappings",
		map[string]string{"sourceGroupId": w.groupID(group), "targetGroupName": group, "status": "ACTIVE"}, &m)
	require.Equal(w, http.StatusOK, resp.StatusCode)
	return m
}

func (w *world) mapping(app, id string) (m mapping) {
	w.Helper()
	w.do(http.MethodGet, "/api/v1/apps/"+app+"/group-push/mappings/"+id, nil, &m)
	return m
}

// repush switches a mapping off and on.
func (w *world) repush(app, id string) {
	w.Helper()
	for _, status := range []string{"INACTIVE", "ACTIVE"} {
		w.do(http.MethodPatch, "/api/v1/apps/"+app+"/group-push/mappings/"+id, map[string]string{"status": status}, nil)
	}
}

func TestAGroupPushedTooEarlyLacksMembers(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	m := w.push(app, "sagemaker-studio-users")
	w.eventually("pushed", func() bool { return w.mapping(app, m.ID).LastPush != nil })
	members, ok := e.names("sagemaker-studio-users")
	require.True(t, ok)
	require.Empty(t, members)

	w.assign(app, "aws-identity-center")
	w.settled(app)
	members, _ = e.names("sagemaker-studio-users")
	require.Empty(t, members, "nobody comes after by themselves")

	// A person who joins the group is pushed alone.
	edda := w.userID("edda.falk@example.com")
	_, err := w.sdk.Group.AddUserToGroup(t.Context(), m.SourceGroupID, edda)
	require.NoError(t, err)
	w.eventually("the newcomer is a member", func() bool {
		members, _ := e.names("sagemaker-studio-users")
		return slices.Equal(members, []string{"edda.falk@example.com"})
	})
	w.repush(app, m.ID)
	w.eventually("everybody provisioned is a member", func() bool { members, _ = e.names("sagemaker-studio-users"); return len(members) > 30 })
	require.Contains(t, members, "ann.lee@example.com")
	require.NotContains(t, members, "noor.haddad@example.com", "not assigned, so not there")
	require.NotContains(t, members, "ines@example.com", "failed, so not there")

	_, err = w.sdk.Group.RemoveUserFromGroup(t.Context(), m.SourceGroupID, edda)
	require.NoError(t, err)
	w.eventually("who leaves the group is no member", func() bool {
		members, _ := e.names("sagemaker-studio-users")
		return !slices.Contains(members, "edda.falk@example.com")
	})
	require.Equal(t, 1, e.count("POST /Groups"))
}

func TestALargeGroupIsPushedInPortions(t *testing.T) {
	w, e := newWorld(t, 400), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "aws-identity-center")
	w.settled(app)
	w.push(app, "sagemaker-studio-users")
	w.eventually("everybody is a member", func() bool { members, _ := e.names("sagemaker-studio-users"); return len(members) > 250 })
	e.change(func() { require.Equal(t, 100, e.largest) })
}

func TestAGroupThatIsThereIsLinked(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	e.groups["there"], e.members["there"] = "finance", map[string]bool{}
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "finance")
	w.settled(app)
	require.Empty(t, w.console("push-group", map[string]string{"appId": app, "group": "finance"}))
	require.Contains(t, w.console("push-group", map[string]string{"appId": app, "group": "finance"}), "already pushed")
	require.Equal(t, "No results found for nothing", w.console("push-group", map[string]string{"appId": app, "group": "nothing"}))
	w.eventually("members are there", func() bool {
		members, _ := e.names("finance")
		return slices.Contains(members, "raj.iyer@example.com")
	})
	e.change(func() { require.Len(t, e.groups, 1) })

	groups, _, err := w.sdk.Group.ListGroups(t.Context(), query.NewQueryParams(query.WithQ("finance")))
	require.NoError(t, err)
	require.Len(t, groups, 2, "a pushed group has a twin of type APP_GROUP")
}

func TestAMappingInErrorIsReplaced(t *testing.T) {
	w, e := newWorld(t, 0), newEndpoint(t)
	app := w.createApp()
	require.Empty(t, w.console("provisioning", form(app, e)))
	w.assign(app, "finance")
	w.settled(app)
	m := w.push(app, "finance")
	w.eventually("pushed", func() bool { return w.mapping(app, m.ID).LastPush != nil })
	e.change(func() { clear(e.groups) })
	_, err := w.sdk.Group.RemoveUserFromGroup(t.Context(), m.SourceGroupID, w.userID("raj.iyer@example.com"))
	require.NoError(t, err)
	w.eventually("in error", func() bool { return w.mapping(app, m.ID).Status == "ERROR" })
	require.Equal(t, "Linked group is missing in AWS IAM Identity Center. Change the linked group to resume pushing group memberships.",
		w.mapping(app, m.ID).ErrorSummary)

	path := "/api/v1/apps/" + app + "/group-push/mappings/" + m.ID
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodPatch, path, map[string]string{"status": "INACTIVE"}, nil).StatusCode)
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodDelete, path, nil, nil).StatusCode, "deleteTargetGroup is required")
	require.Equal(t, http.StatusNoContent, w.do(http.MethodDelete, path+"?deleteTargetGroup=true", nil, nil).StatusCode)
	again := w.push(app, "finance")
	w.eventually("pushed again", func() bool { members, _ := e.names("finance"); return len(members) > 0 })

	path = "/api/v1/apps/" + app + "/group-push/mappings/" + again.ID
	require.Equal(t, http.StatusBadRequest, w.do(http.MethodDelete, path+"?deleteTargetGroup=true", nil, nil).StatusCode, "still active")
	w.do(http.MethodPatch, path, map[string]string{"status": "INACTIVE"}, nil)
	require.Equal(t, http.StatusNoContent, w.do(http.MethodDelete, path+"?deleteTargetGroup=true", nil, nil).StatusCode)
	w.eventually("deleted over there", func() bool { _, ok := e.names("finance"); return !ok })
}
