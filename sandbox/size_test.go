package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

// BenchmarkHundredThousandPeople makes a world of 100,000 people, brings them into Identity Center by SCIM and into Studio, and
// measures the first and the last page of every list. docs/sandbox.md has the command and the figures.
func BenchmarkHundredThousandPeople(b *testing.B) {
	const people = 100_000
	before := debug.SetMemoryLimit(900 << 20) // as standalone sandbox has it
	defer debug.SetMemoryLimit(before)
	begun := time.Now()
	server, err := sandbox.Start(b.Context(), "127.0.0.1:0", sandbox.Config{Speed: 1e6, People: people, Unlimited: true})
	require.NoError(b, err)
	defer server.Close()
	figure(b, "seed", "s", time.Since(begun).Seconds())
	h := &hands{TB: b, url: server.URL, browser: sandbox.Client{URL: server.URL}}
	app, endpoint := h.connect()

	begun = time.Now()
	h.okta(http.MethodPut, "/api/v1/apps/"+app+"/groups/"+h.group("aws-identity-center"), map[string]any{}, nil)
	var list struct{ TotalResults int }
	h.within(10*time.Minute, func() bool {
		before := list.TotalResults
		h.scim(endpoint, "/Users", &list)
		return list.TotalResults > people*8/10 && list.TotalResults == before
	})
	figure(b, "provision", "people/s", float64(list.TotalResults)/time.Since(begun).Seconds())
	require.NoError(b, h.browser.PushGroup(b.Context(), sandbox.PushGroupInput{AppID: app, Group: "sagemaker-studio-users"}))
	h.within(5*time.Minute, func() bool {
		var mappings []struct{ LastPush string }
		h.okta(http.MethodGet, "/api/v1/apps/"+app+"/group-push/mappings", nil, &mappings)
		return mappings[0].LastPush != ""
	})

	lists := h.lists(app, endpoint)
	figure(b, "memory", "MB", resident(b))
	for name, fetch := range lists {
		last, pages := "", 1
		for next := fetch(""); next != ""; next = fetch(next) {
			last, pages = next, pages+1
		}
		for place, cursor := range map[string]string{"first": "", "last": last} {
			b.Run(name+"/"+place, func(b *testing.B) {
				for b.Loop() {
					fetch(cursor)
				}
				b.ReportMetric(float64(pages), "pages")
			})
		}
	}
	b.Run("scim-users-by-name", func(b *testing.B) {
		for b.Loop() {
			h.scim(endpoint, "/Users?filter="+url.QueryEscape(`userName eq "aisha.mbeki@example.com"`), nil)
		}
	})
	figure(b, "memory-at-the-end", "MB", resident(b))
}

// figure reports one number.
func figure(b *testing.B, name, unit string, value float64) {
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(value, unit)
	})
}

// resident is how much memory the process holds, in MB; on systems without /proc, how much it got from the system.
func resident(b *testing.B) float64 {
	runtime.GC()
	status, err := os.ReadFile("/proc/self/status")
	if found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status); err == nil && found != nil {
		var kB float64
		require.NoError(b, json.Unmarshal(found[1], &kB))
		return kB / 1024
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / (1 << 20)
}

// connect sets the app, the trust and provisioning up.
func (h *hands) connect() (app, endpoint string) {
	h.Helper()
	app = h.createApp()
	require.NoError(h, h.browser.EnableIdentityCenter(h.Context(), sandbox.EnableIdentityCenterInput{Region: "us-east-1"}))
	var provider sandbox.ServiceProvider
	h.eventually(func() (ok bool) {
		var err error
		provider, err = h.browser.ChangeIdentitySource(h.Context(), sandbox.ChangeIdentitySourceInput{Metadata: h.metadata(app)})
		return err == nil
	})
	h.setURLs(app, provider.ACSURL, provider.IssuerURL)
	tenant, err := h.browser.EnableProvisioning(h.Context())
	require.NoError(h, err)
	endpoint = strings.TrimSuffix(tenant.Endpoint, "/")
	h.scimToken = tenant.Token
	require.NoError(h, h.browser.ConfigureProvisioning(h.Context(), sandbox.ConfigureProvisioningInput{
		AppID: app, BaseURL: endpoint, Token: tenant.Token, CreateUsers: true, UpdateAttributes: true, DeactivateUsers: true}))
	return app, endpoint
}

func (h *hands) scim(endpoint, path string, out any) {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), http.MethodGet, endpoint+path, nil)
	require.NoError(h, err)
	req.Header.Set("Authorization", "Bearer "+h.scimToken)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(h, err)
	defer resp.Body.Close()
	if out == nil {
		out = new(any)
	}
	require.NoError(h, json.NewDecoder(resp.Body).Decode(out))
	require.Equal(h, http.StatusOK, resp.StatusCode)
}

// within waits for a condition that takes its time.
func (h *hands) within(limit time.Duration, condition func() bool) {
	h.Helper()
	require.Eventually(h, condition, limit, time.Second)
}

