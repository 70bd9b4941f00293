package awsworld

import (
	"errors"
	"fmt"
)

// The effects of changes are those of the IAM Identity Center User Guide, "Considerations for changing your identity source".

// serviceProvider is the console's answer of client.go.
type serviceProvider struct {
	ACSURL    string `json:"acsUrl"`
	IssuerURL string `json:"issuerUrl"`
	PortalURL string `json:"portalUrl"`
	Metadata  string `json:"metadata"`
}

// changeIdentitySource makes the external identity provider of the metadata the identity source, or replaces the metadata of the one
// that is. Whoever has a user keeps it with all access; whether the new provider knows them by that name is another matter.
func (w *World) changeIdentitySource(form *consoleForm) (any, map[string]string, error) {
	i := w.organizationInstance()
	if i == nil {
		return nil, nil, errNotEnabled
	}
	entityID, certificates, err := readMetadata(form.Metadata)
	about := map[string]string{"entityID": entityID}
	if err != nil {
		return nil, about, err
	}
	w.leaveActiveDirectory(i)
	if i.trust == nil {
		w.recordConsole("sso-directory.amazonaws.com", "CreateExternalIdPConfigurationForDirectory", i.region)
	} else {
		w.recordConsole("sso-directory.amazonaws.com", "UpdateExternalIdPConfigurationForDirectory", i.region)
	}
	w.recordConsole("sso-directory.amazonaws.com", "EnableExternalIdPConfigurationForDirectory", i.region)
	i.trust = &trust{entityID: entityID, certificates: certificates}
	return serviceProvider{i.acsURL(), i.issuer(), i.portalURL(), i.metadata(w.clock.Now())}, about, nil
}

// changeIdentitySourceTo makes Identity Center's own directory or an Active Directory the identity source. From an external provider to
// the own directory everything stays but automatic provisioning; to and from an Active Directory nothing does.
func (w *World) changeIdentitySourceTo(form *consoleForm) (any, map[string]string, error) {
	about := map[string]string{"source": form.Source}
	i := w.organizationInstance()
	switch {
	case i == nil:
		return nil, about, errNotEnabled
	case form.Source == ExternalIdP:
		return nil, about, errors.New("Upload the metadata of the external identity provider.")
	case form.Source != OwnDirectory && form.Source != ActiveDirectory:
		return nil, about, fmt.Errorf("There is no identity source %q.", form.Source)
	case form.Source == i.source():
		return nil, about, errors.New("This is the identity source already.")
	}
	w.leaveActiveDirectory(i)
	if i.trust != nil {
		if i.tenant != nil {
			w.recordConsole("sso-directory.amazonaws.com", "DeleteProvisioningTenant", i.region)
		}
		i.trust, i.tenant = nil, nil
		w.recordConsole("sso-directory.amazonaws.com", "DisableExternalIdPConfigurationForDirectory", i.region)
	}
	if form.Source == ActiveDirectory {
		w.emptyDirectory(i)
		i.fromActiveDirectory = true
		w.recordConsole("sso.amazonaws.com", "AssociateDirectory", i.region)
	}
	return struct{}{}, about, nil
}

func (w *World) leaveActiveDirectory(i *instance) {
	if i.fromActiveDirectory {
		w.emptyDirectory(i)
		i.fromActiveDirectory = false
		w.recordConsole("sso.amazonaws.com", "DisassociateDirectory", i.region)
	}
}

// emptyDirectory gives an instance another identity store, without people and groups, and takes all access away. The address of the
// portal changes with the store.
func (w *World) emptyDirectory(i *instance) {
	i.directory = newDirectory("d-" + w.digest(10, "identity-store", i.owner))
	for _, a := range w.sortedApplications(i) {
		a.assignments = assignments{}
	}
	for _, p := range i.permissionSets {
		for len(p.assignments) > 0 {
			w.unassignAccount(p, p.assignments[0])
		}
	}
}

// editable is why users and groups can't be made by hand.
func (i *instance) editable() error {
	switch {
	case i.tenant != nil:
		return errors.New("Users and groups can't be edited while automatic provisioning is enabled.")
	case i.fromActiveDirectory:
		return errors.New("Users and groups are managed in your Active Directory.")
	}
	return nil
}
