package payloadcrypt

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"go.temporal.io/sdk/converter"
)

// largestBody is more than a page of the UI asks for at once.
const largestBody = 64 << 20

// Endpoint is the codec endpoint for a Temporal UI: POST /decode, and /encode for what is sent from there. origins are the
// UI's addresses, as http://host:port; web pages from elsewhere are refused, and so are requests for another host than this
// machine, which a page can make its own name point at.
func (c *Codec) Endpoint(origins ...string) http.Handler {
	codec := converter.NewPayloadCodecHTTPHandler(c)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !thisMachine(r.Host) {
			http.Error(w, "this codec endpoint serves its own machine only, under localhost or 127.0.0.1", http.StatusForbidden)
			return
		}
		// Programs send no origin; browsers always do when a page of another origin asks.
		if origin := r.Header.Get("Origin"); origin != "" {
			w.Header().Add("Vary", "Origin")
			if !slices.Contains(origins, origin) {
				http.Error(w, "pages of "+origin+" may not decrypt payloads; allowed: "+strings.Join(origins, ", "), http.StatusForbidden)
				return
			}
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
			// For UIs that are set to send cookies along.
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			if r.Header.Get("Access-Control-Request-Private-Network") != "" {
				w.Header().Set("Access-Control-Allow-Private-Network", "true")
			}
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, largestBody)
		codec.ServeHTTP(w, r)
	})
}

// thisMachine says whether a Host header names this machine, whatever the port: a container's may be published under another.
func thisMachine(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	ip := net.ParseIP(name)
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}

// Origins are the two spellings of a UI's address on this machine: browsers hold them for different ones.
func Origins(uiURL string) []string {
	origins := []string{uiURL}
	for _, spelling := range [][2]string{{"//127.0.0.1:", "//localhost:"}, {"//localhost:", "//127.0.0.1:"}} {
		if strings.Contains(uiURL, spelling[0]) {
			origins = append(origins, strings.Replace(uiURL, spelling[0], spelling[1], 1))
		}
	}
	return origins
}
