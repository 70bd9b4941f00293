package profile_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/internal/profile"
)

// legal is the pattern of the SageMaker API for UserProfileName.
var legal = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)

func TestProfileName(t *testing.T) {
	for userName, want := range map[string]string{
		"ann.smith@example.com":            "ann-smith-example-com",
		"Ann.Smith@Example.COM":            "ann-smith-example-com",
		"a..b__c+d@example.com":            "a-b-c-d-example-com",
		"__x__":                            "x",
		"josé@example.com":                 "jos-example-com",
		"李":                                "user",
		"":                                 "user",
		strings.Repeat("a", 70):            strings.Repeat("a", 63),
		strings.Repeat("a", 62) + ".b":     strings.Repeat("a", 62),
		strings.Repeat("a", 61) + "..bcde": strings.Repeat("a", 61) + "-b",
	} {
		require.Equal(t, want, profile.Name(userName), userName)
	}
}

func TestNamesThatCollideGetAHashEach(t *testing.T) {
	users := []string{"a.b@example.com", "a-b@example.com", "c@example.com"}
	names := profile.Names(users, nil)
	require.Equal(t, "c-example-com", names["c@example.com"])
	require.Regexp(t, `^a-b-example-com-[0-9a-f]{8}$`, names["a.b@example.com"])
	require.Regexp(t, `^a-b-example-com-[0-9a-f]{8}$`, names["a-b@example.com"])
	require.NotEqual(t, names["a.b@example.com"], names["a-b@example.com"])
	require.Equal(t, names["a-b@example.com"], profile.Names(users[:2], nil)["a-b@example.com"], "the name depends on nobody else")
}

func TestAProfileIsKeptWhateverItsName(t *testing.T) {
	names := profile.Names([]string{"a.b@example.com", "a-b@example.com"}, map[string]string{"Somebody": "a.b@example.com"})
	require.Equal(t, "Somebody", names["a.b@example.com"])
	require.Regexp(t, `^a-b-example-com-[0-9a-f]{8}$`, names["a-b@example.com"])
}

func TestANameThatSomebodyElseHasIsAvoided(t *testing.T) {
	for _, owner := range []string{"other@example.com", ""} {
		names := profile.Names([]string{"a@example.com"}, map[string]string{"A-Example-Com": owner})
		require.Regexp(t, `^a-example-com-[0-9a-f]{8}$`, names["a@example.com"])
	}
	first := profile.Names([]string{"a@example.com"}, map[string]string{"a-example-com": ""})["a@example.com"]
	second := profile.Names([]string{"a@example.com"}, map[string]string{"a-example-com": "", first: ""})["a@example.com"]
	require.Regexp(t, `^a-example-com-[0-9a-f]{16}$`, second)
}

func TestNamesAreLegalUniqueAndStable(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		users, existing := []string{}, map[string]string{}
		for range random.IntN(40) {
			users = append(users, randomUser(random))
		}
		for i := range random.IntN(5) {
			existing[fmt.Sprintf("Profile-%d", i)] = randomUser(random)
			existing[profile.Name(randomUser(random))] = ""
		}
		names := profile.Names(users, existing)
		seen := map[string]string{}
		for user, name := range names {
			require.Regexp(t, legal, name)
			if other, taken := seen[strings.ToLower(name)]; taken {
				require.Failf(t, "not unique", "seed %d: %q and %q are both %q", seed, user, other, name)
			}
			seen[strings.ToLower(name)] = user
			if owner, taken := existing[name]; taken {
				require.Equal(t, user, owner)
			}
		}
		shuffled := append([]string(nil), users...)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, names, profile.Names(shuffled, existing), "seed %d", seed)

		// Once the profiles are made, more people change nobody's name.
		for user, name := range names {
			existing[name] = user
		}
		more := append(shuffled, randomUser(random), randomUser(random), randomUser(random))
		later := profile.Names(more, existing)
		for user, name := range names {
			require.Equal(t, existing[later[user]], user)
			require.Contains(t, existing, name)
		}
	}
}

// randomUser draws from few letters, so that names collide.
func randomUser(random *rand.Rand) string {
	const letters = "aAb1.-_+é"
	var b strings.Builder
	for range 1 + random.IntN(4) {
		r := []rune(letters)
		b.WriteRune(r[random.IntN(len(r))])
	}
	if random.IntN(10) == 0 {
		b.WriteString(strings.Repeat("z", 60+random.IntN(8)))
	}
	return b.String()
}
