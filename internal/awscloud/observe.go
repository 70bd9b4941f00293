package awscloud

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/smithy-go/middleware"

	"studio-onboarding/internal/fault"
)

// Observer is told of the calls of AWS by the IAM action of each, such as "sagemaker:CreateDomain". It learns nothing of what is in them.
// Its methods are called side by side.
type Observer interface {
	// Call is told that a call begins, and answers with the context for it and with what is told of its end: nil, a *fault.Fault, or the
	// error of a caller who gave up.
	Call(ctx context.Context, provider, operation string) (_ context.Context, end func(error))
	// Request is told of each request of a call, repeated ones too: how long it waited for its turn, how long the answer took, and the
	// class of what was wrong with it, empty where nothing was.
	Request(ctx context.Context, provider, operation string, waited, took time.Duration, class fault.Class)
}

// provider is what observers know AWS by.
const provider = "aws"

// nobody observes nothing.
type nobody struct{}

func (nobody) Call(ctx context.Context, _, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func (nobody) Request(context.Context, string, string, time.Duration, time.Duration, fault.Class) {}

// watched tells an observer of calls and requests.
type watched struct{ Observer }

// calls is an API option: the observer learns of a call with all of its requests, and of the fault that it ends with.
func (w watched) calls(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc(product+"/observe",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error,
		) {
			ctx, end := w.Call(ctx, provider, action(ctx))
			out, metadata, err := next.HandleInitialize(ctx, in)
			end(err)
			return out, metadata, err
		}), middleware.Before)
}

// waitedKey is under which the pace tells how long it held a request back.
type waitedKey struct{}

// requests is an API option: the observer learns of each request. It stands inside of the SDK's retries, and of the pace.
func (w watched) requests(stack *middleware.Stack) error {
	watch := middleware.FinalizeMiddlewareFunc(product+"/observe", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		waited, _ := ctx.Value(waitedKey{}).(time.Duration)
		began := time.Now()
		out, metadata, err := next.HandleFinalize(ctx, in)
		if !canceled(err) {
			operation := action(ctx)
			w.Request(ctx, provider, operation, waited, time.Since(began), fault.ClassOf(faultOf(operation, err)))
		}
		return out, metadata, err
	})
	return stack.Finalize.Insert(watch, "Retry", middleware.After)
}

// Pace is how fast one API family of one account is called.
type Pace struct {
	// Account is the account's ID; empty for that of the worker's own credentials.
	Account string
	// API is the prefix of its IAM actions, such as "sso".
	API string
	// PerSecond is how many requests a second go at most, as learnt so far.
	PerSecond float64
}

// Paces are the paces that are kept at the moment, by account and service.
func (c *Clouds) Paces() []Pace {
	c.paces.mu.Lock()
	defer c.paces.mu.Unlock()
	list := make([]Pace, 0, len(c.paces.families))
	for family, pace := range c.paces.families {
		pace.mu.Lock()
		list = append(list, Pace{Account: family.account, API: prefixOf(family.service), PerSecond: pace.rate})
		pace.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b Pace) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.API, b.API))
	})
	return list
}
