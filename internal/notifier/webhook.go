package notifier

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

const (
	webhookURL    = "NOTIFY_WEBHOOK_URL"
	webhookSecret = "NOTIFY_WEBHOOK_SECRET"
	secretPrefix  = "whsec_"
	// keyBytes is the least size of a key in the Standard Webhooks specification.
	keyBytes = 24
)

// webhook posts notices as the Standard Webhooks specification has it.
type webhook struct {
	client  *http.Client
	address string
	keys    []*standardwebhooks.Webhook
}

// Event is the body of a webhook. The field data is an onboarding.Notice.
type Event struct {
	// Type is "studio." and the kind of the notice.
	Type      string            `json:"type"`
	Timestamp time.Time         `json:"timestamp"`
	Data      onboarding.Notice `json:"data"`
}

func webhookTarget(env environment, client *http.Client) (*Target, error) {
	address, secret := env.setting(webhookURL), env.setting(webhookSecret)
	if !address.isSet() && !secret.isSet() {
		return nil, nil
	}
	validSecret := func(value string) error { _, err := signers(value); return err }
	if err := errors.Join(address.valid(postable), secret.valid(validSecret)); err != nil {
		return nil, err
	}
	return &Target{name: "webhook", open: func(ctx context.Context) (channel, error) {
		url, err := address.read(ctx, postable)
		if err != nil {
			return nil, err
		}
		text, err := secret.read(ctx, validSecret)
		if err != nil {
			return nil, err
		}
		keys, err := signers(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "worker", "", "%s", secret.wrong(err).Error())
		}
		return &webhook{client: client, address: url, keys: keys}, nil
	}}, nil
}

// signers makes one for each key, as there are two while a key is being replaced.
func signers(text string) ([]*standardwebhooks.Webhook, error) {
	form := fmt.Errorf("is no key of the form %s and %d or more bytes in base64 (nor env:, file: or aws-sm:); "+
		"make one with: echo %s$(openssl rand -base64 32)", secretPrefix, keyBytes, secretPrefix)
	var keys []*standardwebhooks.Webhook
	for _, field := range strings.Fields(text) {
		encoded, ok := strings.CutPrefix(field, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(key) < keyBytes {
			return nil, form
		}
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, form
		}
		keys = append(keys, signer)
	}
	if len(keys) == 0 {
		return nil, form
	}
	return keys, nil
}

func (w *webhook) where() string { return hostOf(w.address) }

func (w *webhook) send(ctx context.Context, notice onboarding.Notice) error {
	body, err := json.Marshal(Event{Type: "studio." + string(notice.Kind), Timestamp: notice.At.UTC(), Data: notice})
	if err != nil {
		return fmt.Errorf("encode a notice: %w", err)
	}
	id, now := webhookID(notice.Key), time.Now()
	signatures := make([]string, 0, len(w.keys))
	for _, key := range w.keys {
		signature, err := key.Sign(id, now, body)
		if err != nil {
			return fmt.Errorf("sign a notice: %w", err)
		}
		signatures = append(signatures, signature)
	}
	headers := http.Header{}
	headers.Set(standardwebhooks.HeaderWebhookID, id)
	headers.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
	headers.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return post(ctx, w.client, w.address, headers, bytes.NewReader(body), webhookURL)
}

// webhookID is the same for each attempt to deliver a notice, so that receivers can tell repetitions.
func webhookID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "notice_" + hex.EncodeToString(sum[:16])
}

// post sends JSON, and classifies the answer. setting is the variable that holds the address.
func post(ctx context.Context, client *http.Client, address string, headers http.Header, body io.Reader, setting string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return fault.New(fault.Invalid, "worker", "", "%s is no address that can be posted to", setting).WithRemedy("%s", remedySetting)
	}
	for name, values := range headers {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "studio-onboarding")
	response, err := client.Do(request)
	if err != nil {
		return unreachable(hostOf(address), err)
	}
	defer response.Body.Close()
	// What it says may repeat what it got; only the connection can be used again.
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	return answered(hostOf(address), response.StatusCode, retryAfter(response.Header), setting)
}
