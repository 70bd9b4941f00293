package awsworld

import (
	"slices"
	"strings"
	"time"
)

// The states of keys.
const (
	keyEnabled  = "Enabled"
	keyDisabled = "Disabled"
	keyDoomed   = "PendingDeletion"
)

// studioKeyID is the key behind alias/studio, which the member account has from the beginning.
const studioKeyID = "1b2c3d4e-5f60-4a7b-8c9d-0e1f2a3b4c5d"

// kmsKey is a customer managed KMS key. Key policies are kept and shown; who may use a key is decided by identity policies.
type kmsKey struct {
	ordinal
	region, account, id, arn, description, status, spec, usage, policy string
	multiRegion, rotated                                               bool
	created, doomed                                                    time.Time
	tags                                                               []keyTag
}

type keyTag struct{ TagKey, TagValue string }

// keyName is an alias.
type keyName struct {
	ordinal
	region, name, arn, key string
	created                time.Time
}

func (w *World) kmsOperations() map[string]handler {
	return map[string]handler{
		"CreateKey": on((*call).createKey), "DescribeKey": on((*call).describeKey), "ListKeys": on((*call).listKeys),
		"EnableKey": on((*call).enableKey), "DisableKey": on((*call).disableKey),
		"ScheduleKeyDeletion": on((*call).scheduleKeyDeletion), "CancelKeyDeletion": on((*call).cancelKeyDeletion),
		"GetKeyPolicy": on((*call).getKeyPolicy), "PutKeyPolicy": on((*call).putKeyPolicy), "ListKeyPolicies": on((*call).listKeyPolicies),
		"GetKeyRotationStatus": on((*call).getKeyRotation),
		"CreateAlias":          on((*call).createAlias), "UpdateAlias": on((*call).updateAlias), "DeleteAlias": on((*call).deleteAlias),
		"ListAliases":      on((*call).listAliases),
		"ListResourceTags": on((*call).listKeyTags), "TagResource": on((*call).tagKey), "UntagResource": on((*call).untagKey),
	}
}

type kmsInput struct {
	KeyId, Description, KeySpec, KeyUsage, Policy, PolicyName, AliasName, TargetKeyId, CustomerMasterKeySpec, Marker string
	MultiRegion                                                                                                      bool
	PendingWindowInDays                                                                                              *int
	Limit                                                                                                            int
	Tags                                                                                                             []keyTag
	TagKeys                                                                                                          []string
}

func (w *World) addKey(account, region, id string) *kmsKey {
	k := &kmsKey{
		ordinal: ordinal(w.next()), region: region, account: account, id: id, arn: w.arn("kms", region, account, "key/"+id),
		status: keyEnabled, spec: "SYMMETRIC_DEFAULT", usage: "ENCRYPT_DECRYPT", created: w.clock.Now(),
		policy: `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"` +
			w.arn("iam", "", account, "root") + `"},"Action":"kms:*","Resource":"*"}]}`,
	}
	w.accounts[account].keys = append(w.accounts[account].keys, k)
	return k
}

func (w *World) addAlias(account, region, name, key string) {
	a := w.accounts[account]
	a.keyNames = append(a.keyNames, &keyName{
		ordinal: ordinal(w.next()), region: region, name: name, arn: w.arn("kms", region, account, name), key: key, created: w.clock.Now(),
	})
}

// seedKey gives the member account the key of its platform team.
func (w *World) seedKey() {
	k := w.addKey(MemberAccount, w.region, studioKeyID)
	k.description = "Made by the data platform team"
	w.addAlias(MemberAccount, w.region, "alias/studio", k.id)
}

// keyNamed finds a key by ID, ARN, alias or alias ARN; nil when there is none in the call's Region. Keys of other accounts are
// found by ARN only.
func (c *call) keyNamed(name string) *kmsKey {
	account := c.account
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 {
		if parts[3] != c.region {
			return nil
		}
		account, name = parts[4], strings.TrimPrefix(parts[5], "key/")
	}
	a := c.world.accounts[account]
	if a == nil {
		return nil
	}
	if strings.HasPrefix(name, "alias/") {
		alias := find(a.keyNames, func(n *keyName) bool { return n.region == c.region && n.name == name })
		if alias == nil {
			return nil
		}
		name = alias.key
	}
	return find(a.keys, func(k *kmsKey) bool { return k.region == c.region && k.id == name && !c.world.gone(k) })
}

// gone says whether the waiting period of a key is over.
func (w *World) gone(k *kmsKey) bool { return !k.doomed.IsZero() && !w.clock.Now().Before(k.doomed) }

