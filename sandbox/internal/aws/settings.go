package awsworld

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Settings are what an operator finds and no API of this world changes. What is nil or empty stays as it is.
type Settings struct {
	// NoOrganization takes the management account out of its organization, or puts it back.
	NoOrganization *bool `json:"noOrganization,omitempty"`
	// InstanceKey is the ARN of the customer managed key that encrypts the organization instance; "" is AWS's own key.
	InstanceKey *string `json:"instanceKey,omitempty"`
	// SCIMSources are the address ranges from which the identity store takes SCIM requests; an empty list takes all.
	SCIMSources *[]string `json:"scimSources,omitempty"`
	// VPCEndpointOnly lets nobody reach the identity store but through a VPC endpoint, unless SCIMSources says otherwise.
	VPCEndpointOnly *bool `json:"vpcEndpointOnly,omitempty"`
	// Quotas are values of the member account's SageMaker quotas, by code.
	Quotas map[string]float64 `json:"quotas,omitempty"`
	// ExpireTokens ends the SCIM tokens that were made so far.
	ExpireTokens bool `json:"expireTokens,omitempty"`
	// TokenDays lets the SCIM tokens that were made so far end in so many days; 0 leaves them as they are.
	TokenDays int `json:"tokenDays,omitempty"`
	// SupportPlan gives the accounts a support plan that includes AWS Health's API, or takes it away; they begin without.
	SupportPlan *bool `json:"supportPlan,omitempty"`
	// DisableApplications disables the Identity Center applications of Studio domains, or enables them again.
	DisableApplications *bool `json:"disableApplications,omitempty"`
	// NoSubnets takes the subnets of the member account's default VPC away, or gives them back.
	NoSubnets *bool `json:"noSubnets,omitempty"`
}

// settings are those of a world.
type settings struct {
	noOrganization, vpcEndpointOnly bool
	supportPlan                     bool
	// delegated makes the member account a delegated administrator of Identity Center.
	delegated   bool
	instanceKey string
	scimSources []netip.Prefix
	// hidden are subnets that were taken away.
	hidden []*subnet
}

