// Package secret resolves references to secrets, so that the secrets themselves never travel: not in arguments, results,
// histories, logs or errors. A reference is env:NAME, file:/path, or aws-sm:ARN with an optional #key.
package secret

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// maxSize is the largest secret in bytes; AWS Secrets Manager allows as much.
const maxSize = 64 << 10

const remedyForm = "Give a reference that the worker can resolve: env:NAME for a variable, file:/path for a file, " +
	"or aws-sm:ARN (with #key for a JSON secret) for AWS Secrets Manager."

// AWS opens the configuration for secrets in AWS. Implemented by internal/awscloud.
type AWS interface {
	Config(ctx context.Context, account onboarding.AccountSpec, region string) (aws.Config, error)
}

// Resolver turns references into secrets, with the worker's environment, files and AWS credentials. Safe for concurrent use.
type Resolver struct {
	getenv func(string) string
	aws    AWS
}

// New makes a resolver. getenv reads variables; AWS is opened only for references to it.
func New(getenv func(string) string, aws AWS) *Resolver {
	return &Resolver{getenv: getenv, aws: aws}
}

// Resolve reads the secret that a reference names. One line break at its end is taken off; what is left must be 1 byte to
// 64 KiB of one line. Every error is a *fault.Fault that never contains any of it: Invalid for a wrong reference or secret,
// NotFound where there is none, Denied without the permission to read it, and those of AWS.
func (r *Resolver) Resolve(ctx context.Context, reference string) (string, error) {
	parsed, err := parse(reference)
	if err != nil {
		return "", err
	}
	var value string
	switch parsed.Scheme {
	case onboarding.SecretInEnvironment:
		value, err = r.fromEnv(parsed.Name)
	case onboarding.SecretInFile:
		value, err = fromFile(parsed.Name)
	case onboarding.SecretInAWS:
		value, err = r.fromAWS(ctx, parsed)
	}
	if err != nil {
		return "", err
	}
	return checked(parsed.Scheme, value)
}

// parse reads a reference, and makes what is wrong with it a fault.
func parse(reference string) (onboarding.SecretReference, error) {
	parsed, err := onboarding.ParseSecretReference(reference)
	if err != nil {
		return parsed, fault.New(fault.Invalid, "worker", "", "%s", err.Error()).WithRemedy("%s", remedyForm)
	}
	return parsed, nil
}

func (r *Resolver) fromEnv(name string) (string, error) {
	if value := r.getenv(name); value != "" {
		return value, nil
	}
	// Whoever writes env: in front of the secret itself must not see it again.
	shown := "the variable that the reference names"
	if len(name) <= 48 && name == strings.ToUpper(name) {
		shown = "the variable " + name
	}
	return "", fault.New(fault.NotFound, "worker", "", "%s is not set in the worker's environment, or is empty", shown).
		WithRemedy("Set it where the worker runs and start the worker again, or give another reference.")
}

func fromFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return "", fault.New(fault.Invalid, "worker", "", "%s is not a regular file", path)
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fault.New(fault.NotFound, "worker", "", "the worker has no file %s", path).
			WithRemedy("Put it where the worker runs (for a container: mount it), or give another reference.")
	case errors.Is(err, fs.ErrPermission):
		return "", fault.New(fault.Denied, "worker", "", "the worker may not read %s", path).
			WithRemedy("Let the user that the worker runs as read it, and nobody else.")
	case err != nil:
		return "", fault.New(fault.Unavailable, "worker", "", "%s cannot be read: %v", path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+2))
	if err != nil {
		return "", fault.New(fault.Unavailable, "worker", "", "%s cannot be read: %v", path, err)
	}
	return string(data), nil
}

// fromAWS reads the current version of a secret, in its own Region, with the worker's own credentials.
func (r *Resolver) fromAWS(ctx context.Context, reference onboarding.SecretReference) (string, error) {
	cfg, err := r.aws.Config(ctx, onboarding.AccountSpec{}, reference.Region)
	if err != nil {
		return "", err
	}
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(reference.Name)})
	if err != nil {
		return "", err
	}
	value := aws.ToString(out.SecretString)
	if out.SecretString == nil {
		value = string(out.SecretBinary)
	}
	if reference.Key != "" {
		return field(value, reference.Key)
	}
	if strings.HasPrefix(strings.TrimSpace(value), "{") && json.Valid([]byte(value)) {
		return "", fault.New(fault.Invalid, "aws", "secretsmanager:GetSecretValue", "the secret holds JSON with several keys").
			WithRemedy("Append # and the key to the reference, such as aws-sm:ARN#token.")
	}
	return value, nil
}

func field(value, key string) (string, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(value), &fields) != nil {
		return "", fault.New(fault.Invalid, "aws", "secretsmanager:GetSecretValue", "the reference names a key, but the secret is not a JSON object").
			WithRemedy("Leave # and the key out of the reference, or store the secret as key and value.")
	}
	var text string
	if raw, ok := fields[key]; !ok {
		return "", fault.New(fault.NotFound, "aws", "secretsmanager:GetSecretValue", "the secret has no key of the name that the reference gives after #")
	} else if json.Unmarshal(raw, &text) != nil {
		return "", fault.New(fault.Invalid, "aws", "secretsmanager:GetSecretValue", "the key that the reference names does not hold text")
	}
	return text, nil
}

// checked refuses what can be no token, before it is sent anywhere.
func checked(scheme onboarding.SecretScheme, value string) (string, error) {
	if trimmed, ok := strings.CutSuffix(value, "\n"); ok {
		value = strings.TrimSuffix(trimmed, "\r")
	}
	wrong := ""
	switch {
	case value == "":
		wrong = "is empty"
	case len(value) > maxSize:
		wrong = "is larger than 64 KiB, which no token is"
	case strings.ContainsFunc(value, unicode.IsControl):
		wrong = "has several lines or control characters, and should be the token alone"
	case strings.TrimSpace(value) != value:
		wrong = "begins or ends with a space"
	default:
		return value, nil
	}
	return "", fault.New(fault.Invalid, "worker", "", "the secret behind the %s reference %s", strings.TrimSuffix(string(scheme), ":"), wrong).
		WithRemedy("Store the token again, exactly as the console showed it.")
}
