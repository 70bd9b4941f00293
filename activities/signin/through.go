package signin

import (
	"context"
	"time"
)

// LastThrough is when somebody was last seen signing in to the instance through the app: Okta let them in to it, and Identity Center
// completed their sign-in. Zero where nobody was, and where CloudTrail or Okta's log may not be read. What was before the newest
// change of the identity source says nothing of the trust of today.
func (x *Activities) LastThrough(ctx context.Context, in Input) (time.Time, error) {
	s, err := x.look(ctx, in, x.now().Add(-reach))
	if err != nil {
		return time.Time{}, err
	}
	for _, one := range s.signedIn {
		// Both have to be of the time since: somebody may have come through another app shortly after.
		if let := s.of(one.at, one.userName); let != nil && let.at.After(s.changed) && one.at.After(s.changed) {
			return one.at, nil
		}
	}
	return time.Time{}, nil
}
