package people_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg/model"
)

func fine(id, login string) model.User {
	return model.User{ID: id, Status: "ACTIVE", Login: login, Email: login, FirstName: "Ann", LastName: "Smith"}
}

func TestPeopleWithoutTroubleHaveNoProblems(t *testing.T) {
	all := []model.User{fine("1", "ann@example.com"), fine("2", "o'neil+studio@example.com"), fine("3", "josé@example.com"),
		fine("1", "ann@example.com")}
	all[2].LastName = "da Silva (jr.)"
	require.Empty(t, people.Lint(all))
}

func TestEachTroubleIsNamedWithARemedy(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*model.User)
		want  string
	}{
		"deactivated":       {func(u *model.User) { u.Status = "DEPROVISIONED" }, "not active in Okta: DEPROVISIONED"},
		"no last name":      {func(u *model.User) { u.LastName = " " }, "no last name"},
		"no first name":     {func(u *model.User) { u.FirstName = "" }, "no first name"},
		"no login":          {func(u *model.User) { u.Login = "" }, "no login"},
		"no address":        {func(u *model.User) { u.Login = "asmith" }, "the login is not an e-mail address"},
		"a display name":    {func(u *model.User) { u.Login = "Ann Smith <ann@example.com>" }, `contains "<"`},
		"space in login":    {func(u *model.User) { u.Login = `"ann smith"@example.com` }, "the login is not an e-mail address"},
		"long login":        {func(u *model.User) { u.Login = strings.Repeat("a", 120) + "@example.com" }, "longer than 128 characters"},
		"forbidden":         {func(u *model.User) { u.LastName = "Smith; PhD" }, `the last name contains ";"`},
		"forbidden display": {func(u *model.User) { u.DisplayName = "Ann: Smith" }, `the display name contains ":"`},
		"control character": {func(u *model.User) { u.FirstName = "An\u0007n" }, "(U+0007)"},
		"zero width space":  {func(u *model.User) { u.FirstName = "An\u200bn" }, "(U+200B)"},
		"trailing space":    {func(u *model.User) { u.LastName = "Smith " }, "the last name begins or ends with a space"},
	} {
		user := fine("1", "ann@example.com")
		tc.spoil(&user)
		problems := people.Lint([]model.User{user})
		require.Len(t, problems, 1, name)
		require.Contains(t, problems[0].Reason, tc.want, name)
		require.NotEmpty(t, problems[0].Remedy, name)
		require.Equal(t, user.Login, problems[0].Login, name)
	}
}

func TestLoginsAndAddressesThatDifferOnlyByCase(t *testing.T) {
	all := []model.User{fine("1", "ann@example.com"), fine("2", "Ann@example.com"), fine("3", "bob@example.com"),
		fine("4", "cid@example.com")}
	all[3].Email = "BOB@example.com"
	problems := people.Lint(all)
	require.Len(t, problems, 6)
	require.Equal(t, []string{"Ann@example.com", "Ann@example.com", "ann@example.com", "ann@example.com", "bob@example.com",
		"cid@example.com"}, logins(problems))
	require.Contains(t, problems[4].Reason, "cid@example.com")

	slices.Reverse(all)
	require.Equal(t, problems, people.Lint(all), "the order does not matter")
}

func logins(problems []people.Conflict) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Login)
	}
	return all
}