// lists gives everybody an assignment and a profile, and answers with a function for each API that fetches one page of a list
// and tells the next one.
func (h *hands) lists(app, endpoint string) map[string]func(cursor string) (next string) {
	h.Helper()
	ctx := h.Context()
	management, studio := h.aws(sandbox.AsAdministrator), h.aws(sandbox.AsStudioAdministrator)
	sso, store, studios := ssoadmin.NewFromConfig(management), identitystore.NewFromConfig(management), sagemaker.NewFromConfig(studio)
	instances, err := sso.ListInstances(ctx, &ssoadmin.ListInstancesInput{})
	require.NoError(h, err)
	identityStore := instances.Instances[0].IdentityStoreId
	domain, application := h.createDomain(studio)
	must := func(err error) {
		if err != nil {
			h.Error(err)
		}
	}

	users := make(chan idtypes.User, 100)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for u := range users {
				name := strings.NewReplacer("@", "-", ".", "-").Replace(*u.UserName)
				_, err := sso.CreateApplicationAssignment(ctx, &ssoadmin.CreateApplicationAssignmentInput{
					ApplicationArn: &application, PrincipalId: u.UserId, PrincipalType: ssotypes.PrincipalTypeUser})
				must(err)
				_, err = studios.CreateUserProfile(ctx, &sagemaker.CreateUserProfileInput{DomainId: &domain, UserProfileName: aws.String(name),
					SingleSignOnUserIdentifier: aws.String("UserName"), SingleSignOnUserValue: u.UserName})
				if err != nil && !strings.Contains(err.Error(), "ann-lee") { // two people have names that give the same profile name
					h.Error(err)
				}
			}
		})
	}
	for pages := identitystore.NewListUsersPaginator(store, &identitystore.ListUsersInput{IdentityStoreId: identityStore}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		require.NoError(h, err)
		for _, u := range page.Users {
			users <- u
		}
	}
	close(users)
	done.Wait()
	groups, err := store.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: identityStore})
	require.NoError(h, err)

	token := func(cursor string) *string {
		if cursor == "" {
			return nil
		}
		return &cursor
	}
	okta := func(path string) func(string) string {
		return func(cursor string) string {
			if cursor == "" {
				cursor = h.url + path
			}
			return h.nextLink(cursor)
		}
	}
	return map[string]func(string) string{
		"okta-users-200":       okta("/api/v1/users?limit=200"),
		"okta-group-users-200": okta("/api/v1/groups/" + h.group("sagemaker-studio-users") + "/users?limit=200"),
		"okta-app-users-500":   okta("/api/v1/apps/" + app + "/users?limit=500"),
		"scim-users-100": func(cursor string) string {
			var page struct{ NextCursor string }
			h.scim(endpoint, "/Users?count=100&cursor="+url.QueryEscape(cursor), &page)
			return page.NextCursor
		},
		"scim-group-members-100": func(cursor string) string {
			var page struct{ NextCursor string }
			h.scim(endpoint, "/Users?count=100&filter="+url.QueryEscape(fmt.Sprintf(`groups.value eq "%s"`, *groups.Groups[0].GroupId))+"&cursor="+url.QueryEscape(cursor), &page)
			return page.NextCursor
		},
		"identitystore-users-100": func(cursor string) string {
			out, err := store.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: identityStore, NextToken: token(cursor)})
			require.NoError(h, err)
			return aws.ToString(out.NextToken)
		},
		"identitystore-memberships-100": func(cursor string) string {
			out, err := store.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{
				IdentityStoreId: identityStore, GroupId: groups.Groups[0].GroupId, NextToken: token(cursor)})
			require.NoError(h, err)
			return aws.ToString(out.NextToken)
		},
		"ssoadmin-assignments-100": func(cursor string) string {
			out, err := sso.ListApplicationAssignments(ctx, &ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: &application, NextToken: token(cursor)})
			require.NoError(h, err)
			return aws.ToString(out.NextToken)
		},
		"sagemaker-profiles-100": func(cursor string) string {
			out, err := studios.ListUserProfiles(ctx, &sagemaker.ListUserProfilesInput{DomainIdEquals: &domain, MaxResults: aws.Int32(100), NextToken: token(cursor)})
			require.NoError(h, err)
			return aws.ToString(out.NextToken)
		},
	}
}

// nextLink fetches a page of Okta's and tells the address of the next one.
func (h *hands) nextLink(address string) string {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), http.MethodGet, address, nil)
	require.NoError(h, err)
	req.Header.Set("Authorization", "SSWS "+h.token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(h, err)
	defer resp.Body.Close()
	var page []json.RawMessage
	require.NoError(h, json.NewDecoder(resp.Body).Decode(&page))
	for _, link := range resp.Header.Values("Link") {
		if next, ok := strings.CutSuffix(link, `>; rel="next"`); ok {
			return strings.TrimPrefix(next, "<")
		}
	}
	return ""
}
