package awsworld

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"sort"
	"strconv"
)

// The page sizes of the SCIM endpoint: with a cursor, and the single page of the older way of listing.
const (
	cursorPage = 100
	legacyPage = 50
)

// scimList answers with a page of resources: with a cursor parameter by cursor, without one with a single capped page.
func scimList[T numbered](s *scimCall, all []T, render func(T) any) (int, any, error) {
	query := s.request.URL.Query()
	size := legacyPage
	if query.Has("cursor") {
		size = cursorPage
	}
	if text := query.Get("count"); text != "" {
		count, err := strconv.Atoi(text)
		if err != nil || count < 1 || count > cursorPage {
			return 0, nil, badSCIM("Invalid count: it must be from 1 to %d", cursorPage)
		}
		size = min(size, count)
	}
	start := 0
	if cursor := query.Get("cursor"); cursor != "" {
		data, err := base64.URLEncoding.DecodeString(cursor)
		after, bad := strconv.Atoi(string(data))
		if err != nil || bad != nil {
			return 0, nil, badSCIM("Invalid cursor")
		}
		start = sort.Search(len(all), func(i int) bool { return all[i].number() > after })
	}
	end := min(start+size, len(all))
	resources := []any{}
	for _, item := range all[start:end] {
		resources = append(resources, render(item))
	}
	out := map[string]any{"schemas": []string{listSchema}, "itemsPerPage": len(resources), "Resources": resources}
	if !query.Has("cursor") {
		out["totalResults"], out["startIndex"] = len(all), 1
	} else if end < len(all) {
		out["nextCursor"] = base64.URLEncoding.EncodeToString(fmt.Append(nil, all[end-1].number()))
	}
	return http.StatusOK, out, nil
}

// conditions reads the filter of a list.
func (s *scimCall) conditions() ([]condition, error) {
	query := s.request.URL.Query()
	for _, name := range []string{"startIndex", "attributes", "excludedAttributes", "sortBy"} {
		// startIndex=1 is what clients send who want the first page.
		if query.Has(name) && query.Get(name) != "1" {
			return nil, badSCIM("Parameter %s is not supported", name)
		}
	}
	if query.Get("filter") == "" {
		return nil, nil
	}
	s.params["filter"] = query.Get("filter")
	return parseFilter(query.Get("filter"))
}
