package notifier_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/notifier"
	"studio-onboarding/internal/secret"
	"studio-onboarding/onboarding"
)

const (
	key      = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	otherKey = "whsec_b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI="
	hidden   = "T0PSECRET"
)

// received is what a server got.
type received struct {
	path   string
	header http.Header
	body   []byte
}

// inbox is a receiver of webhooks that answers as told; 200 where it is not.
type inbox struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int
	header  http.Header
	got     []received
}

func newInbox(t *testing.T, answers ...int) *inbox {
	in := &inbox{answers: answers}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in.mu.Lock()
		defer in.mu.Unlock()
		in.got = append(in.got, received{r.URL.Path, r.Header, body})
		for name, values := range in.header {
			w.Header()[name] = values
		}
		if len(in.answers) > 0 {
			w.WriteHeader(in.answers[0])
			in.answers = in.answers[1:]
		}
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) requests() []received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.got
}

func configured(env map[string]string) ([]*notifier.Target, error) {
	getenv := func(name string) string { return env[name] }
	return notifier.FromEnvironment(getenv, secret.New(getenv, nil))
}

func only(t *testing.T, env map[string]string) *notifier.Target {
	t.Helper()
	targets, err := configured(env)
	require.NoError(t, err)
	require.Len(t, targets, 1)
	return targets[0]
}

func notice() onboarding.Notice {
	return onboarding.NoticeOfRequest("data-science", onboarding.Request{
		Step: onboarding.StepSCIM, Since: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Deadline: time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC),
		URL: "https://console.aws.amazon.com/singlesignon/home?region=us-east-1&x=<y>", Why: "alice@example.com has no profile",
	})
}

func TestAWebhookIsSignedAsStandardWebhooksSays(t *testing.T) {
	in := newInbox(t)
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte(key+"\n"), 0o600))
	target := only(t, map[string]string{"NOTIFY_WEBHOOK_URL": in.URL + "/" + hidden, "NOTIFY_WEBHOOK_SECRET": "file:" + file})
	require.Equal(t, "webhook", target.Name())
	require.NoError(t, target.Send(t.Context(), notice()))
	require.NoError(t, target.Send(t.Context(), notice()))

	got := in.requests()
	require.Len(t, got, 2)
	verifier, err := standardwebhooks.NewWebhook(key)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(got[0].body, got[0].header))
	require.Error(t, verifier.Verify(append([]byte(" "), got[0].body...), got[0].header), "the signature covers the body")
	require.Equal(t, "application/json", got[0].header.Get("Content-Type"))
	require.NotEmpty(t, got[0].header.Get("webhook-id"))
	require.Equal(t, got[0].header.Get("webhook-id"), got[1].header.Get("webhook-id"), "a repetition is told by its ID")

	var event notifier.Event
	require.NoError(t, json.Unmarshal(got[0].body, &event))
	require.Equal(t, "studio.request", event.Type)
	require.Equal(t, notice(), event.Data)
	require.NotContains(t, string(got[0].body), "alice")
}

func TestWhileAKeyIsReplacedBothSign(t *testing.T) {
	in := newInbox(t)
	target := only(t, map[string]string{"NOTIFY_WEBHOOK_URL": in.URL, "NOTIFY_WEBHOOK_SECRET": key + " " + otherKey})
	require.NoError(t, target.Send(t.Context(), notice()))
	for _, k := range []string{key, otherKey} {
		verifier, err := standardwebhooks.NewWebhook(k)
		require.NoError(t, err)
		require.NoError(t, verifier.Verify(in.requests()[0].body, in.requests()[0].header))
	}
}

func TestSlackGetsItsForm(t *testing.T) {
	in := newInbox(t)
	target := only(t, map[string]string{"NOTIFY_SLACK_URL": in.URL + "/services/" + hidden})
	require.NoError(t, target.Send(t.Context(), notice()))
	var message struct{ Text string }
	require.NoError(t, json.Unmarshal(in.requests()[0].body, &message))
	require.Equal(t, "/services/"+hidden, in.requests()[0].path)
	require.True(t, strings.HasPrefix(message.Text, "*data-science waits for a person*\n"), message.Text)
	require.Contains(t, message.Text, "`starter request data-science scim`")
	require.Contains(t, message.Text, "&amp;x=&lt;y&gt;", "Slack's own characters are escaped")
}

func TestTeamsGetsAnAdaptiveCard(t *testing.T) {
	in := newInbox(t, http.StatusAccepted)
	target := only(t, map[string]string{"NOTIFY_TEAMS_URL": in.URL + "/workflows/" + hidden})
	require.NoError(t, target.Send(t.Context(), notice()))
	var message struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type    string
				Body    []struct{ Type, Text string }
				Actions []struct{ Type, URL string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(in.requests()[0].body, &message))
	require.Equal(t, "message", message.Type)
	require.Len(t, message.Attachments, 1)
	require.Equal(t, "application/vnd.microsoft.card.adaptive", message.Attachments[0].ContentType)
	card := message.Attachments[0].Content
	require.Equal(t, "AdaptiveCard", card.Type)
	require.Equal(t, "data-science waits for a person", card.Body[0].Text)
	require.Contains(t, fmt.Sprint(card), "starter request data-science scim")
	require.Contains(t, fmt.Sprint(card), notice().Link)
}

