package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"studio-onboarding/sandbox"
)

// TestOktasSDKPagesThroughAThousandAppUsers uses the SDK as its documentation says: HasNextPage, Next.
func TestOktasSDKPagesThroughAThousandAppUsers(t *testing.T) {
	file, err := sandbox.ReadWorld("world.yaml", []byte("okta: {generated: {people: 1250}, apps: [{label: AWS, groups: [aws-identity-center]}]}"))
	w := startWith(t, sandbox.Config{Speed: fast, World: file, Unlimited: true})
	w.NoError(err)
	environment, err := w.Environment(w.ctx)
	w.NoError(err)
	_, client, err := okta.NewClient(w.ctx, okta.WithOrgUrl(w.URL), okta.WithTestingDisableHttpsCheck(true), okta.WithCache(false),
		okta.WithToken(environment["OKTA_CLIENT_TOKEN"]))
	w.NoError(err)
	apps, _, err := client.Application.ListApplications(w.ctx, query.NewQueryParams(query.WithFilter(`name eq "amazon_aws_sso"`)))
	w.NoError(err)
	w.Len(apps, 1)

	seen, pages := map[string]bool{}, 1
	users, resp, err := client.Application.ListApplicationUsers(w.ctx, apps[0].(*okta.Application).Id, query.NewQueryParams(query.WithLimit(150)))
	for {
		w.NoError(err)
		w.LessOrEqual(len(users), 150)
		for _, u := range users {
			w.False(seen[u.Id], "nobody comes twice")
			seen[u.Id] = true
		}
		if !resp.HasNextPage() {
			break
		}
		users, pages = nil, pages+1
		resp, err = resp.Next(w.ctx, &users)
	}
	people, err := w.People(w.ctx)
	w.NoError(err)
	assigned := 0
	for _, p := range people {
		for _, g := range p.Groups {
			if g == "aws-identity-center" && p.Status == "ACTIVE" {
				assigned++
			}
		}
	}
	w.Greater(assigned, 1000)
	w.Len(seen, assigned)
	w.Equal((assigned+149)/150, pages)
}

// TestASCIMClientPagesThroughAThousandUsers is written from the ListUsers page of the SCIM implementation developer guide: an
// empty cursor begins, nextCursor goes on, and its absence is the end.
func TestASCIMClientPagesThroughAThousandUsers(t *testing.T) {
	w := startWith(t, sandbox.Config{Speed: fast, Unlimited: true})
	w.enable()
	e := w.provisioning()
	const many = 1040
	for i := range many {
		e.add(fmt.Sprintf("person-%04d@example.com", i))
	}
	seen, cursor, pages := map[string]bool{}, "", 0
	for {
		var page struct {
			Resources    []struct{ ID, UserName string }
			ItemsPerPage int
			NextCursor   string
		}
		_, err := w.send(http.MethodGet, e.url+"/Users?count=100&cursor="+url.QueryEscape(cursor), "Bearer "+e.token, nil, &page)
		w.NoError(err)
		w.Len(page.Resources, page.ItemsPerPage)
		pages++
		for _, u := range page.Resources {
			w.False(seen[u.UserName], "nobody comes twice")
			seen[u.UserName] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	w.Len(seen, many)
	w.Equal(11, pages)
}