// Change puts settings into force. On an error nothing has changed.
func (w *World) Change(to Settings) error {
	var sources []netip.Prefix
	if to.SCIMSources != nil {
		for _, text := range *to.SCIMSources {
			source, err := netip.ParsePrefix(text)
			if err != nil {
				return fmt.Errorf("%q is not an address range such as 203.0.113.0/24", text)
			}
			sources = append(sources, source)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	member, now := w.accounts[MemberAccount], &w.settings
	for code := range to.Quotas {
		if member.quota(code) == nil {
			return fmt.Errorf("there is no quota %s", code)
		}
	}
	for code, value := range to.Quotas {
		member.quota(code).value = value
	}
	if to.NoOrganization != nil {
		now.noOrganization = *to.NoOrganization
	}
	if to.InstanceKey != nil {
		now.instanceKey = *to.InstanceKey
	}
	if to.SCIMSources != nil {
		now.scimSources = sources
	}
	if to.VPCEndpointOnly != nil {
		now.vpcEndpointOnly = *to.VPCEndpointOnly
	}
	if i := w.organizationInstance(); to.ExpireTokens && i != nil && i.tenant != nil {
		for _, token := range i.tenant.tokens {
			token.expires = w.clock.Now()
		}
	}
	if i := w.organizationInstance(); to.TokenDays != 0 && i != nil && i.tenant != nil {
		for _, token := range i.tenant.tokens {
			token.expires = w.clock.Now().Add(time.Duration(to.TokenDays) * 24 * time.Hour)
			token.created = token.expires.Add(-tokenLife)
		}
	}
	if to.SupportPlan != nil {
		now.supportPlan = *to.SupportPlan
	}
	if to.DisableApplications != nil {
		w.disableApplications(*to.DisableApplications)
	}
	if to.NoSubnets != nil {
		w.hideSubnets(member, *to.NoSubnets)
	}
	return nil
}

func (w *World) disableApplications(disable bool) {
	w.allDomains() // an application comes and goes with its domain
	for _, a := range w.applications {
		switch {
		case a.provider != applicationProvider:
		case disable:
			a.status = disabled
		default:
			a.status = enabled
		}
	}
}

func (w *World) hideSubnets(a *account, hide bool) {
	now := &w.settings
	if !hide {
		a.subnets, now.hidden = append(a.subnets, now.hidden...), nil
		return
	}
	a.subnets = slices.DeleteFunc(a.subnets, func(s *subnet) bool {
		standard := slices.ContainsFunc(a.vpcs, func(v *vpc) bool { return v.standard && v.id == s.vpc })
		if standard {
			now.hidden = append(now.hidden, s)
		}
		return standard
	})
}

// organizationMissing is the answer to accounts without an organization.
func organizationMissing() *apiError {
	return failure("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
}

// encryption is the key of an instance as DescribeInstance shows it.
func (w *World) encryption(i *instance) *encryptionDetails {
	if key := w.settings.instanceKey; key != "" && i.owner == ManagementAccount {
		return &encryptionDetails{KeyType: "CUSTOMER_MANAGED_KEY", KmsKeyArn: key, EncryptionStatus: "ENABLED"}
	}
	return &encryptionDetails{KeyType: "AWS_OWNED_KMS_KEY", EncryptionStatus: "ENABLED"}
}

// decrypt is what every look into the identity store of an instance with a customer managed key needs besides its own
// permission (IAM Identity Center User Guide, "Implementing customer managed KMS keys in AWS IAM Identity Center").
func (c *call) decrypt() error {
	key := c.world.settings.instanceKey
	if key == "" || c.operation == "DescribeIdentityStore" {
		return nil
	}
	if err := c.authorizePart("kms", "Decrypt", key); err != nil {
		return failure("AccessDeniedException", "User: %s is not authorized to perform: kms:Decrypt on resource: %s because no identity-based policy allows the kms:Decrypt action",
			c.principal.arn, key).having("Reason", "KMS_ACCESS_DENIED").having("RequestId", c.request)
	}
	return nil
}

// networkControls are those of the organization's identity store, as DescribeIdentityStore shows them.
type networkControls struct {
	VpceAccessRequired bool
	ScimAllowSourceIps []string `json:",omitempty"`
}

func (w *World) networkControls() networkControls {
	controls := networkControls{VpceAccessRequired: w.settings.vpcEndpointOnly}
	for _, source := range w.settings.scimSources {
		controls.ScimAllowSourceIps = append(controls.ScimAllowSourceIps, source.String())
	}
	return controls
}

// admitted says whether the identity store's network controls let a SCIM request in.
func (w *World) admitted(r *http.Request) bool {
	now := w.settings
	if len(now.scimSources) == 0 {
		return !now.vpcEndpointOnly
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(now.scimSources, func(p netip.Prefix) bool { return p.Contains(address.Unmap()) })
}

// otherOrganization is an account outside of this organization.
const otherOrganization = "999999999999"

// enableProvisioningElsewhere is enable-provisioning in the console of another organization: a tenant that works, and that
// nobody in this organization sees.
func (w *World) enableProvisioningElsewhere(*consoleForm) (any, map[string]string, error) {
	var other *instance
	for _, i := range w.instances {
		if i.owner == otherOrganization {
			other = i
		}
	}
	if other == nil {
		other = w.addInstance(otherOrganization, w.region, "", 0)
		other.tenant = &tenant{id: "Hw" + w.uuid("tenant", other.id)}
	}
	token := w.tokenText(other)
	w.addToken(other, sha256.Sum256([]byte(token)))
	return provisioningTenant{Endpoint: w.baseURL + "/" + other.tenant.id + "/scim/v2/", Token: token}, map[string]string{"tenantId": other.tenant.id}, nil
}

// deleteIdentityCenter deletes the organization instance with everything in it.
func (w *World) deleteIdentityCenter(*consoleForm) (any, map[string]string, error) {
	i := w.organizationInstance()
	if i == nil {
		return nil, nil, errNotEnabled
	}
	w.instances = slices.DeleteFunc(w.instances, func(other *instance) bool { return other == i })
	w.recordConsole("sso.amazonaws.com", "DeleteInstance", i.region)
	return struct{}{}, map[string]string{"Region": i.region}, nil
}

// deleteUserByHand deletes a user in the console.
func (w *World) deleteUserByHand(form *consoleForm) (any, map[string]string, error) {
	about := map[string]string{"userName": form.UserName}
	i := w.organizationInstance()
	if i == nil {
		return nil, about, errNotEnabled
	}
	u := i.directory.byName[strings.ToLower(form.UserName)]
	if u == nil {
		return nil, about, errors.New("There is no such user.")
	}
	i.directory.removeUser(u)
	w.recordConsole("sso-directory.amazonaws.com", "DeleteUser", i.region)
	return struct{}{}, about, nil
}

// createGroupByHand makes a group in the console. It is possible until provisioning is enabled.
func (w *World) createGroupByHand(form *consoleForm) (any, map[string]string, error) {
	about := map[string]string{"groupName": form.GroupName}
	i := w.organizationInstance()
	if i == nil {
		return nil, about, errNotEnabled
	}
	if err := i.editable(); err != nil {
		return nil, about, err
	}
	if err := w.addGroupByHand(i, form.GroupName); err != nil {
		return nil, about, err
	}
	w.recordConsole("sso-directory.amazonaws.com", "CreateGroup", i.region)
	return struct{}{}, about, nil
}

func (w *World) addGroupByHand(i *instance, name string) error {
	switch {
	case name == "":
		return errors.New("Enter a group name.")
	case i.directory.groupsByName[strings.ToLower(name)] != nil:
		return errors.New("A group with this name already exists.")
	}
	w.addGroup(i.directory, name, "")
	return nil
}

// ChangeSettings serves POST: Settings. Refusals are plain text.
func (w *World) ChangeSettings() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var to Settings
		err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody)).Decode(&to)
		if err == nil {
			err = w.Change(to)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte("{}\n")) // the client is gone when this fails
	})
}
