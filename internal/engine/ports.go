package engine

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listenAddress checks that an address is host:port on this machine only: the engine knows no users, and its one key travels unencrypted.
func listenAddress(address, fallback string) (string, error) {
	if address == "" {
		address = fallback
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%q is not an address: write it as host:port", address)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("the embedded server has no encryption and listens on this machine only: use 127.0.0.1 instead of %s; "+
			"for other machines run a Temporal cluster and the worker program", host)
	}
	return net.JoinHostPort(host, portText), nil
}

type port struct {
	address string
	// flag and what are for the message when the port is in use.
	flag, what string
}

// reserve tries each address, takes free ports for those with port 0, and returns the addresses. Server and UI end the
// process when they cannot listen, so this is found out before. All are held until the last one is known: a port given up
// early may be given out again.
func reserve(ports ...port) ([]string, error) {
	addresses := make([]string, 0, len(ports))
	for _, p := range ports {
		listener, err := net.Listen("tcp", p.address)
		if errors.Is(err, syscall.EADDRINUSE) {
			_, number, _ := net.SplitHostPort(p.address)
			return nil, fmt.Errorf("port %s for %s is in use by another program: end that program, or choose another port with %s", number, p.what, p.flag)
		}
		if err != nil {
			return nil, fmt.Errorf("listen on %s for %s: %w (another port can be chosen with %s)", p.address, p.what, err, p.flag)
		}
		defer listener.Close()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}
