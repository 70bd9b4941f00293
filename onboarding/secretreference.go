package onboarding

import (
	"errors"
	"strings"
	"unicode"
)

// SecretScheme says where a secret lies.
type SecretScheme string

// The places that a worker can read secrets from.
const (
	// SecretInEnvironment: env:NAME, a variable of the worker's environment.
	SecretInEnvironment SecretScheme = "env:"
	// SecretInFile: file:/path, a file on the worker.
	SecretInFile SecretScheme = "file:"
	// SecretInAWS: aws-sm:ARN, with #key for a JSON secret, in AWS Secrets Manager.
	SecretInAWS SecretScheme = "aws-sm:"
)

// SecretReference names the place of a secret, so that the secret itself never travels.
type SecretReference struct {
	Scheme SecretScheme
	// Name is the variable, the path, or the ARN without the key.
	Name string
	// Key is that of a JSON secret in AWS; empty where the whole secret is meant.
	Key string
	// Region is that of the secret's ARN.
	Region string
}

// ParseSecretReference reads env:NAME, file:/path or aws-sm:ARN, and resolves nothing. It is the only parser of references: the
// command line, the run and the worker refuse the same ones. The error never repeats the reference: what has the wrong form may
// be the secret itself, given by mistake.
func ParseSecretReference(reference string) (SecretReference, error) {
	for _, scheme := range []SecretScheme{SecretInEnvironment, SecretInFile, SecretInAWS} {
		rest, ok := strings.CutPrefix(reference, string(scheme))
		if !ok {
			continue
		}
		parsed := SecretReference{Scheme: scheme, Name: rest}
		switch {
		case scheme == SecretInEnvironment && !isVariable(rest):
			return SecretReference{}, errors.New("after env: comes the name of a variable, which has letters, digits and _ only")
		case scheme == SecretInFile && (!isAbsolute(rest) || strings.ContainsFunc(rest, unicode.IsControl)):
			return SecretReference{}, errors.New("after file: comes an absolute path")
		case scheme == SecretInAWS && !parsed.splitARN():
			return SecretReference{}, errors.New("after aws-sm: comes the ARN of a secret in AWS Secrets Manager")
		}
		return parsed, nil
	}
	return SecretReference{}, errors.New("this is not a reference to a secret (it is not shown, as it may be the secret itself)")
}

func isVariable(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// isAbsolute takes the paths of every system: the command line may run on another one than the worker.
func isAbsolute(path string) bool {
	if strings.HasPrefix(path, "/") {
		return true
	}
	drive, rest, ok := strings.Cut(path, ":")
	return ok && len(drive) == 1 && isVariable(drive) && drive != "_" && (strings.HasPrefix(rest, `\`) || strings.HasPrefix(rest, "/"))
}

// splitARN takes the name apart into ARN and key, and says whether it is a secret's:
// arn:partition:secretsmanager:region:account:secret:name.
func (r *SecretReference) splitARN() bool {
	name, key, keyed := strings.Cut(r.Name, "#")
	r.Name, r.Key = name, key
	const sections = 6
	parts := strings.SplitN(name, ":", sections)
	if len(parts) != sections || keyed && key == "" {
		return false
	}
	r.Region = parts[3]
	secret, is := strings.CutPrefix(parts[5], "secret:")
	return parts[0] == "arn" && strings.HasPrefix(parts[1], "aws") && parts[2] == "secretsmanager" && parts[3] != "" && parts[4] != "" &&
		is && secret != "" && !strings.ContainsFunc(name, unicode.IsSpace)
}
