package awsworld

import (
	"cmp"
	"slices"
	"time"
)

// The warnings that AWS Health has of SCIM tokens. They begin so long before the end of a token (IAM Identity Center User Guide,
// "Automatic provisioning").
const (
	tokenEvent    = "AWS_IAMIDENTITYCENTER_SCIM_BEARER_TOKEN_EXPIRY_NOTIFICATION"
	tokenService  = "IAMIDENTITYCENTER"
	tokenCategory = "accountNotification"
	warnedBefore  = 90 * 24 * time.Hour
)

func (w *World) healthOperations() map[string]handler {
	return map[string]handler{"DescribeEvents": on((*call).describeEvents)}
}

type healthInput struct {
	Filter struct {
		EventTypeCodes, EventStatusCodes, EventTypeCategories, Services, Regions, EventArns []string
		AvailabilityZones, EntityArns, EntityValues                                         []string
		StartTimes, EndTimes, LastUpdatedTimes                                              []timeRange
	}
	MaxResults int
	NextToken  string
}

type timeRange struct{ From, To *float64 }

// in says whether one of the ranges has the time; without ranges all times are in.
func (t healthTime) in(ranges []timeRange) bool {
	seconds := float64(t.UnixMilli()) / 1000
	return len(ranges) == 0 || slices.ContainsFunc(ranges, func(r timeRange) bool {
		return (r.From == nil || seconds >= *r.From) && (r.To == nil || seconds <= *r.To)
	})
}

// healthTime is a time on the wire.
type healthTime struct{ stamp }

// healthEvent is an event as DescribeEvents shows it.
type healthEvent struct {
	ordinal
	Arn               string      `json:"arn"`
	Service           string      `json:"service"`
	EventTypeCode     string      `json:"eventTypeCode"`
	EventTypeCategory string      `json:"eventTypeCategory"`
	EventScopeCode    string      `json:"eventScopeCode"`
	Region            string      `json:"region"`
	StartTime         healthTime  `json:"startTime"`
	EndTime           *healthTime `json:"endTime,omitempty"`
	LastUpdatedTime   healthTime  `json:"lastUpdatedTime"`
	StatusCode        string      `json:"statusCode"`
}

// describeEvents answers accounts with a support plan that includes the API (AWS Health User Guide, "Accessing the AWS Health API").
func (c *call) describeEvents(in healthInput) (any, error) {
	if !c.world.settings.supportPlan {
		return nil, failure("SubscriptionRequiredException", "The account has no support plan that includes this API.")
	}
	wants := func(wanted []string, is string) bool { return len(wanted) == 0 || slices.Contains(wanted, is) }
	events := c.world.tokenEvents(c.account)
	events = slices.DeleteFunc(events, func(e *healthEvent) bool {
		f := in.Filter
		ended := len(f.EndTimes) == 0 || e.EndTime != nil && e.EndTime.in(f.EndTimes)
		return !wants(f.EventTypeCodes, e.EventTypeCode) || !wants(f.EventStatusCodes, e.StatusCode) || !wants(f.Services, e.Service) ||
			!wants(f.EventTypeCategories, e.EventTypeCategory) || !wants(f.Regions, e.Region) || !wants(f.EventArns, e.Arn) ||
			len(f.AvailabilityZones)+len(f.EntityArns)+len(f.EntityValues) > 0 ||
			!e.StartTime.in(f.StartTimes) || !ended || !e.LastUpdatedTime.in(f.LastUpdatedTimes)
	})
	cut, next, err := page(c, events, in.MaxResults, 10, in.NextToken)
	return struct {
		Events    []*healthEvent `json:"events"`
		NextToken string         `json:"nextToken,omitempty"`
	}{append([]*healthEvent{}, cut...), next}, err
}

// tokenEvents are the warnings about the SCIM tokens of an account's instance, the last updated first. They are renewed once a day
// until the token ends.
func (w *World) tokenEvents(account string) []*healthEvent {
	now := w.clock.Now()
	var events []*healthEvent
	for _, i := range w.instances {
		if i.owner != account || i.tenant == nil {
			continue
		}
		for n, token := range i.tenant.tokens {
			begins := token.expires.Add(-warnedBefore)
			if begins.After(now) {
				continue
			}
			e := &healthEvent{
				ordinal: ordinal(n + 1),
				Arn:     w.arn("health", i.region, "", "event/"+tokenService+"/"+tokenEvent+"/"+tokenEvent+"_"+token.id),
				Service: tokenService, EventTypeCode: tokenEvent, EventTypeCategory: tokenCategory, EventScopeCode: "ACCOUNT_SPECIFIC",
				Region:          i.region,
				StartTime:       healthTime{stamp{begins}},
				LastUpdatedTime: healthTime{stamp{begins.Add(now.Sub(begins).Truncate(24 * time.Hour))}}, StatusCode: "open",
			}
			if !token.expires.After(now) {
				end := healthTime{stamp{token.expires}}
				e.EndTime, e.LastUpdatedTime, e.StatusCode = &end, end, "closed"
			}
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b *healthEvent) int {
		return cmp.Or(b.LastUpdatedTime.Compare(a.LastUpdatedTime.Time), cmp.Compare(a.number(), b.number()))
	})
	return events
}
