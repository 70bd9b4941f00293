package payloadcrypt

import (
	"context"
	"errors"
	"slices"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Apply has a client encrypt what it sends, failures included, and decrypt what it receives. What it can't decrypt is an
// *UnreadableError where somebody wants its value.
//
// A worker hands on much of what it receives, so it gets ciphertext and decrypts single values. In a workflow it makes an
// unreadable one the end of the workflow task, which is tried again and can be carried out by another worker, and not of the
// workflow. Everybody else gets whole answers decrypted as far as possible, as there is more in them than the client decodes by
// itself: heartbeats and last failures of a description, what a schedule starts, histories.
func (c *Codec) Apply(options *client.Options, worker bool) error {
	data := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)
	options.DataConverter = dataConverter{data}
	options.FailureConverter = failureConverter{
		FailureConverter: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data}),
		encoding: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter: data, EncodeCommonAttributes: true,
		}),
		codec: c, worker: worker,
	}
	if worker {
		return nil
	}
	var payloads proxy.VisitPayloadsOptions
	payloads = proxy.VisitPayloadsOptions{
		Visitor: c.readable, SkipSearchAttributes: true,
		WellKnownAnyVisitor: func(visit *proxy.VisitPayloadsContext, packed *anypb.Any) error {
			return unpacked(packed, func(message proto.Message) error { return proxy.VisitPayloads(visit, message, payloads) })
		},
	}
	var failures proxy.VisitFailuresOptions
	failures = proxy.VisitFailuresOptions{
		Visitor: c.explained,
		WellKnownAnyVisitor: func(visit *proxy.VisitFailuresContext, packed *anypb.Any) error {
			return unpacked(packed, func(message proto.Message) error { return proxy.VisitFailures(visit, message, failures) })
		},
	}
	onPayloads, err := proxy.NewPayloadVisitorInterceptor(proxy.PayloadVisitorInterceptorOptions{
		Inbound: &payloads,
		// What was received and is sent back, as when a schedule is changed.
		Outbound: &proxy.VisitPayloadsOptions{Visitor: c.encrypt, SkipSearchAttributes: true},
	})
	if err != nil {
		return err
	}
	onFailures, err := proxy.NewFailureVisitorInterceptor(proxy.FailureVisitorInterceptorOptions{Inbound: &failures})
	if err != nil {
		return err
	}
	// The last one is next to the wire: payloads are decrypted before failures look at theirs.
	options.ConnectionOptions.DialOptions = append(slices.Clone(options.ConnectionOptions.DialOptions),
		grpc.WithChainUnaryInterceptor(onFailures, onPayloads))
	return nil
}

// encrypt encrypts what is sent, but for headers: all they hold is to which trace a request belongs, and the SDK reads them as they come.
func (c *Codec) encrypt(visit *proxy.VisitPayloadsContext, payloads []*common.Payload) ([]*common.Payload, error) {
	if _, header := visit.Parent.(*common.Header); header {
		return payloads, nil
	}
	return c.Encode(payloads)
}

// readable decrypts what can be decrypted.
func (c *Codec) readable(_ *proxy.VisitPayloadsContext, payloads []*common.Payload) ([]*common.Payload, error) {
	decoded := make([]*common.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := c.decrypt(payload)
		if err != nil {
			plain = payload
		}
		decoded[i] = plain
	}
	return decoded, nil
}

// explained puts a failure's message back where it belongs, or says why it can't be read.
func (c *Codec) explained(_ *proxy.VisitFailuresContext, f *failure.Failure) error {
	if encrypted(f.GetEncodedAttributes()) {
		if _, err := c.decrypt(f.GetEncodedAttributes()); err != nil {
			f.Message = err.Error()
		}
		return nil
	}
	converter.DecodeCommonFailureAttributes(converter.GetDefaultDataConverter(), f)
	f.EncodedAttributes = nil
	return nil
}

// unpacked visits what an Any holds, where it is of a known type.
func unpacked(packed *anypb.Any, visit func(proto.Message) error) error {
	message, err := packed.UnmarshalNew()
	if err != nil {
		return nil // nothing that we could have encrypted
	}
	if err := visit(message); err != nil {
		return err
	}
	return packed.MarshalFrom(message)
}

// dataConverter is the one of activities and of everything outside workers.
type dataConverter struct{ converter.DataConverter }

var _ workflow.ContextAware = dataConverter{}

// WithWorkflowContext answers with the converter for workflow code.
func (d dataConverter) WithWorkflowContext(workflow.Context) converter.DataConverter {
	return blocking(d)
}

// WithContext answers with the converter itself.
func (d dataConverter) WithContext(context.Context) converter.DataConverter { return d }

// blocking is the converter of workflow code. An error there can fail a workflow for good; a panic is the end of the task alone.
type blocking struct{ converter.DataConverter }

func block(err error) error {
	var unreadable *UnreadableError
	if errors.As(err, &unreadable) {
		panic(err)
	}
	return err
}

func (b blocking) ToPayload(value any) (*common.Payload, error) {
	payload, err := b.DataConverter.ToPayload(value)
	return payload, block(err)
}

func (b blocking) ToPayloads(values ...any) (*common.Payloads, error) {
	payloads, err := b.DataConverter.ToPayloads(values...)
	return payloads, block(err)
}

func (b blocking) FromPayload(payload *common.Payload, value any) error {
	return block(b.DataConverter.FromPayload(payload, value))
}

func (b blocking) FromPayloads(payloads *common.Payloads, values ...any) error {
	return block(b.DataConverter.FromPayloads(payloads, values...))
}

// failureConverter encrypts messages and stacks of failures where there are keys.
type failureConverter struct {
	// FailureConverter leaves them plain.
	converter.FailureConverter
	encoding converter.FailureConverter
	codec    *Codec
	worker   bool
}

func (f failureConverter) ErrorToFailure(err error) *failure.Failure {
	if f.codec.Keys() == nil {
		return f.FailureConverter.ErrorToFailure(err)
	}
	return f.encoding.ErrorToFailure(err)
}

func (f failureConverter) FailureToError(failed *failure.Failure) error {
	for cause := failed; cause != nil && f.worker; cause = cause.GetCause() {
		if encrypted(cause.GetEncodedAttributes()) {
			// A workflow would decide by a failure that it can't read.
			if _, err := f.codec.decrypt(cause.GetEncodedAttributes()); err != nil {
				panic(err)
			}
		}
	}
	return f.FailureConverter.FailureToError(failed)
}
