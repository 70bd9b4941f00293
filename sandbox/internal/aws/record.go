package awsworld

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// Exchange is a request to an AWS service with its answer, as both were on the wire, without secrets: neither signatures nor
// session tokens nor the values of secrets are in it.
type Exchange struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service"`
	Region  string    `json:"region"`
	// Target is the X-Amz-Target header, which names the operation of JSON services.
	Target string `json:"target,omitempty"`
	// Agent is the User-Agent header.
	Agent   string `json:"agent,omitempty"`
	Request string `json:"request"`
	Status  int    `json:"status"`
	Answer  string `json:"answer"`
}

// recorder writes exchanges as JSON lines. Connections that are closed without an answer aren't recorded.
type recorder struct {
	next http.Handler
	mu   sync.Mutex
	to   *json.Encoder
}

func recording(next http.Handler, to io.Writer) http.Handler {
	return &recorder{next: next, to: json.NewEncoder(to)}
}

// ServeHTTP lets the request through and writes it down.
func (rec *recorder) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, "the request body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	signed, _ := readScope(r.Header.Get("Authorization"))
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := &overheard{ResponseWriter: rw}
	rec.next.ServeHTTP(answer, r)
	if answer.status == 0 {
		return
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	_ = rec.to.Encode(Exchange{ // a full disk must not stop the world
		Time: time.Now().UTC(), Service: signed.service, Region: signed.region, Target: r.Header.Get("X-Amz-Target"), Agent: r.UserAgent(),
		Request: withoutSecrets(body), Status: answer.status, Answer: withoutSecrets(answer.body.Bytes()),
	})
}

// overheard is an answer that is also kept.
type overheard struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (o *overheard) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

// Write keeps what is written.
func (o *overheard) Write(data []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	o.body.Write(data)
	return o.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach the connection.
func (o *overheard) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// secretMembers are the values that stay out of recordings, in JSON, in XML and in forms.
var secretMembers = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`"(SecretString|SecretBinary|SecretAccessKey|SessionToken)"\s*:\s*"(?:[^"\\]|\\.)*"`), `"$1":"bGVmdCBvdXQ="`},
	{regexp.MustCompile(`<(SecretAccessKey|SessionToken)>[^<]*<`), `<$1>bGVmdCBvdXQ=<`},
	{regexp.MustCompile(`\b(SecretAccessKey|SessionToken|X-Amz-Security-Token)=[^&]*`), `$1=left-out`},
}

func withoutSecrets(body []byte) string {
	for _, secret := range secretMembers {
		body = secret.pattern.ReplaceAll(body, []byte(secret.instead))
	}
	return string(body)
}
