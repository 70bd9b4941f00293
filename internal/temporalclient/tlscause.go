package temporalclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// How long finding out why a connection failed may take, and of that, how long a server is given to object to a handshake
// that looked fine to us: with TLS 1.3 it says only afterwards that it wants a certificate.
const (
	probeWithin = 1500 * time.Millisecond
	objectsIn   = 500 * time.Millisecond
)

// tlsCause says why an encrypted connection to an address fails, or a plain one because the other side speaks TLS, and what to
// do; it is "" where it is something else. gRPC hands on a text at best, and mostly says that time is up.
func tlsCause(ctx context.Context, address string, configured *tls.Config) string {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	if configured == nil {
		return plainCause(ctx, address)
	}
	config := configured.Clone()
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = []string{"h2"}
	connection, err := handshake(ctx, address, config)
	if err == nil {
		err = objection(connection)
		_ = connection.Close()
	}
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &wrongName):
		return fmt.Sprintf("its certificate is for %s, and not for %s → connect under one of these names, or say which one it has: "+
			"TEMPORAL_TLS_SERVER_NAME", names(wrongName.Certificate), wrongName.Host)
	case errors.As(err, &unknown):
		issuer := "an authority without a name"
		if unknown.Cert != nil {
			issuer = fmt.Sprintf("%q", clip(unknown.Cert.Issuer.String()))
		}
		return fmt.Sprintf("its certificate is signed by %s, which this machine does not know → give the file with that authority's certificate "+
			"(PEM): TEMPORAL_TLS_SERVER_CA_CERT_PATH", issuer)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		now := time.Now()
		if now.Before(invalid.Cert.NotBefore) {
			return fmt.Sprintf("its certificate (%q) is valid from %s on, and it is %s here → set the clock, or wait",
				clip(invalid.Cert.Subject.String()), invalid.Cert.NotBefore.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		}
		return fmt.Sprintf("its certificate (%q) has expired on %s → have the server's certificate renewed, or set the clock if it is wrong",
			clip(invalid.Cert.Subject.String()), invalid.Cert.NotAfter.UTC().Format(time.RFC3339))
	case errors.As(err, &invalid):
		return fmt.Sprintf("its certificate is refused: %s → have the server's certificate made anew", clip(invalid.Error()))
	case errors.As(err, &plain):
		return "it speaks no TLS there, and TLS is switched on here → switch it off (TEMPORAL_TLS=false; it is on where an API key or a " +
			"certificate is set), or connect to its TLS port"
	}
	if alert := clientCertificateAlert(err); alert != "" {
		remedy := "give the client certificate and its key: TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH"
		if len(config.Certificates) > 0 || config.GetClientCertificate != nil {
			remedy = "give one that the server's administrator signed, and that is still valid: TEMPORAL_TLS_CLIENT_CERT_PATH"
		}
		return fmt.Sprintf("it wants a client certificate, and says %q of ours → %s", alert, remedy)
	}
	var refused *net.OpError
	if errors.As(err, &refused) && refused.Op == "dial" || errors.Is(err, context.DeadlineExceeded) {
		return ""
	}
	if strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:") {
		return fmt.Sprintf("the TLS handshake fails: %s → check the TEMPORAL_TLS_* variables", clip(err.Error()))
	}
	return ""
}

// plainCause finds out whether a server that was spoken to in plain speaks TLS.
func plainCause(ctx context.Context, address string) string {
	// Nothing is sent over this connection but the handshake, and nothing that comes back is believed.
	connection, err := handshake(ctx, address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) //nolint:gosec // see above
	var fault *net.OpError
	switch {
	case err == nil:
		_ = connection.Close()
	case errors.As(err, &fault) && fault.Op == "remote error": // an alert: it speaks TLS, and does not like ours
	default:
		return ""
	}
	return "it speaks TLS there, and TLS is switched off here → switch it on with TEMPORAL_TLS=true, and where the server has an authority of " +
		"its own, TEMPORAL_TLS_SERVER_CA_CERT_PATH"
}

func handshake(ctx context.Context, address string, config *tls.Config) (*tls.Conn, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	connection := tls.Client(raw, config)
	if err := connection.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return connection, nil
}

// objection is what a server has against a handshake that it went along with: its first words would be HTTP/2's.
func objection(connection *tls.Conn) error {
	if err := connection.SetReadDeadline(time.Now().Add(objectsIn)); err != nil {
		return nil
	}
	_, err := connection.Read(make([]byte, 1))
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return nil
	}
	return err
}

// clientCertificateAlert is what a server says that does not take our certificate, or misses one; "" for other errors.
func clientCertificateAlert(err error) string {
	var alert tls.AlertError
	var remote *net.OpError
	if !errors.As(err, &alert) && !(errors.As(err, &remote) && remote.Op == "remote error") {
		return ""
	}
	for _, known := range []string{
		"certificate required", "bad certificate", "unknown certificate authority", "unknown certificate", "expired certificate",
		"revoked certificate", "unsupported certificate",
	} {
		if strings.Contains(err.Error(), known) {
			return known
		}
	}
	return ""
}

// names lists what a certificate is for, the first few where there are many.
func names(certificate *x509.Certificate) string {
	list := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) == 0 {
		return "no name at all"
	}
	const most = 5
	more := ""
	if len(list) > most {
		more = fmt.Sprintf(" and %d more", len(list)-most)
		list = list[:most]
	}
	return clip(strings.Join(list, ", ")) + more
}

// clip keeps what a stranger's certificate says short, and free of control characters.
func clip(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
