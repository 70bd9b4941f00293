package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// Listed is what the list of all profiles tells of one of them. Neither the user nor the role is among it.
type Listed struct {
	Name    string
	Status  string
	Created time.Time
	Changed time.Time
}

// Known is what is known of a profile beyond what lists tell, and for which state of the profile it is known.
type Known struct {
	Name     string `json:"name"`
	UserName string `json:"user,omitempty"`
	// Role is the ARN of the profile's execution role; empty means the domain's.
	Role string `json:"role,omitempty"`
	// Created and Changed are the profile's times when it was described. While Made is set, Created is by our own clock.
	Created time.Time `json:"created,omitzero"`
	Changed time.Time `json:"changed,omitzero"`
	// Made says that we made the profile and have not seen it in service since.
	Made bool `json:"made,omitempty"`
	// Ours says whether the profile carries the tag of the run; nil where nobody has looked.
	Ours *bool `json:"ours,omitempty"`
	// Tags is the Digest of tags that were seen on the profile; empty where nobody has looked, or where some were missing.
	Tags string `json:"tags,omitempty"`
}

// ClockSkew is how far the clocks of AWS and this machine may be apart; AWS refuses signatures beyond.
const ClockSkew = 5 * time.Minute

// Holds says whether this is still true of the profile as it is listed now. A profile belongs to the same user all its life,
// from Created on, and every change of its role moves Changed. Of a profile that we made ourselves both are known as long
// as it has not been changed after it settled, for which settle is allowed.
//
// The role of a profile that is not in service matters to nobody, so that a change of status alone costs no call.
func (k Known) Holds(now Listed, settle time.Duration) bool {
	switch {
	case now.Created.IsZero():
		return false
	case k.Made:
		return now.Created.Sub(k.Created).Abs() <= ClockSkew && now.Changed.Sub(now.Created) <= settle
	}
	return k.Created.Equal(now.Created) && (k.Changed.Equal(now.Changed) || now.Status != StatusInService)
}

// As is the same knowledge for the state in which the profile is listed, for which it Holds.
func (k Known) As(now Listed) Known {
	if now.Status == StatusInService {
		k.Created, k.Changed, k.Made = now.Created, now.Changed, false
	}
	return k
}

// SpotCheck chooses those of n known profiles that are looked at again although nothing speaks against them: one in 500,
// and at least one.
func SpotCheck(n int) []int {
	const share = 500
	var checked []int
	for start := 0; start < n; start += share {
		checked = append(checked, start+rand.IntN(min(share, n-start)))
	}
	return checked
}

// Digest stands for tags, in a few characters; empty where there are none.
func Digest(tags map[string]string) string {
	if len(tags) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(sum, "%d:%s=%d:%s;", len(key), key, len(tags[key]), tags[key])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
