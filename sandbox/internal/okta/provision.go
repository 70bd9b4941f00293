package okta

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// provisioner brings people and groups to the SCIM endpoint. It decides under the org's lock what is to be done, does it
// without the lock, and writes down what came of it.
type provisioner struct {
	org  *Org
	http *http.Client
	// pace is how long Okta takes for one request, on top of what the endpoint takes.
	pace time.Duration
}

// How Okta deals with an endpoint that throttles or fails: as long as Retry-After says, else 5 minutes, doubled each time,
// and given up after 10 attempts (Okta developer documentation, "SCIM").
const (
	firstRetry  = 5 * time.Minute
	maxAttempts = 10
	// membersPerPatch is AWS's limit of membership changes in one request.
	membersPerPatch = 100
)

func (p *provisioner) work(ctx context.Context, t task) {
	o := p.org
	o.mu.Lock()
	a, ok := o.apps.get(t.app)
	if !ok || !a.provisions(featureSCIM) {
		o.mu.Unlock()
		return
	}
	endpoint := scimClient{http: p.http, connection: *a.connection, pace: p.pace}
	if t.mapping != "" {
		m, ok := a.mappings.get(t.mapping)
		o.mu.Unlock()
		if ok {
			p.pushGroup(ctx, endpoint, a, m)
		} else {
			p.deleteGroup(ctx, endpoint, a, t.mapping)
		}
		return
	}
	au, ok := a.users.get(t.user)
	former := a.former[t.user]
	switch {
	case !ok:
		o.mu.Unlock()
		p.deactivate(ctx, endpoint, a, t.user, former)
	case !au.wanted || au.user.status != statusActive:
		au.wanted = false
		o.mu.Unlock()
	default:
		o.mu.Unlock()
		p.pushUser(ctx, endpoint, a, au)
	}
}

// retry puts a task back after a temporary failure; it reports false when the failure is for good.
func (p *provisioner) retry(t task, err error, attempts *int) bool {
	var refusal *scimError
	if !errors.As(err, &refusal) || !refusal.temporary() || *attempts+1 >= maxAttempts {
		return false
	}
	wait := refusal.after
	if wait == 0 {
		wait = firstRetry << *attempts
	}
	*attempts++
	p.org.queue.add(t, p.org.clock.Due(wait))
	return true
}

// complain writes the entries that tell of the endpoint itself, not of the person or group concerned.
func (p *provisioner) complain(a *app, err error) {
	switch statusOf(err) {
	case http.StatusUnauthorized, http.StatusForbidden:
		p.org.log(nil, "application.integration.authentication_failure", err, a)
	case http.StatusTooManyRequests:
		p.org.log(nil, "application.integration.rate_limit_exceeded", err, a)
	}
}

// pushUser creates somebody over there, links them to who is there already, or updates them.
func (p *provisioner) pushUser(ctx context.Context, endpoint scimClient, a *app, au *appUser) {
	o := p.org
	o.mu.Lock()
	wanted := newSCIMUser(au)
	external, name, label := au.externalID, au.user.display, a.label
	create, update := a.provisions(featureCreate), a.provisions(featureUpdate)
	o.mu.Unlock()

	kind, status := "application.provision.user.push_profile", statusActive
	automatic := "Automatic profile push of user " + name + " to app " + label + " failed: "
	var err error
	if external != "" {
		wanted.ID = external
		err = updateUser(ctx, endpoint, wanted)
	} else {
		kind, status, automatic = "application.provision.user.push", statusProvisioned, "Automatic provisioning of user "+name+" to app "+label+" failed: "
		var linked bool
		external, linked, err = p.bring(ctx, endpoint, a, au, wanted, create, update)
		if linked {
			status = statusActive
		}
	}

	o.mu.Lock()
	defer o.mu.Unlock()
	p.complain(a, err)
	if err == nil {
		p.pushed(a, au, external, status)
		o.log(nil, kind, nil, au, a)
		return
	}
	if p.retry(task{app: a.id, user: au.user.id}, err, &au.attempts) || ctx.Err() != nil {
		return
	}
	au.wanted, au.syncState, au.changed = false, statusError, o.clock.Now()
	o.log(nil, kind, fmt.Errorf("%s%w", automatic, err), au, a)
}