// Every kind of notice fits every form: those without a command or a link too.
func TestANoticeWithoutCommandAndLinkIsSentEverywhere(t *testing.T) {
	in := newInbox(t)
	targets, err := configured(map[string]string{
		"NOTIFY_WEBHOOK_URL": in.URL, "NOTIFY_WEBHOOK_SECRET": key, "NOTIFY_SLACK_URL": in.URL, "NOTIFY_TEAMS_URL": in.URL,
	})
	require.NoError(t, err)
	require.Len(t, targets, 3)
	for _, target := range targets {
		require.NoError(t, target.Send(t.Context(), onboarding.NoticeOfTest("1", time.Now())), target.Name())
	}
	require.Len(t, in.requests(), 3)
}

func TestWhatAReceiverAnswersIsClassifiedAndNoSecretIsShown(t *testing.T) {
	for status, class := range map[int]fault.Class{
		429: fault.Throttled, 503: fault.Unavailable, 500: fault.Unavailable, 408: fault.Unavailable,
		400: fault.Invalid, 401: fault.Denied, 403: fault.Denied, 404: fault.NotFound, 410: fault.NotFound, 302: fault.Invalid,
	} {
		for _, name := range []string{"NOTIFY_WEBHOOK_URL", "NOTIFY_SLACK_URL", "NOTIFY_TEAMS_URL"} {
			t.Run(fmt.Sprint(name, status), func(t *testing.T) {
				in := newInbox(t, status)
				in.header = http.Header{"Retry-After": {"7"}, "Location": {"/elsewhere"}}
				env := map[string]string{name: in.URL + "/" + hidden + "?sig=" + hidden}
				if name == "NOTIFY_WEBHOOK_URL" {
					env["NOTIFY_WEBHOOK_SECRET"] = key
				}
				err := only(t, env).Send(t.Context(), notice())
				require.Equal(t, class, fault.ClassOf(err), "%v", err)
				require.Len(t, in.requests(), 1, "a redirect is not followed")
				require.NotContains(t, fmt.Sprintf("%v %+v", err, err), hidden)
				require.Contains(t, err.Error(), in.Listener.Addr().String())
				if status == 429 {
					var f *fault.Fault
					require.ErrorAs(t, err, &f)
					require.Equal(t, 7*time.Second, f.RetryAfter)
				}
			})
		}
	}
}

func TestAReceiverThatIsNotThereIsTriedAgain(t *testing.T) {
	in := newInbox(t)
	in.Close()
	for _, name := range []string{"NOTIFY_SLACK_URL", "NOTIFY_TEAMS_URL"} {
		err := only(t, map[string]string{name: in.URL + "/" + hidden}).Send(t.Context(), notice())
		require.Equal(t, fault.Unavailable, fault.ClassOf(err))
		require.NotContains(t, err.Error(), hidden)
	}
}

func TestWithoutVariablesThereIsNoTarget(t *testing.T) {
	targets, err := configured(nil)
	require.NoError(t, err)
	require.Empty(t, targets)
}

func TestWrongSettingsAreNamedAndNotShown(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"a webhook without a key": {map[string]string{"NOTIFY_WEBHOOK_URL": "https://hooks.example.com/" + hidden},
			[]string{"NOTIFY_WEBHOOK_SECRET is not set"}},
		"a key without a webhook": {map[string]string{"NOTIFY_WEBHOOK_SECRET": key}, []string{"NOTIFY_WEBHOOK_URL is not set"}},
		"a key that is none": {map[string]string{"NOTIFY_WEBHOOK_URL": "https://hooks.example.com", "NOTIFY_WEBHOOK_SECRET": hidden},
			[]string{"NOTIFY_WEBHOOK_SECRET is no key", "openssl rand"}},
		"a key that is too short": {map[string]string{"NOTIFY_WEBHOOK_URL": "https://hooks.example.com", "NOTIFY_WEBHOOK_SECRET": "whsec_c2g="},
			[]string{"NOTIFY_WEBHOOK_SECRET is no key"}},
		"plain http": {map[string]string{"NOTIFY_SLACK_URL": "http://hooks.example.com/" + hidden}, []string{"NOTIFY_SLACK_URL", "https://"}},
		"another scheme": {map[string]string{"NOTIFY_TEAMS_URL": "ftp://hooks.example.com/" + hidden},
			[]string{"NOTIFY_TEAMS_URL is no address"}},
		"a reference to nothing": {map[string]string{"NOTIFY_SLACK_URL": "file:relative/" + hidden},
			[]string{"NOTIFY_SLACK_URL", "absolute path"}},
		"several at once": {map[string]string{"NOTIFY_SLACK_URL": hidden, "NOTIFY_MAIL_TO": "nobody",
			"NOTIFY_MAIL_SERVER": "smtp://u:" + hidden + "@h"},
			[]string{"NOTIFY_SLACK_URL is no address", "NOTIFY_MAIL_TO is no list", "NOTIFY_MAIL_FROM is not set",
				"NOTIFY_MAIL_SERVER holds a password"}},
		"a password in the open": {map[string]string{"NOTIFY_MAIL_SERVER": "smtp://u@h", "NOTIFY_MAIL_FROM": "a@example.com",
			"NOTIFY_MAIL_TO": "b@example.com", "NOTIFY_MAIL_PASSWORD": hidden}, []string{"NOTIFY_MAIL_PASSWORD has to be a reference"}},
		"a password for nobody": {map[string]string{"NOTIFY_MAIL_SERVER": "smtp://h", "NOTIFY_MAIL_FROM": "a@example.com",
			"NOTIFY_MAIL_TO": "b@example.com", "NOTIFY_MAIL_PASSWORD": "env:" + hidden}, []string{"NOTIFY_MAIL_SERVER names no user"}},
	} {
		t.Run(name, func(t *testing.T) {
			targets, err := configured(test.env)
			require.Empty(t, targets)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), hidden)
		})
	}
}

