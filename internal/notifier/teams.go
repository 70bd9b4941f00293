package notifier

import (
	"context"
	"fmt"
	"net/http"

	"github.com/atc0005/go-teams-notify/v2/adaptivecard"

	"studio-onboarding/onboarding"
)

const teamsURL = "NOTIFY_TEAMS_URL"

// teamsChannel posts an Adaptive Card to a workflow of Microsoft Teams ("when a Teams webhook request is received").
type teamsChannel struct {
	client  *http.Client
	address string
}

func teamsTarget(env environment, client *http.Client) (*Target, error) {
	return addressTarget("teams", env.setting(teamsURL), func(address string) channel { return &teamsChannel{client, address} })
}

func (t *teamsChannel) where() string { return hostOf(t.address) }

func (t *teamsChannel) send(ctx context.Context, notice onboarding.Notice) error {
	message, err := teamsMessage(notice)
	if err != nil {
		return fmt.Errorf("make a Teams card: %w", err)
	}
	return post(ctx, t.client, t.address, nil, message.Payload(), teamsURL)
}

func teamsMessage(notice onboarding.Notice) (*adaptivecard.Message, error) {
	card, err := adaptivecard.NewTextBlockCard(notice.Text, notice.Title, true)
	if err != nil {
		return nil, err
	}
	if notice.Command != "" {
		if err := card.AddElement(false, adaptivecard.NewTextBlock(notice.Command, true)); err != nil {
			return nil, err
		}
	}
	if notice.Link != "" {
		open, err := adaptivecard.NewActionOpenURL(notice.Link, "Open the console")
		if err != nil {
			return nil, err
		}
		if err := card.AddAction(false, open); err != nil {
			return nil, err
		}
	}
	message, err := adaptivecard.NewMessageFromCard(card)
	if err != nil {
		return nil, err
	}
	return message, message.Prepare()
}
