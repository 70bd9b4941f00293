package awsworld

import "time"

// secret is a secret of Secrets Manager with its only version.
type secret struct {
	region, arn, name, version, text string
	created                          time.Time
}

func (w *World) secretOperations() map[string]handler {
	return map[string]handler{
		"CreateSecret":   on((*call).createSecret),
		"GetSecretValue": on((*call).getSecretValue),
	}
}

type secretInput struct {
	Name, SecretId, SecretString, ClientRequestToken, VersionId, VersionStage string
}

// secret finds a secret by name or ARN.
func (c *call) secret(id string) *secret {
	for _, s := range c.world.accounts[c.account].secrets {
		if s.region == c.region && (s.name == id || s.arn == id) {
			return s
		}
	}
	return nil
}

func (c *call) createSecret(in secretInput) (any, error) {
	if there := c.secret(in.Name); there != nil {
		if there.version == in.ClientRequestToken && there.text == in.SecretString {
			return struct{ ARN, Name, VersionId string }{there.arn, there.name, there.version}, nil
		}
		return nil, failure("ResourceExistsException", "The operation failed because the secret %s already exists.", in.Name)
	}
	w, a := c.world, c.world.accounts[c.account]
	s := &secret{
		region: c.region, name: in.Name, text: in.SecretString, version: in.ClientRequestToken, created: w.clock.Now(),
		arn: c.arn("secret:" + in.Name + "-" + w.digest(6, "secret", c.account, in.Name)),
	}
	if s.version == "" {
		s.version = w.uuid("secret-version", c.account, in.Name)
	}
	a.secrets = append(a.secrets, s)
	c.effect = created
	return struct{ ARN, Name, VersionId string }{s.arn, s.name, s.version}, nil
}

func (c *call) getSecretValue(in secretInput) (any, error) {
	s := c.secret(in.SecretId)
	if s == nil {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	if in.VersionStage != "" && in.VersionStage != "AWSCURRENT" || in.VersionId != "" && in.VersionId != s.version {
		return nil, failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for the staging label or version.")
	}
	return struct {
		ARN, Name, VersionId, SecretString string
		VersionStages                      []string
		CreatedDate                        stamp
	}{s.arn, s.name, s.version, s.text, []string{"AWSCURRENT"}, stamp{s.created}}, nil
}
