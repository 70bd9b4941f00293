package awsworld

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// numbered is something that lists go through in the order of its number.
type numbered interface{ number() int }

// ordinal is the number of a thing in the order in which things were made.
type ordinal int

func (o ordinal) number() int { return int(o) }

// page cuts a page out of items. The token names the last item that was answered, so that a list that changes meanwhile
// neither repeats nor skips what stays; when that item is gone, the list goes on at the next number.
func page[T numbered](c *call, items []T, limit, standard int, token string) (cut []T, next string, err error) {
	if limit == 0 {
		limit = standard
	}
	start := 0
	if token != "" {
		after, err := c.readToken(token)
		if err != nil {
			return nil, "", err
		}
		start = sort.Search(len(items), func(i int) bool { return items[i].number() > after })
		// Lists in another order than that in which things were made have to be searched.
		if start == 0 || items[start-1].number() != after {
			if i := slices.IndexFunc(items, func(item T) bool { return item.number() == after }); i >= 0 {
				start = i + 1
			}
		}
	}
	items = items[start:]
	if len(items) <= limit {
		return items, "", nil
	}
	return items[:limit], c.writeToken(items[limit-1].number()), nil
}

func (c *call) writeToken(after int) string {
	return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "%s/%s/%d", c.service, c.operation, after))
}

// readToken refuses tokens of other operations.
func (c *call) readToken(token string) (int, error) {
	data, err := base64.URLEncoding.DecodeString(token)
	if err == nil {
		rest, ours := strings.CutPrefix(string(data), c.service+"/"+c.operation+"/")
		if after, err := strconv.Atoi(rest); ours && err == nil {
			return after, nil
		}
	}
	return 0, c.rejected(errors.New("The pagination token is invalid."))
}

// removed takes a thing out of a list that is in the order in which things were made.
func removed[T interface {
	comparable
	numbered
}](items []T, item T) []T {
	i := sort.Search(len(items), func(i int) bool { return items[i].number() >= item.number() })
	if i == len(items) || items[i] != item {
		return items
	}
	return slices.Delete(items, i, i+1)
}

// sortByNumber puts things into the order in which they were made.
func sortByNumber[T numbered](items []T) {
	slices.SortFunc(items, func(a, b T) int { return a.number() - b.number() })
}
