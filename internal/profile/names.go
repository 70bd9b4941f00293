package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// maxName is the longest name that SageMaker takes for a user profile; its pattern is [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}.
const maxName = 63

// Name is the name that the profile of a user gets where nobody else's is in the way: lower-case letters and digits of
// the user name, with one hyphen for everything between them, at most 63 characters. It is "user" where nothing is left.
func Name(userName string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(userName) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return orUser(cut(b.String(), maxName))
}

// Names gives every user a profile name that is legal and unique without regard to case, whatever the order of the
// users. Existing maps the names of all profiles of the domain to the users they belong to ("" where that is unknown):
// a user who has one keeps it, and no other name of these is given again. Users whose names would be the same, or taken,
// all get a hash of their user name at the end, so that the name of one does not depend on who came first.
func Names(userNames []string, existing map[string]string) map[string]string {
	users := slices.Compact(slices.Sorted(slices.Values(userNames)))
	names := make(map[string]string, len(users))
	taken := make(map[string]bool, len(existing)+len(users))
	for _, name := range slices.Sorted(maps.Keys(existing)) {
		taken[strings.ToLower(name)] = true
		owner := existing[name]
		if _, wanted := slices.BinarySearch(users, owner); wanted && owner != "" && names[owner] == "" {
			names[owner] = name
		}
	}
	claims := make(map[string]int, len(users))
	for _, user := range users {
		claims[Name(user)]++
	}
	var collided []string
	for _, user := range users {
		name := Name(user)
		switch {
		case names[user] != "":
		case claims[name] > 1 || taken[name]:
			collided = append(collided, user)
		default:
			names[user] = name
		}
	}
	for _, name := range names {
		taken[strings.ToLower(name)] = true
	}
	for _, user := range collided {
		names[user] = hashed(user, taken)
		taken[names[user]] = true
	}
	return names
}

// Hashed says whether this is a name that Names gave to the user because the plain one was not free.
func Hashed(userName, profile string) bool {
	for length := 8; length <= longestHash; length += 8 {
		if profile == withHash(userName, length) {
			return true
		}
	}
	return false
}

// Candidates are the names that Names may have given to the user's profile, the likeliest first.
func Candidates(userName string) []string {
	names := []string{Name(userName)}
	for length := 8; length <= longestHash; length += 8 {
		names = append(names, withHash(userName, length))
	}
	return names
}

// longestHash leaves room for something of the user name.
const longestHash = 48

// hashed is the user's name with a hash of eight characters, or of more where even that is taken.
func hashed(user string, taken map[string]bool) string {
	length := 8
	for length < longestHash && taken[withHash(user, length)] {
		length += 8
	}
	return withHash(user, length)
}

func withHash(user string, length int) string {
	sum := sha256.Sum256([]byte(user))
	return orUser(cut(Name(user), maxName-length-1)) + "-" + hex.EncodeToString(sum[:])[:length]
}

func cut(name string, length int) string {
	return strings.TrimRight(name[:min(len(name), length)], "-")
}

func orUser(name string) string {
	if name == "" {
		return "user"
	}
	return name
}
