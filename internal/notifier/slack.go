package notifier

import (
	"context"
	"errors"
	"net/http"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"studio-onboarding/onboarding"
)

const slackURL = "NOTIFY_SLACK_URL"

// slackChannel posts to an incoming webhook of Slack.
type slackChannel struct {
	client  *http.Client
	address string
}

func slackTarget(env environment, client *http.Client) (*Target, error) {
	return addressTarget("slack", env.setting(slackURL), func(address string) channel { return &slackChannel{client, address} })
}

// addressTarget makes a target of which an address is all there is to configure.
func addressTarget(name string, address setting, open func(address string) channel) (*Target, error) {
	if !address.isSet() {
		return nil, nil
	}
	if err := address.valid(postable); err != nil {
		return nil, err
	}
	return &Target{name: name, open: func(ctx context.Context) (channel, error) {
		url, err := address.read(ctx, postable)
		if err != nil {
			return nil, err
		}
		return open(url), nil
	}}, nil
}

func (s *slackChannel) where() string { return hostOf(s.address) }

func (s *slackChannel) send(ctx context.Context, notice onboarding.Notice) error {
	text := "*" + slackutilsx.EscapeMessage(notice.Title) + "*\n" + slackutilsx.EscapeMessage(notice.Text)
	if notice.Command != "" {
		text += "\n`" + slackutilsx.EscapeMessage(notice.Command) + "`"
	}
	if notice.Link != "" {
		text += "\n" + slackutilsx.EscapeMessage(notice.Link)
	}
	err := slack.PostWebhookCustomHTTPContext(ctx, s.address, s.client, &slack.WebhookMessage{Text: text})
	var status slack.StatusCodeError
	var limited *slack.RateLimitedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limited):
		return answered(s.where(), http.StatusTooManyRequests, limited.RetryAfter, slackURL)
	case errors.As(err, &status):
		return answered(s.where(), status.Code, 0, slackURL)
	}
	return unreachable(s.where(), err)
}
