package awsworld

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"studio-onboarding/sandbox/internal/simulation"
)

// consoleUser is the person at the console.
func (w *World) consoleUser() string {
	return w.arn("sts", "", ManagementAccount, "assumed-role/IdentityCenterAdministrator/operator")
}

// consolePage is a page's form, carried out: what it answers and what the call log shows of it.
type consolePage func(form *consoleForm) (answer any, about map[string]string, err error)

// consoleForm has the fields of all pages.
type consoleForm struct {
	Region   string `json:"region"`
	Metadata string `json:"metadata"`
	// Source is an identity source that has no metadata.
	Source   string `json:"source"`
	UserName string `json:"userName"`
	Email    string `json:"email"`
	// GroupName is the name of a group.
	GroupName string `json:"groupName"`
	// TokenID is the ID of a SCIM token.
	TokenID string `json:"tokenId"`
}

// consolePages are what an administrator can click.
func (w *World) consolePages() map[string]consolePage {
	return map[string]consolePage{
		"enable-identity-center":    w.enableIdentityCenter,
		"change-identity-source":    w.changeIdentitySource,
		"change-identity-source-to": w.changeIdentitySourceTo,
		"enable-provisioning":       w.enableProvisioning,
		"create-user":               w.createUserByHand,
		"create-group":              w.createGroupByHand,
		"delete-user":               w.deleteUserByHand,
		"delete-identity-center":    w.deleteIdentityCenter,

		"enable-provisioning-elsewhere": w.enableProvisioningElsewhere,

		"list-tokens":  w.listTokens,
		"delete-token": w.deleteToken,
		"expire-token": w.expireToken,
	}
}

// Console serves what an administrator clicks in the management account. Refusals are plain text.
func (w *World) Console() http.Handler {
	pages := w.consolePages()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		page, ok := pages[name]
		if !ok || r.Method != http.MethodPost {
			http.Error(rw, "there is no such page in the AWS console", http.StatusNotFound)
			return
		}
		var form consoleForm
		if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody)).Decode(&form); err != nil {
			http.Error(rw, "the form could not be read", http.StatusBadRequest)
			return
		}
		w.mu.Lock()
		writes := name != "list-tokens"
		if writes {
			w.remember()
		}
		answer, about, err := page(&form)
		w.mu.Unlock()
		entry := simulation.Call{
			Time: w.clock.Now(), Account: ManagementAccount, Principal: w.consoleUser(), Service: "console", Operation: "aws " + name,
			Params: about, Write: writes, Status: http.StatusOK,
		}
		if writes {
			entry.Effect = created
		}
		if err != nil {
			entry.Status, entry.Effect, entry.Error = http.StatusBadRequest, "none", err.Error()
			http.Error(rw, err.Error(), http.StatusBadRequest)
		} else {
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(answer) // the browser is gone when this fails
		}
		w.calls.Add(entry)
	})
}

// recordConsole adds an event of the console to the history.
func (w *World) recordConsole(source, name, region string) {
	w.record(source, name, ManagementAccount, region, w.consoleUser(), nil)
}

// enableIdentityCenter enables the organization instance, which takes about half a minute.
func (w *World) enableIdentityCenter(form *consoleForm) (any, map[string]string, error) {
	about := map[string]string{"Region": form.Region}
	if form.Region == "" {
		return nil, about, errors.New("Choose a Region.")
	}
	for _, i := range w.instances {
		if i.owner == ManagementAccount {
			return nil, about, fmt.Errorf("IAM Identity Center is already enabled in %s. An organization has one instance.", i.region)
		}
	}
	if p := partitionOf(w.region); partitionOf(form.Region).id != p.id {
		return nil, about, fmt.Errorf("There is no Region %s in the partition %s.", form.Region, p.id)
	}
	w.addInstance(ManagementAccount, form.Region, "", organizationInstanceDelay)
	w.recordConsole("sso.amazonaws.com", "CreateInstance", form.Region)
	w.recordConsole("organizations.amazonaws.com", "EnableAWSServiceAccess", partitionOf(form.Region).global)
	return struct{}{}, about, nil
}

var errNotEnabled = errors.New("IAM Identity Center is not enabled.")

// provisioningTenant is the console's answer of client.go.
type provisioningTenant struct {
	Endpoint string `json:"endpoint"`
	Token    string `json:"token"`
}

// enableProvisioning makes the SCIM endpoint and a token, or a second token. The endpoint ends in a slash, as the console
// shows it.
func (w *World) enableProvisioning(*consoleForm) (any, map[string]string, error) {
	i := w.organizationInstance()
	switch {
	case i == nil:
		return nil, nil, errNotEnabled
	case i.trust == nil:
		return nil, nil, errors.New("Automatic provisioning needs an external identity provider. Change the identity source first.")
	}
	if i.tenant == nil {
		i.tenant = &tenant{id: "Hw" + w.uuid("tenant", i.id)}
		w.recordConsole("sso-directory.amazonaws.com", "CreateProvisioningTenant", i.region)
	}
	about := map[string]string{"tenantId": i.tenant.id}
	if len(i.tenant.tokens) >= maxTokens {
		return nil, about, fmt.Errorf("You can have at most %d access tokens. Delete one first.", maxTokens)
	}
	token := w.tokenText(i)
	w.addToken(i, sha256.Sum256([]byte(token)))
	w.recordConsole("sso-directory.amazonaws.com", "CreateBearerToken", i.region)
	return provisioningTenant{Endpoint: w.baseURL + "/" + i.tenant.id + "/scim/v2/", Token: token}, about, nil
}

// createUserByHand makes a user in the console, who has no external ID. It is possible until provisioning is enabled.
func (w *World) createUserByHand(form *consoleForm) (any, map[string]string, error) {
	about := map[string]string{"userName": form.UserName}
	i := w.organizationInstance()
	if i == nil {
		return nil, about, errNotEnabled
	}
	if err := i.editable(); err != nil {
		return nil, about, err
	}
	_, err := w.addUserByHand(i, form.UserName, form.Email)
	if err != nil {
		return nil, about, err
	}
	w.recordConsole("sso-directory.amazonaws.com", "CreateUser", i.region)
	return struct{}{}, about, nil
}

// addUserByHand makes a user whose names are made of the user name.
func (w *World) addUserByHand(i *instance, userName, email string) (*user, error) {
	if userName == "" || email == "" {
		return nil, errors.New("Enter a user name and an email address.")
	}
	first, last, _ := strings.Cut(strings.Split(userName, "@")[0], ".")
	if last == "" {
		last = first
	}
	a := attributes{
		UserName: userName, DisplayName: first + " " + last, Name: personName{GivenName: first, FamilyName: last}, Active: true,
		Emails: []valued{{Value: email, Type: "work", Primary: true}},
	}
	if attribute, conflict := i.directory.taken(a, nil); conflict {
		return nil, fmt.Errorf("A user with this %s already exists.", attribute)
	}
	return w.createUser(i.directory, a), nil
}
