package awsworld

import (
	"slices"
	"strings"
	"time"
)

// The staging labels of versions.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// secret is a secret of Secrets Manager.
type secret struct {
	ordinal
	region, arn, name, description, key string
	created, changed                    time.Time
	// doomed is when a deleted secret goes for good.
	doomed   time.Time
	versions []*secretVersion
	tags     []tag
}

type secretVersion struct {
	ordinal
	id, text, binary string
	labels           []string
	created          time.Time
}

func (w *World) secretOperations() map[string]handler {
	return map[string]handler{
		"CreateSecret": on((*call).createSecret), "DescribeSecret": on((*call).describeSecret), "GetSecretValue": on((*call).getSecretValue),
		"PutSecretValue": on((*call).putSecretValue), "UpdateSecret": on((*call).updateSecret), "DeleteSecret": on((*call).deleteSecret),
		"RestoreSecret": on((*call).restoreSecret), "ListSecrets": on((*call).listSecrets), "ListSecretVersionIds": on((*call).listSecretVersions),
		"GetResourcePolicy": on((*call).getSecretPolicy), "TagResource": on((*call).tagSecret), "UntagResource": on((*call).untagSecret),
	}
}

type secretInput struct {
	Name, SecretId, SecretString, SecretBinary, ClientRequestToken, VersionId, VersionStage, KmsKeyId, NextToken string
	SortOrder                                                                                                    string
	Description                                                                                                  *string
	VersionStages, TagKeys                                                                                       []string
	Tags                                                                                                         []tag
	RecoveryWindowInDays                                                                                         *int
	ForceDeleteWithoutRecovery, IncludePlannedDeletion, IncludeDeprecated                                        bool
	MaxResults                                                                                                   int
	Filters                                                                                                      []struct {
		Key    string
		Values []string
	}
}

// secrets are those of the account in the Region, without those whose time is over.
func (c *call) secrets() []*secret {
	a := c.world.accounts[c.account]
	var here []*secret
	for _, s := range slices.Clone(a.secrets) {
		switch {
		case !s.doomed.IsZero() && !c.world.clock.Now().Before(s.doomed):
			a.secrets = without(a.secrets, s)
		case s.region == c.region:
			here = append(here, s)
		}
	}
	return here
}

// anySecret finds a secret by name, ARN or ARN without the six characters at its end, deleted or not.
func (c *call) anySecret(id string) *secret {
	return find(c.secrets(), func(s *secret) bool { return s.name == id || s.arn == id || s.arn[:len(s.arn)-len("-123456")] == id })
}