func (c *call) kmsKey(name string) (*kmsKey, error) {
	if k := c.keyNamed(name); k != nil {
		return k, nil
	}
	kind, shown := "Key", name
	switch {
	case strings.HasPrefix(name, "arn:"):
		if strings.Contains(name, ":alias/") {
			kind = "Alias"
		}
	case strings.HasPrefix(name, "alias/"):
		kind, shown = "Alias", c.arn(name)
	default:
		shown = c.arn("key/" + name)
	}
	return nil, failure("NotFoundException", "%s '%s' does not exist", kind, shown)
}

type keyMetadata struct {
	AWSAccountId, KeyId, Arn, KeyState, KeyUsage, KeySpec, CustomerMasterKeySpec, KeyManager, Origin string
	Description                                                                                      string
	Enabled, MultiRegion                                                                             bool
	CreationDate                                                                                     stamp
	DeletionDate                                                                                     *stamp   `json:",omitempty"`
	EncryptionAlgorithms                                                                             []string `json:",omitempty"`
}

func (k *kmsKey) metadata() keyMetadata {
	out := keyMetadata{
		AWSAccountId: k.account, KeyId: k.id, Arn: k.arn, KeyState: k.status, KeyUsage: k.usage, KeySpec: k.spec, CustomerMasterKeySpec: k.spec,
		KeyManager: "CUSTOMER", Origin: "AWS_KMS", Description: k.description, Enabled: k.status == keyEnabled, MultiRegion: k.multiRegion,
		CreationDate: stamp{k.created},
	}
	if k.spec == "SYMMETRIC_DEFAULT" {
		out.EncryptionAlgorithms = []string{"SYMMETRIC_DEFAULT"}
	}
	if !k.doomed.IsZero() {
		out.DeletionDate = &stamp{k.doomed}
	}
	return out
}

func (c *call) createKey(in kmsInput) (any, error) {
	id := c.world.uuid("key", c.account, c.region)
	if in.MultiRegion {
		id = "mrk-" + strings.ReplaceAll(id, "-", "")
	}
	k := c.world.addKey(c.account, c.region, id)
	k.description, k.multiRegion, k.tags = in.Description, in.MultiRegion, in.Tags
	for _, spec := range []string{in.CustomerMasterKeySpec, in.KeySpec} {
		if spec != "" {
			k.spec = spec
		}
	}
	if in.KeyUsage != "" {
		k.usage = in.KeyUsage
	}
	if in.Policy != "" {
		k.policy = in.Policy
	}
	c.effect = created
	return struct{ KeyMetadata keyMetadata }{k.metadata()}, nil
}

func (c *call) describeKey(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	if err != nil {
		return nil, err
	}
	return struct{ KeyMetadata keyMetadata }{k.metadata()}, nil
}

func (c *call) listKeys(in kmsInput) (any, error) {
	type entry struct{ KeyId, KeyArn string }
	var all []*kmsKey
	for _, k := range c.world.accounts[c.account].keys {
		if k.region == c.region && !c.world.gone(k) {
			all = append(all, k)
		}
	}
	cut, next, err := page(c, all, in.Limit, 100, in.Marker)
	out := struct {
		Keys       []entry
		Truncated  bool
		NextMarker string `json:",omitempty"`
	}{Keys: []entry{}, Truncated: next != "", NextMarker: next}
	for _, k := range cut {
		out.Keys = append(out.Keys, entry{k.id, k.arn})
	}
	return out, err
}

func (c *call) setKeyStatus(name, status string) (any, error) {
	k, err := c.kmsKey(name)
	if err != nil {
		return nil, err
	}
	if k.status == keyDoomed {
		return nil, failure("KMSInvalidStateException", "%s is pending deletion.", k.arn)
	}
	k.status, c.effect = status, changed
	return nil, nil
}

func (c *call) enableKey(in kmsInput) (any, error)  { return c.setKeyStatus(in.KeyId, keyEnabled) }
func (c *call) disableKey(in kmsInput) (any, error) { return c.setKeyStatus(in.KeyId, keyDisabled) }

func (c *call) scheduleKeyDeletion(in kmsInput) (any, error) {
	if _, err := c.setKeyStatus(in.KeyId, keyDoomed); err != nil {
		return nil, err
	}
	k, days := c.keyNamed(in.KeyId), 30
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	k.doomed, c.effect = c.world.clock.Due(time.Duration(days)*24*time.Hour), deleted
	return struct {
		KeyId, KeyState     string
		DeletionDate        stamp
		PendingWindowInDays int
	}{k.arn, k.status, stamp{k.doomed}, days}, nil
}

