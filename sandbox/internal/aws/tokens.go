package awsworld

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// tokenRow is a line of the console's list of access tokens.
type tokenRow struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// tokenText makes the text of a token.
func (w *World) tokenText(i *instance) string {
	return w.digest(64, "scim-token", i.id) + w.digest(64, "scim-token", i.id)
}

// addToken makes a SCIM token of an instance. Only the caller gets its text.
func (w *World) addToken(i *instance, hash [32]byte) {
	now := w.clock.Now()
	i.tenant.tokens = append(i.tenant.tokens, &scimToken{
		id: w.uuid("scim-token-id", i.id), hash: hash, created: now, expires: now.Add(tokenLife),
	})
}

// tokenOf finds a token of the organization's tenant by its ID; the only token needs no ID.
func (w *World) tokenOf(form *consoleForm) (*instance, *scimToken, map[string]string, error) {
	about := map[string]string{"tokenId": form.TokenID}
	i := w.organizationInstance()
	if i == nil || i.tenant == nil {
		return nil, nil, about, errors.New("Automatic provisioning is not enabled.")
	}
	for _, t := range i.tenant.tokens {
		if t.id == form.TokenID || form.TokenID == "" && len(i.tenant.tokens) == 1 {
			return i, t, about, nil
		}
	}
	return nil, nil, about, errors.New("There is no access token " + strconv.Quote(form.TokenID) + ".")
}

// listTokens lists the SCIM tokens, which the console shows without their text.
func (w *World) listTokens(*consoleForm) (any, map[string]string, error) {
	i := w.organizationInstance()
	if i == nil || i.tenant == nil {
		return nil, nil, errors.New("Automatic provisioning is not enabled.")
	}
	rows := []tokenRow{}
	for _, t := range i.tenant.tokens {
		rows = append(rows, tokenRow{t.id, t.created, t.expires})
	}
	return rows, nil, nil
}

// deleteToken ends a token for good and makes room for another.
func (w *World) deleteToken(form *consoleForm) (any, map[string]string, error) {
	i, token, about, err := w.tokenOf(form)
	if err != nil {
		return nil, about, err
	}
	i.tenant.tokens = slices.DeleteFunc(i.tenant.tokens, func(t *scimToken) bool { return t == token })
	w.recordConsole("sso-directory.amazonaws.com", "DeleteBearerToken", i.region)
	return struct{}{}, about, nil
}

// expireToken lets a token's year pass at once. No console can do that; it is a step forward in time for one token.
func (w *World) expireToken(form *consoleForm) (any, map[string]string, error) {
	_, token, about, err := w.tokenOf(form)
	if err != nil {
		return nil, about, err
	}
	past := w.clock.Now().Add(-time.Second)
	token.created, token.expires = past.Add(-tokenLife), past
	return struct{}{}, about, nil
}