// secret finds a secret that isn't deleted.
func (c *call) secret(id string) (*secret, error) {
	s := c.anySecret(id)
	if s == nil {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	if !s.doomed.IsZero() {
		return nil, failure("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return s, nil
}

type secretKey struct {
	ARN, Name     string
	VersionId     string   `json:",omitempty"`
	VersionStages []string `json:",omitempty"`
}

func (s *secret) labelled(label string) *secretVersion {
	return find(s.versions, func(v *secretVersion) bool { return slices.Contains(v.labels, label) })
}

func (s *secret) version(id string) *secretVersion {
	return find(s.versions, func(v *secretVersion) bool { return v.id == id })
}

// addVersion makes a version and moves the labels that it gets away from others. AWSPREVIOUS follows AWSCURRENT.
func (c *call) addVersion(s *secret, in secretInput, labels ...string) *secretVersion {
	v := &secretVersion{ordinal: ordinal(c.world.next()), id: in.ClientRequestToken, text: in.SecretString, binary: in.SecretBinary, created: c.world.clock.Now()}
	if v.id == "" {
		v.id = c.world.uuid("secret-version", c.account, s.name)
	}
	for _, label := range labels {
		before := s.labelled(label)
		if before != nil {
			before.labels = slices.DeleteFunc(before.labels, func(l string) bool { return l == label })
		}
		if label == current && before != nil {
			for _, other := range s.versions {
				other.labels = slices.DeleteFunc(other.labels, func(l string) bool { return l == previous })
			}
			before.labels = append(before.labels, previous)
		}
	}
	v.labels = labels
	s.versions, s.changed = append(s.versions, v), v.created
	return v
}

func (c *call) createSecret(in secretInput) (any, error) {
	if there := c.anySecret(in.Name); there != nil {
		if !there.doomed.IsZero() {
			return nil, failure("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
		}
		if v := there.version(in.ClientRequestToken); v != nil && v.text == in.SecretString && v.binary == in.SecretBinary {
			return secretKey{ARN: there.arn, Name: there.name, VersionId: v.id}, nil
		}
		return nil, failure("ResourceExistsException", "The operation failed because the secret %s already exists.", in.Name)
	}
	if in.SecretString != "" && in.SecretBinary != "" {
		return nil, failure("InvalidParameterException", "You can't specify both a binary secret value and a string secret value in the same secret.")
	}
	w, a := c.world, c.world.accounts[c.account]
	now := w.clock.Now()
	s := &secret{
		ordinal: ordinal(w.next()), region: c.region, name: in.Name, key: in.KmsKeyId, created: now, changed: now, tags: in.Tags,
		arn: c.arn("secret:" + in.Name + "-" + w.digest(6, "secret", c.account, in.Name)),
	}
	if in.Description != nil {
		s.description = *in.Description
	}
	a.secrets = append(a.secrets, s)
	c.effect = created
	out := secretKey{ARN: s.arn, Name: s.name}
	if in.SecretString != "" || in.SecretBinary != "" { // Terraform makes secrets without a value first
		out.VersionId = c.addVersion(s, in, current).id
	}
	return out, nil
}

func (c *call) getSecretValue(in secretInput) (any, error) {
	s, err := c.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	if in.VersionStage == "" && in.VersionId == "" {
		in.VersionStage = current
	}
	v := find(s.versions, func(v *secretVersion) bool {
		return (in.VersionId == "" || v.id == in.VersionId) && (in.VersionStage == "" || slices.Contains(v.labels, in.VersionStage))
	})
	if v == nil {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for %s.", "staging label or version: "+in.VersionStage+in.VersionId)
	}
	return struct {
		ARN, Name, VersionId string
		SecretString         string   `json:",omitempty"`
		SecretBinary         string   `json:",omitempty"`
		VersionStages        []string `json:",omitempty"`
		CreatedDate          stamp
	}{s.arn, s.name, v.id, v.text, v.binary, v.labels, stamp{v.created}}, nil
}

func (c *call) putSecretValue(in secretInput) (any, error) {
	s, err := c.secret(in.SecretId)
	switch {
	case err != nil:
		return nil, err
	case (in.SecretString == "") == (in.SecretBinary == ""):
		return nil, failure("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
	}
	if v := s.version(in.ClientRequestToken); v != nil {
		if v.text == in.SecretString && v.binary == in.SecretBinary {
			return secretKey{s.arn, s.name, v.id, v.labels}, nil
		}
		return nil, failure("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", v.id, s.arn)
	}
	if len(in.VersionStages) == 0 {
		in.VersionStages = []string{current}
	}
	v := c.addVersion(s, in, in.VersionStages...)
	c.effect = changed
	return secretKey{s.arn, s.name, v.id, v.labels}, nil
}

func (c *call) updateSecret(in secretInput) (any, error) {
	s, err := c.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	if in.Description != nil {
		s.description = *in.Description
	}
	if in.KmsKeyId != "" {
		s.key = in.KmsKeyId
	}
	s.changed, c.effect = c.world.clock.Now(), changed
	out := secretKey{ARN: s.arn, Name: s.name}
	if in.SecretString != "" || in.SecretBinary != "" {
		out.VersionId = c.addVersion(s, in, current).id
	}
	return out, nil
}

// deleteSecret keeps a secret for 7 to 30 days in which it can be restored, unless it is to go at once.
func (c *call) deleteSecret(in secretInput) (any, error) {
	s := c.anySecret(in.SecretId)
	days := 30
	switch {
	case s == nil && in.ForceDeleteWithoutRecovery: // which is no error, says the DeleteSecret reference
		return struct {
			Name         string
			DeletionDate stamp
		}{in.SecretId, stamp{c.world.clock.Now()}}, nil
	case s == nil:
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	case in.RecoveryWindowInDays != nil && in.ForceDeleteWithoutRecovery:
		return nil, failure("InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	case in.RecoveryWindowInDays != nil && (*in.RecoveryWindowInDays < 7 || *in.RecoveryWindowInDays > 30):
		return nil, failure("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	case !s.doomed.IsZero() && !in.ForceDeleteWithoutRecovery:
		return nil, failure("InvalidRequestException", "You can't perform this operation on the secret because it was already marked for deletion.")
	case in.RecoveryWindowInDays != nil:
		days = *in.RecoveryWindowInDays
	case in.ForceDeleteWithoutRecovery:
		days = 0
	}
	s.doomed = c.world.clock.Due(time.Duration(days) * 24 * time.Hour)
	c.effect = deleted
	return struct {
		ARN, Name    string
		DeletionDate stamp
	}{s.arn, s.name, stamp{s.doomed}}, nil
}

func (c *call) restoreSecret(in secretInput) (any, error) {
	s := c.anySecret(in.SecretId)
	if s == nil {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	s.doomed, c.effect = time.Time{}, changed
	return secretKey{ARN: s.arn, Name: s.name}, nil
}

type secretOutput struct {
	ARN, Name                    string
	Description, KmsKeyId        string `json:",omitempty"`
	CreatedDate, LastChangedDate stamp
	DeletedDate                  *stamp              `json:",omitempty"`
	Tags                         []tag               `json:",omitempty"`
	VersionIdsToStages           map[string][]string `json:",omitempty"`
	SecretVersionsToStages       map[string][]string `json:",omitempty"`
}

func (s *secret) output() secretOutput {
	out := secretOutput{ARN: s.arn, Name: s.name, Description: s.description, KmsKeyId: s.key, CreatedDate: stamp{s.created}, LastChangedDate: stamp{s.changed}, Tags: s.tags}
	if !s.doomed.IsZero() {
		out.DeletedDate = &stamp{s.doomed}
	}
	return out
}

// stages are the labelled versions; the others are deprecated.
func (s *secret) stages() map[string][]string {
	stages := map[string][]string{}
	for _, v := range s.versions {
		if len(v.labels) > 0 {
			stages[v.id] = v.labels
		}
	}
	return stages
}

func (c *call) describeSecret(in secretInput) (any, error) {
	s := c.anySecret(in.SecretId)
	if s == nil {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	out := s.output()
	out.VersionIdsToStages = s.stages()
	return out, nil
}

func (c *call) listSecrets(in secretInput) (any, error) {
	var matching []*secret
	for _, s := range c.secrets() {
		fits := s.doomed.IsZero() || in.IncludePlannedDeletion
		for _, filter := range in.Filters {
			fits = fits && slices.ContainsFunc(filter.Values, func(value string) bool { return s.matches(filter.Key, value) })
		}
		if fits {
			matching = append(matching, s)
		}
	}
	if in.SortOrder == "asc" {
		sortByNumber(matching)
	}
	cut, next, err := page(c, matching, in.MaxResults, 100, in.NextToken)
	out := struct {
		SecretList []secretOutput
		NextToken  string `json:",omitempty"`
	}{SecretList: []secretOutput{}, NextToken: next}
	for _, s := range cut {
		shown := s.output()
		shown.SecretVersionsToStages = s.stages()
		out.SecretList = append(out.SecretList, shown)
	}
	return out, err
}

// matches compares beginnings, as filters do.
func (s *secret) matches(key, value string) bool {
	negated := strings.HasPrefix(value, "!")
	value = strings.TrimPrefix(value, "!")
	begins := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.HasPrefix(strings.ToLower(text), strings.ToLower(value)) })
	}
	var keys, values []string
	for _, t := range s.tags {
		keys, values = append(keys, t.Key), append(values, t.Value)
	}
	var fits bool
	switch key {
	case "name":
		fits = strings.HasPrefix(s.name, value)
	case "description":
		fits = begins(s.description)
	case "tag-key":
		fits = begins(keys...)
	case "tag-value":
		fits = begins(values...)
	case "all":
		fits = begins(slices.Concat([]string{s.name, s.description}, keys, values)...)
	} // primary-region and owning-service fit nothing: nothing is replicated or owned by a service here
	return fits != negated
}

type secretVersionOutput struct {
	VersionId     string
	VersionStages []string `json:",omitempty"`
	CreatedDate   stamp
}

func (c *call) listSecretVersions(in secretInput) (any, error) {
	s := c.anySecret(in.SecretId)
	if s == nil {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	var matching []*secretVersion
	for _, v := range s.versions {
		if len(v.labels) > 0 || in.IncludeDeprecated {
			matching = append(matching, v)
		}
	}
	cut, next, err := page(c, matching, in.MaxResults, 100, in.NextToken)
	out := struct {
		ARN, Name string
		Versions  []secretVersionOutput
		NextToken string `json:",omitempty"`
	}{ARN: s.arn, Name: s.name, Versions: []secretVersionOutput{}, NextToken: next}
	for _, v := range cut {
		out.Versions = append(out.Versions, secretVersionOutput{v.id, v.labels, stamp{v.created}})
	}
	return out, err
}

// getSecretPolicy has no policy to show: secrets of this world have none.
func (c *call) getSecretPolicy(in secretInput) (any, error) {
	s := c.anySecret(in.SecretId)
	if s == nil {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	return secretKey{ARN: s.arn, Name: s.name}, nil
}

func (c *call) tagSecret(in secretInput) (any, error) {
	s, err := c.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	s.tags, c.effect = withTags(s.tags, in.Tags), changed
	return nil, nil
}

func (c *call) untagSecret(in secretInput) (any, error) {
	s, err := c.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	s.tags, c.effect = untagged(s.tags, in.TagKeys), changed
	return nil, nil
}