// bring makes sure that somebody is over there who wasn't known to be.
func (p *provisioner) bring(ctx context.Context, endpoint scimClient, a *app, au *appUser, wanted scimUser, create, update bool) (id string, linked bool, err error) {
	id, err = endpoint.find(ctx, "Users", "userName", wanted.UserName)
	switch {
	case err != nil:
		return "", false, fmt.Errorf("Error while verifying if user %s exists: %w", wanted.UserName, err)
	case id == "" && !create:
		return "", false, errors.New("Matching user not found")
	case id == "":
		if id, err = endpoint.create(ctx, "Users", wanted); err != nil {
			err = fmt.Errorf("Error while creating user %s: %w", wanted.UserName, err)
		}
		return id, false, err
	case p.linkedToAnother(a, au, id):
		return "", false, fmt.Errorf("Error while creating user %s: Matching user is linked to another Okta user", wanted.UserName)
	case update:
		wanted.ID = id
		return id, true, updateUser(ctx, endpoint, wanted)
	}
	return id, true, nil
}

func updateUser(ctx context.Context, endpoint scimClient, wanted scimUser) error {
	err := endpoint.replaceUser(ctx, wanted)
	switch {
	case err == nil:
		return nil
	case statusOf(err) == http.StatusNotFound:
		return fmt.Errorf("Error while trying to push profile update for %s: No user returned for user %s", wanted.UserName, wanted.ID)
	}
	return fmt.Errorf("Error while trying to push profile update for %s: %w", wanted.UserName, err)
}

// linkedToAnother says whether somebody else in this app already is this user over there.
func (p *provisioner) linkedToAnother(a *app, au *appUser, external string) bool {
	p.org.mu.Lock()
	defer p.org.mu.Unlock()
	linked, ok := a.linked[external]
	if !ok || linked == au.user {
		return false
	}
	other, ok := a.users.get(linked.id)
	return ok && other.externalID == external
}

// pushed writes down that somebody is over there. Who lost the app meanwhile is deactivated again.
func (p *provisioner) pushed(a *app, au *appUser, external, status string) {
	o := p.org
	if now, ok := a.users.get(au.user.id); !ok || now != au {
		a.former[au.user.id] = external
		o.queue.add(task{app: a.id, user: au.user.id}, o.clock.Now())
		return
	}
	now := o.clock.Now()
	delete(a.former, au.user.id)
	if au.externalID == "" {
		au.setStatus(status, now)
	}
	a.linked[external] = au.user
	au.externalID, au.wanted, au.attempts, au.syncState, au.lastSync, au.changed = external, false, 0, "SYNCHRONIZED", now, now
}

// deactivate switches somebody off over there who lost the app.
func (p *provisioner) deactivate(ctx context.Context, endpoint scimClient, a *app, userID, external string) {
	o := p.org
	o.mu.Lock()
	u, ok := o.users.get(userID)
	wanted := ok && external != "" && a.provisions(featureDeactivate)
	o.mu.Unlock()
	if !wanted {
		return
	}
	err := endpoint.deactivate(ctx, external)
	o.mu.Lock()
	defer o.mu.Unlock()
	p.complain(a, err)
	if err == nil {
		delete(a.former, userID)
		o.log(nil, "application.provision.user.deactivate", nil, u, a)
		return
	}
	attempts := a.retries[userID]
	if p.retry(task{app: a.id, user: userID}, err, &attempts) || ctx.Err() != nil {
		a.retries[userID] = attempts
		return
	}
	delete(a.retries, userID)
	o.log(nil, "application.provision.user.deactivate", fmt.Errorf("Automatic deprovisioning of user %s to app %s failed: Error while deactivating user: %w", u.display, a.label, err), u, a)
}

