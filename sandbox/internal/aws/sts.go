package awsworld

import (
	"strings"
	"time"
)

func (w *World) stsOperations() map[string]handler {
	return map[string]handler{
		"GetCallerIdentity": on((*call).getCallerIdentity),
		"AssumeRole":        on((*call).assumeRole),
	}
}

func (c *call) getCallerIdentity(nothing) (any, error) {
	return struct{ UserId, Account, Arn string }{c.principal.id, c.account, c.principal.arn}, nil
}

type assumeRoleInput struct {
	RoleArn         string
	RoleSessionName string
	DurationSeconds int
}

type assumedRole struct {
	Credentials struct {
		AccessKeyId, SecretAccessKey, SessionToken string
		Expiration                                 stamp
	}
	AssumedRoleUser struct{ AssumedRoleId, Arn string }
}

func (c *call) assumeRole(in assumeRoleInput) (any, error) {
	w := c.world
	r := w.roleByARN(in.RoleArn)
	if r == nil || !r.trusts("AWS", c.principal.arn, c.account, w.arn("iam", "", c.account, "root")) {
		return nil, failure("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.principal.arn, in.RoleArn).with(403)
	}
	if in.DurationSeconds == 0 {
		in.DurationSeconds = 3600
	}
	if in.DurationSeconds > r.maxSession {
		return nil, failure("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	name := r.arn() + "/" + in.RoleSessionName
	session := &principal{
		account: r.account, role: r, id: r.id + ":" + in.RoleSessionName,
		arn:       w.arn("sts", "", r.account, "assumed-role/"+r.name+"/"+in.RoleSessionName),
		accessKey: "ASIA" + strings.ToUpper(w.digest(16, "session-key", name)),
		secret:    w.digest(40, "session-secret", name),
		token:     "IQoJ" + w.digest(64, "session-token", name),
		expires:   w.clock.Now().Add(time.Duration(in.DurationSeconds) * time.Second),
	}
	w.principals[session.accessKey] = session
	var out assumedRole
	out.Credentials.AccessKeyId, out.Credentials.SecretAccessKey = session.accessKey, session.secret
	out.Credentials.SessionToken, out.Credentials.Expiration = session.token, stamp{session.expires}
	out.AssumedRoleUser.AssumedRoleId, out.AssumedRoleUser.Arn = session.id, session.arn
	return out, nil
}