func (c *call) cancelKeyDeletion(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	switch {
	case err != nil:
		return nil, err
	case k.status != keyDoomed:
		return nil, failure("KMSInvalidStateException", "%s is not pending deletion.", k.arn)
	}
	k.status, k.doomed, c.effect = keyDisabled, time.Time{}, changed
	return struct{ KeyId string }{k.arn}, nil
}

func (c *call) getKeyPolicy(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	if err != nil {
		return nil, err
	}
	return struct{ Policy, PolicyName string }{k.policy, "default"}, nil
}

func (c *call) putKeyPolicy(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	if err != nil {
		return nil, err
	}
	k.policy, c.effect = in.Policy, changed
	return nil, nil
}

func (c *call) listKeyPolicies(in kmsInput) (any, error) {
	_, err := c.kmsKey(in.KeyId)
	return struct {
		PolicyNames []string
		Truncated   bool
	}{PolicyNames: []string{"default"}}, err
}

func (c *call) getKeyRotation(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	if err != nil {
		return nil, err
	}
	return struct{ KeyRotationEnabled bool }{k.rotated}, nil
}

// alias finds an alias of the account in the Region.
func (c *call) alias(name string) (*keyName, error) {
	n := find(c.world.accounts[c.account].keyNames, func(n *keyName) bool { return n.region == c.region && n.name == name })
	if n == nil {
		return nil, failure("NotFoundException", "Alias '%s' does not exist", c.arn(name))
	}
	return n, nil
}

func (c *call) createAlias(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	if n, _ := c.alias(in.AliasName); n != nil {
		return nil, failure("AlreadyExistsException", "An alias with the name %s already exists", n.arn)
	}
	c.world.addAlias(c.account, c.region, in.AliasName, k.id)
	c.effect = created
	return nil, nil
}

func (c *call) updateAlias(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	n, err := c.alias(in.AliasName)
	if err != nil {
		return nil, err
	}
	n.key, c.effect = k.id, changed
	return nil, nil
}

func (c *call) deleteAlias(in kmsInput) (any, error) {
	n, err := c.alias(in.AliasName)
	if err != nil {
		return nil, err
	}
	a := c.world.accounts[c.account]
	a.keyNames, c.effect = without(a.keyNames, n), deleted
	return nil, nil
}

func (c *call) listAliases(in kmsInput) (any, error) {
	id := ""
	if in.KeyId != "" {
		k, err := c.kmsKey(in.KeyId)
		if err != nil {
			return nil, err
		}
		id = k.id
	}
	var all []*keyName
	for _, n := range c.world.accounts[c.account].keyNames {
		if n.region == c.region && (id == "" || n.key == id) {
			all = append(all, n)
		}
	}
	type entry struct {
		AliasName, AliasArn, TargetKeyId string
		CreationDate                     stamp
	}
	cut, next, err := page(c, all, in.Limit, 50, in.Marker)
	out := struct {
		Aliases    []entry
		Truncated  bool
		NextMarker string `json:",omitempty"`
	}{Aliases: []entry{}, Truncated: next != "", NextMarker: next}
	for _, n := range cut {
		out.Aliases = append(out.Aliases, entry{n.name, n.arn, n.key, stamp{n.created}})
	}
	return out, err
}

func (c *call) listKeyTags(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	if err != nil {
		return nil, err
	}
	return struct {
		Tags      []keyTag
		Truncated bool
	}{Tags: append([]keyTag{}, k.tags...)}, nil
}

func (c *call) tagKey(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		k.tags = append(slices.DeleteFunc(k.tags, func(old keyTag) bool { return old.TagKey == t.TagKey }), t)
	}
	c.effect = changed
	return nil, nil
}

func (c *call) untagKey(in kmsInput) (any, error) {
	k, err := c.kmsKey(in.KeyId)
	if err != nil {
		return nil, err
	}
	k.tags = slices.DeleteFunc(k.tags, func(t keyTag) bool { return slices.Contains(in.TagKeys, t.TagKey) })
	c.effect = changed
	return nil, nil
}

// checkKey is what SageMaker checks of a customer managed key before it makes a domain with it.
func (c *call) checkKey(name string) error {
	if name == "" {
		return nil
	}
	k := c.keyNamed(name)
	switch {
	case k == nil:
		return invalid("KMS key '%s' does not exist in Region %s. You must choose a key that exists.", name, c.region)
	case k.status != keyEnabled:
		return invalid("KMS key '%s' is in state %s. You must choose a key that is enabled.", name, k.status)
	case k.spec != "SYMMETRIC_DEFAULT" || k.usage != "ENCRYPT_DECRYPT":
		return invalid("KMS key '%s' has KeySpec %s and KeyUsage %s. You must choose a symmetric encryption key.", name, k.spec, k.usage)
	}
	return nil
}