func TestWhereShowsTheHostAloneAndNamesTheVariableOfAMissingSecret(t *testing.T) {
	env := map[string]string{"NOTIFY_SLACK_URL": "env:SLACK", "SLACK": "https://hooks.slack.com/services/" + hidden}
	where, err := only(t, env).Where(t.Context())
	require.NoError(t, err)
	require.Equal(t, "hooks.slack.com", where)

	delete(env, "SLACK")
	_, err = only(t, env).Where(t.Context())
	require.Equal(t, fault.NotFound, fault.ClassOf(err))
	require.ErrorContains(t, err, "NOTIFY_SLACK_URL")

	env["SLACK"] = hidden
	_, err = only(t, env).Where(t.Context())
	require.Equal(t, fault.Invalid, fault.ClassOf(err))
	require.NotContains(t, err.Error(), hidden)
}

// mailServer is a mail server on this machine that takes one mail, or answers a recipient with refusal.
func mailServer(t *testing.T, refusal string) (address string, mails <-chan string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	got := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := bufio.NewScanner(conn)
		say := func(text string) { fmt.Fprint(conn, text+"\r\n") }
		say("220 ready")
		var data strings.Builder
		for inData := false; lines.Scan(); {
			line := lines.Text()
			switch {
			case inData && line == ".":
				inData = false
				got <- data.String()
				say("250 taken")
			case inData:
				data.WriteString(line + "\n")
			case line == "DATA":
				inData = true
				say("354 go on")
			case strings.HasPrefix(line, "RCPT") && refusal != "":
				say(refusal)
			case line == "QUIT":
				say("221 bye")
				return
			default:
				say("250 fine")
			}
		}
	}()
	return listener.Addr().String(), got
}

func mailTo(address string) map[string]string {
	return map[string]string{"NOTIFY_MAIL_SERVER": "smtp://" + address, "NOTIFY_MAIL_FROM": "Studios <studios@example.com>",
		"NOTIFY_MAIL_TO": "ops@example.com, more@example.com"}
}

func TestMailIsSent(t *testing.T) {
	address, mails := mailServer(t, "")
	target := only(t, mailTo(address))
	where, err := target.Where(t.Context())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1, to 2 addresses", where)
	require.NoError(t, target.Send(t.Context(), notice()))
	mail := <-mails
	require.Contains(t, mail, "Subject: data-science waits for a person\n")
	require.Contains(t, mail, "starter request data-science scim")
	require.Contains(t, mail, "<notice_")
}

func TestWhatAMailServerAnswersIsClassifiedAndNobodyIsNamed(t *testing.T) {
	for refusal, class := range map[string]fault.Class{
		"550 <ops@example.com> is unknown": fault.Invalid, "451 <ops@example.com> later": fault.Unavailable, "535 no": fault.Denied,
	} {
		address, _ := mailServer(t, refusal)
		err := only(t, mailTo(address)).Send(t.Context(), notice())
		require.Equal(t, class, fault.ClassOf(err), "%v", err)
		require.ErrorContains(t, err, refusal[:3])
		require.NotContains(t, err.Error(), "ops@")
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	err = only(t, mailTo(listener.Addr().String())).Send(t.Context(), notice())
	require.Equal(t, fault.Unavailable, fault.ClassOf(err), "%v", err)
}

func TestADeliveryEndsWithItsContext(t *testing.T) {
	in := newInbox(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := only(t, map[string]string{"NOTIFY_SLACK_URL": in.URL}).Send(ctx, notice())
	require.Error(t, err)
	require.Empty(t, in.requests())
}
