package engine

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/rpc/encryption"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"studio-onboarding/internal/localserver"
)

const (
	// KeyFile is the file of a data directory that holds the key of the Temporal port.
	KeyFile = "temporal-key"

	keyBytes = 32
	bearer   = "Bearer "
)

func newKey() string {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // it ends the process rather than fail
	return base64.RawURLEncoding.EncodeToString(key)
}

// openKey reads the key of a data directory, and makes one where there is none.
func openKey(path string) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := newKey()
		return key, localserver.WritePrivate(path, []byte(key+"\n"))
	}
	if err != nil {
		return "", fmt.Errorf("read the key of the Temporal port: %w", err)
	}
	key := strings.TrimSpace(string(data))
	if decoded, err := base64.RawURLEncoding.DecodeString(key); err != nil || len(decoded) != keyBytes {
		return "", fmt.Errorf("%s holds no key that this program made → remove it, and the next start makes a new one", path)
	}
	return key, nil
}

// doorkeeper lets those in who call with the key, and the parts of the server themselves, which have a port of their own.
type doorkeeper struct {
	key string
	// where says where the key lies, for those who have none; it is asked when somebody is refused.
	where func() string
}

var (
	_ authorization.ClaimMapper = (*doorkeeper)(nil)
	_ authorization.Authorizer  = (*doorkeeper)(nil)
)

// GetClaims makes whoever has the key an administrator, and everybody else nobody.
func (d *doorkeeper) GetClaims(info *authorization.AuthInfo) (*authorization.Claims, error) {
	if subtle.ConstantTimeCompare([]byte(info.AuthToken), []byte(bearer+d.key)) == 1 {
		return &authorization.Claims{System: authorization.RoleAdmin}, nil
	}
	return &authorization.Claims{}, nil
}

// Authorize lets administrators do everything, and everybody ask whether the server is there.
func (d *doorkeeper) Authorize(
	_ context.Context, claims *authorization.Claims, target *authorization.CallTarget,
) (authorization.Result, error) {
	if target.APIName == healthpb.Health_Check_FullMethodName || claims != nil && claims.System&authorization.RoleAdmin != 0 {
		return authorization.Result{Decision: authorization.DecisionAllow}, nil
	}
	problem := "this call has none"
	if claims != nil {
		problem = "this call has another one"
	}
	return authorization.Result{}, serviceerror.NewPermissionDenied(
		"standalone's Temporal server takes calls with its key only, and "+problem+" → "+d.where(), "")
}

// inside is what the parts of the server show each other: their ports are open to every program of the machine, but only who
// has this certificate gets in, and it never leaves the memory of this process.
func inside() (*encryption.FixedTLSConfigProvider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	const name = "standalone"
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		// Clocks are set back now and then; nobody runs a process for ten years.
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	certificates := []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}}
	return &encryption.FixedTLSConfigProvider{
		InternodeServerConfig: &tls.Config{
			Certificates: certificates, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
		},
		InternodeClientConfig: &tls.Config{Certificates: certificates, RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS13},
	}, nil
}
