package temporalclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"studio-onboarding/internal/temporalclient"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// file has its certificate in PEM.
	file string
	pool *x509.CertPool
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return authority{certificate: certificate, key: key, file: file, pool: pool}
}

// issue answers with a certificate for a name, and with the files that hold it and its key.
func (a authority) issue(t *testing.T, from, to time.Time, names ...string) (_ tls.Certificate, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "temporal"}, NotBefore: from, NotAfter: to,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	return certificate, certFile, keyFile
}

func TestFailuresOfTLSNameTheirCauseAndTheRemedy(t *testing.T) {
	ours, others := newAuthority(t, "Acme root"), newAuthority(t, "somebody else's root")
	now := time.Now()
	day := 24 * time.Hour
	good, _, _ := ours.issue(t, now.Add(-time.Minute), now.Add(day), "127.0.0.1", "localhost")
	expired, _, _ := ours.issue(t, now.Add(-2*day), now.Add(-day), "127.0.0.1")
	early, _, _ := ours.issue(t, now.Add(day), now.Add(2*day), "127.0.0.1")
	otherName, _, _ := ours.issue(t, now.Add(-time.Minute), now.Add(day), "temporal.example.com", "temporal.internal", "10.0.0.7")
	nameless, _, _ := ours.issue(t, now.Add(-time.Minute), now.Add(day))
	_, member, memberKey := ours.issue(t, now.Add(-time.Minute), now.Add(day))
	_, stranger, strangerKey := others.issue(t, now.Add(-time.Minute), now.Add(day))

	serve := func(certificate tls.Certificate, clients *x509.CertPool) string {
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, ClientCAs: clients}
		if clients != nil {
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
		return startFakeAt(t, "127.0.0.1:0", grpc.Creds(credentials.NewTLS(config))).address
	}
	trusting := func(more ...string) env {
		e := env{"TEMPORAL_TLS": "true", "TEMPORAL_TLS_SERVER_CA_CERT_PATH": ours.file}
		for i := 0; i < len(more); i += 2 {
			e[more[i]] = more[i+1]
		}
		return e
	}
	mutual := serve(good, ours.pool)

	for name, test := range map[string]struct {
		address string
		env     env
		says    []string
	}{
		"an unknown authority": {serve(good, nil), env{"TEMPORAL_TLS": "true"}, []string{"Acme root", "TEMPORAL_TLS_SERVER_CA_CERT_PATH"}},
		"another authority": {serve(good, nil), env{"TEMPORAL_TLS": "true", "TEMPORAL_TLS_SERVER_CA_CERT_PATH": others.file},
			[]string{"Acme root", "TEMPORAL_TLS_SERVER_CA_CERT_PATH"}},
		"expired":       {serve(expired, nil), trusting(), []string{"expired on " + now.Add(-day).UTC().Format("2006-01-02"), "renewed"}},
		"not valid yet": {serve(early, nil), trusting(), []string{"valid from " + now.Add(day).UTC().Format("2006-01-02"), "clock"}},
		"another name": {serve(otherName, nil), trusting(),
			[]string{"temporal.example.com, temporal.internal, 10.0.0.7", "not for 127.0.0.1", "TEMPORAL_TLS_SERVER_NAME"}},
		"another name than we said": {serve(otherName, nil), trusting("TEMPORAL_TLS_SERVER_NAME", "temporal.example.org"),
			[]string{"temporal.example.org"}},
		"no name":             {serve(nameless, nil), trusting(), []string{"no name at all"}},
		"TLS to a plain port": {startFake(t).address, trusting(), []string{"speaks no TLS", "TEMPORAL_TLS=false"}},
		"an API key to a plain port": {startFake(t).address, env{"TEMPORAL_API_KEY": "abc"},
			[]string{"speaks no TLS", "TEMPORAL_TLS=false"}},
		"plain to a TLS port":   {serve(good, nil), env{}, []string{"speaks TLS", "TEMPORAL_TLS=true"}},
		"plain to a mutual one": {mutual, env{}, []string{"speaks TLS", "TEMPORAL_TLS=true"}},
		"no client certificate": {mutual, trusting(),
			[]string{"client certificate", "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH"}},
		"a stranger's certificate": {mutual, trusting("TEMPORAL_TLS_CLIENT_CERT_PATH", stranger, "TEMPORAL_TLS_CLIENT_KEY_PATH", strangerKey),
			[]string{"client certificate", "the server's administrator signed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := temporalclient.Settings{Address: test.address, Env: test.env, Timeout: time.Second}.Dial(t.Context())
			var unreachable *temporalclient.UnreachableError
			require.ErrorAs(t, err, &unreachable)
			for _, text := range append(test.says, test.address, "→") {
				require.ErrorContains(t, err, text)
			}
			require.NotContains(t, err.Error(), "go run ./standalone", "a server is there")
			require.LessOrEqual(t, len(err.Error()), 1024)
			require.True(t, unreachable.Permanent())
		})
	}
	for name, test := range map[string]struct {
		address string
		env     env
	}{
		"a known authority": {serve(good, nil), trusting()},
		"the name we say":   {serve(otherName, nil), trusting("TEMPORAL_TLS_SERVER_NAME", "temporal.internal")},
		"mutual":            {mutual, trusting("TEMPORAL_TLS_CLIENT_CERT_PATH", member, "TEMPORAL_TLS_CLIENT_KEY_PATH", memberKey)},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := temporalclient.Settings{Address: test.address, Env: test.env}.Dial(t.Context())
			require.NoError(t, err)
			c.Close()
		})
	}
}

// What a stranger's certificate says is shown short, and moves no cursor.
func TestNamesOfAStrangersCertificateAreShownSafely(t *testing.T) {
	evil := newAuthority(t, "evil\x1b[2Jroot\n"+string(make([]byte, 3000)))
	var many []string
	for i := range 500 {
		many = append(many, fmt.Sprintf("host-%d.a-rather-long-name.example.com", i))
	}
	for _, trusted := range []bool{false, true} {
		certificate, _, _ := evil.issue(t, time.Now().Add(-time.Minute), time.Now().Add(time.Hour), many...)
		address := startFakeAt(t, "127.0.0.1:0", grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))).address
		variables := env{"TEMPORAL_TLS": "true"}
		if trusted {
			variables["TEMPORAL_TLS_SERVER_CA_CERT_PATH"] = evil.file
		}
		_, err := temporalclient.Settings{Address: address, Env: variables, Timeout: time.Second}.Dial(t.Context())
		require.Error(t, err)
		require.Less(t, len(err.Error()), 1024)
		require.NotContains(t, err.Error(), "\x1b")
		require.NotContains(t, err.Error(), "\n")
	}
}
