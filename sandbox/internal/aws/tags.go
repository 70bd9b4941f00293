package awsworld

import (
	"slices"
	"strings"
)

type tagInput struct {
	ResourceArn, NextToken string
	Tags                   []tag
	TagKeys                []string
	MaxResults             int
}

// tagged finds the resource of an ARN among domains, profiles, spaces and apps.
func (c *call) tagged(arn string) (*resource, error) {
	for _, d := range c.domains() {
		all := []*resource{&d.resource}
		if _, name, ok := strings.Cut(arn, ":user-profile/"+d.id+"/"); ok {
			if p := c.world.profile(d, name); p != nil {
				all = append(all, &p.resource)
			}
		}
		for _, s := range c.world.spacesOf(d) {
			all = append(all, &s.resource)
		}
		for _, a := range slices.Backward(c.world.appsOf(d)) {
			all = append(all, &a.resource)
		}
		for _, r := range all {
			if r.arn == arn {
				return r, nil
			}
		}
	}
	return nil, invalid("The resource %s does not exist.", arn)
}

func (c *call) addTags(in tagInput) (any, error) {
	r, err := c.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	r.tags = withTags(r.tags, in.Tags)
	c.effect = changed
	return struct{ Tags []tag }{in.Tags}, nil
}

// numberedTag is a tag with its place in the list.
type numberedTag struct {
	ordinal
	tag
}

func (c *call) listTags(in tagInput) (any, error) {
	r, err := c.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	var all []numberedTag
	for i, t := range r.tags {
		all = append(all, numberedTag{ordinal(i + 1), t})
	}
	cut, next, err := page(c, all, in.MaxResults, 50, in.NextToken)
	out := struct {
		Tags      []tag
		NextToken string `json:",omitempty"`
	}{Tags: []tag{}, NextToken: next}
	for _, t := range cut {
		out.Tags = append(out.Tags, t.tag)
	}
	return out, err
}

func (c *call) deleteTags(in tagInput) (any, error) {
	r, err := c.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	r.tags = slices.DeleteFunc(r.tags, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
	c.effect = changed
	return nil, nil
}