// pushGroup creates or links the group over there and brings its memberships up to date.
func (p *provisioner) pushGroup(ctx context.Context, endpoint scimClient, a *app, m *mapping) {
	o := p.org
	o.mu.Lock()
	if m.status != statusActive {
		o.mu.Unlock()
		return
	}
	name, external := m.target.name, m.target.externalID
	add, remove := m.membership(a)
	kind := "application.provision.group_push.push_memberships"
	if m.full {
		kind = "application.provision.group_push.pushed"
	}
	full, touched := m.full, m.touched
	m.full, m.touched = false, map[string]bool{}
	o.mu.Unlock()

	err := error(nil)
	if external == "" {
		external, err = createGroup(ctx, endpoint, name)
	}
	if err == nil {
		o.mu.Lock()
		m.target.externalID = external
		o.mu.Unlock()
		err = p.changeMembers(ctx, endpoint, m, external, add, remove)
	}

	o.mu.Lock()
	defer o.mu.Unlock()
	p.complain(a, err)
	if err == nil {
		m.lastPush, m.changed, m.attempts, m.errorSummary = o.clock.Now(), o.clock.Now(), 0, ""
		o.log(nil, kind, nil, a, m.source)
		return
	}
	// What was not pushed is still to be pushed, whether by a retry or by somebody's hand.
	m.full = m.full || full
	maps.Copy(m.touched, touched)
	if p.retry(task{app: a.id, mapping: m.id}, err, &m.attempts) || ctx.Err() != nil {
		return
	}
	m.status, m.errorSummary, m.changed = statusError, err.Error(), o.clock.Now()
	o.log(nil, "application.provision.group_push.mapping.update.or.delete.failed.with.error", err, a, m.source)
}

// createGroup creates a group, or finds the one that has the name already.
func createGroup(ctx context.Context, endpoint scimClient, name string) (string, error) {
	id, err := endpoint.create(ctx, "Groups", map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": name, "members": []any{},
	})
	if statusOf(err) == http.StatusConflict {
		found, findErr := endpoint.find(ctx, "Groups", "displayName", name)
		if findErr != nil {
			return "", fmt.Errorf("Error while verifying if group %s exists: %w", name, findErr)
		}
		if found != "" {
			return found, nil
		}
	}
	if err != nil {
		return "", fmt.Errorf("Error while creating user group %s: %w", name, err)
	}
	return id, nil
}

// changeMembers sends the changes in portions and notes each portion that came through.
func (p *provisioner) changeMembers(ctx context.Context, endpoint scimClient, m *mapping, external string, add, remove map[string]string) error {
	for _, change := range []struct {
		op     string
		people map[string]string
	}{{"add", add}, {"remove", remove}} {
		for portion := range slices.Chunk(slices.Sorted(maps.Keys(change.people)), membersPerPatch) {
			ids := make([]string, 0, len(portion))
			for _, id := range portion {
				ids = append(ids, change.people[id])
			}
			err := endpoint.changeMembers(ctx, external, change.op, ids)
			if statusOf(err) == http.StatusNotFound {
				if gone := endpoint.do(ctx, http.MethodGet, "/Groups/"+external, nil, nil); statusOf(gone) == http.StatusNotFound {
					return errors.New("Linked group is missing in AWS IAM Identity Center. Change the linked group to resume pushing group memberships.")
				}
			}
			if err != nil {
				return fmt.Errorf("Error while updating memberships of group %s: %w", m.target.name, err)
			}
			p.org.mu.Lock()
			for _, id := range portion {
				if change.op == "add" {
					m.pushed[id] = change.people[id]
				} else {
					delete(m.pushed, id)
				}
			}
			p.org.mu.Unlock()
		}
	}
	return nil
}

// deleteGroup deletes a pushed group whose mapping was deleted together with it.
func (p *provisioner) deleteGroup(ctx context.Context, endpoint scimClient, a *app, mappingID string) {
	o := p.org
	o.mu.Lock()
	external, ok := a.doomed[mappingID]
	o.mu.Unlock()
	if !ok {
		return
	}
	err := endpoint.do(ctx, http.MethodDelete, "/Groups/"+external, nil, nil)
	o.mu.Lock()
	defer o.mu.Unlock()
	p.complain(a, err)
	attempts := a.retries[mappingID]
	if err != nil && p.retry(task{app: a.id, mapping: mappingID}, err, &attempts) {
		a.retries[mappingID] = attempts
		return
	}
	delete(a.doomed, mappingID)
	delete(a.retries, mappingID)
	if err != nil && statusOf(err) != http.StatusNotFound {
		o.log(nil, "application.provision.group_push.mapping.update.or.delete.failed.with.error", err, a)
	}
}
