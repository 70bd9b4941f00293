package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"studio-onboarding/onboarding"
)

// How long registered search attributes may take to become visible, and the pause between two looks.
const (
	visibleWithin = 30 * time.Second
	visibleEvery  = 100 * time.Millisecond
)

// EnsureSearchAttributes registers the search attributes of runs in a namespace and waits until they are visible, at most
// 30 s. Those that are there already are left alone. Where the server won't let us, as Temporal Cloud doesn't, the error
// holds the command for an administrator.
func EnsureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, visibleWithin)
	defer cancel()

	missing, err := missingAttributes(ctx, c, namespace)
	if err != nil || len(missing) == 0 {
		return err
	}
	add := &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: map[string]enums.IndexedValueType{}}
	for _, name := range missing {
		add.SearchAttributes[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, add)
	var exists *serviceerror.AlreadyExists
	switch {
	case errors.As(err, &exists): // somebody else registers them at this moment
	case forbidden(err):
		return &SearchAttributesError{Namespace: namespace, Missing: missing, Err: err}
	case err != nil:
		return fmt.Errorf("register search attributes in namespace %s: %w", namespace, err)
	}

	tick := time.NewTicker(visibleEvery)
	defer tick.Stop()
	for {
		missing, err = missingAttributes(ctx, c, namespace)
		if err != nil || len(missing) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("search attributes %s were registered in namespace %s but have not become visible: %w → try again in a minute",
				strings.Join(missing, ", "), namespace, ctx.Err())
		case <-tick.C:
		}
	}
}

// SearchAttributesError says that the server does not let this client register the search attributes that runs need.
type SearchAttributesError struct {
	Namespace string
	Missing   []string
	Err       error
}

// Error names the missing attributes and the commands that add them: Temporal Cloud's (tcld command reference) and a
// self-hosted server's (Temporal CLI operator command reference).
func (e *SearchAttributesError) Error() string {
	var cloud, own strings.Builder
	for _, name := range e.Missing {
		fmt.Fprintf(&cloud, " --search-attribute %s=Keyword", name)
		fmt.Fprintf(&own, " --name %s --type Keyword", name)
	}
	return fmt.Sprintf("namespace %s lacks the search attributes %s, and the server does not let this client add them → on Temporal Cloud: tcld namespace search-attributes add --namespace %s%s; elsewhere an administrator: temporal operator search-attribute create --namespace %s%s",
		e.Namespace, strings.Join(e.Missing, ", "), e.Namespace, cloud.String(), e.Namespace, own.String())
}

// Unwrap returns the server's refusal.
func (e *SearchAttributesError) Unwrap() error { return e.Err }

// missingAttributes lists which of our search attributes a namespace lacks. One of the right name and the wrong type is an error.
func missingAttributes(ctx context.Context, c client.Client, namespace string) ([]string, error) {
	there, err := listAttributes(ctx, c, namespace)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range []string{onboarding.SearchAttributeState, onboarding.SearchAttributeStep} {
		switch kind, ok := there[name]; {
		case !ok:
			missing = append(missing, name)
		case kind != enums.INDEXED_VALUE_TYPE_KEYWORD:
			return nil, fmt.Errorf("search attribute %s of namespace %s is a %s, but runs need a Keyword → use another namespace, or remove it: temporal operator search-attribute remove --namespace %s --name %s",
				name, namespace, kind, namespace, name)
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// listAttributes asks the operator service and, where that is closed to us, the workflow service, which Temporal Cloud answers.
func listAttributes(ctx context.Context, c client.Client, namespace string) (map[string]enums.IndexedValueType, error) {
	listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err == nil {
		return listed.GetCustomAttributes(), nil
	}
	if !forbidden(err) {
		return nil, fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	keys, err := c.GetSearchAttributes(ctx)
	if forbidden(err) {
		return nil, &SearchAttributesError{
			Namespace: namespace, Missing: []string{onboarding.SearchAttributeState, onboarding.SearchAttributeStep}, Err: err,
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	return keys.GetKeys(), nil
}

// forbidden says whether the server has no such call, or not for us.
func forbidden(err error) bool {
	var denied *serviceerror.PermissionDenied
	var unimplemented *serviceerror.Unimplemented
	return errors.As(err, &denied) || errors.As(err, &unimplemented)
}
