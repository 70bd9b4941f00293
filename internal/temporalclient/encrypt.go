package temporalclient

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"studio-onboarding/internal/localserver"
	"studio-onboarding/internal/payloadcrypt"
)

// What a namespace's data say of its payloads, so that nobody writes plain ones, or such as others can't read.
const (
	// dataKeys are the IDs of the keys of the worker that started last, the primary one first.
	dataKeys = "studioOnboardingPayloadKeys"
	// dataKeyFile is where the keys are on the server's own machine.
	dataKeyFile = "studioOnboardingPayloadKeyFile"
)

// Open connects with these options and encrypts payloads with these keys; nil leaves them plain. The first connection is to be
// bounded by ctx. The codec is the one that the client uses.
//
// A worker notes in the namespace's data which keys it uses. Others that have none find a server's on its own machine there;
// elsewhere they can look at what is not encrypted, and reading or writing payloads is a *payloadcrypt.UnreadableError. A worker
// without the keys, and everybody who brings other ones, is refused with that error.
func Open(ctx context.Context, options client.Options, keys *payloadcrypt.Keys, worker bool) (client.Client, *payloadcrypt.Codec, error) {
	codec := payloadcrypt.NewCodec(keys)
	if err := codec.Apply(&options, worker); err != nil {
		return nil, nil, err
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	name := options.Namespace
	if name == "" {
		name = client.DefaultNamespace
	}
	if err := agree(ctx, c, name, options.HostPort, codec, worker); err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, codec, nil
}

// agree sees to it that a namespace's payloads are encrypted with keys that everybody has.
func agree(ctx context.Context, c client.Client, name, address string, codec *payloadcrypt.Codec, worker bool) error {
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if err != nil {
		// What is wrong with the server or the namespace is told by whatever the client is for.
		return ctx.Err()
	}
	data := described.GetNamespaceInfo().GetData()
	noted := strings.FieldsFunc(data[dataKeys], func(r rune) bool { return r == ',' })
	local := localserver.Loopback(address)

	if len(noted) > 0 {
		missing := &payloadcrypt.UnreadableError{Key: noted[0], Have: codec.Keys()}
		if local {
			missing.In = data[dataKeyFile]
		}
		if codec.Keys() == nil && filepath.IsAbs(missing.In) {
			if keys, err := payloadcrypt.Read(missing.In, nil); err == nil && keys.Has(noted[0]) {
				codec.Use(keys)
			}
		}
		switch keys := codec.Keys(); {
		case keys == nil && !worker:
			codec.Require(missing)
		case keys == nil || !keys.Has(noted[0]):
			return missing
		}
	}
	if !worker || codec.Keys() == nil {
		return nil
	}
	note := map[string]string{dataKeys: strings.Join(codec.Keys().IDs(), ","), dataKeyFile: ""}
	if local {
		note[dataKeyFile] = codec.Keys().File()
	}
	if note[dataKeys] == data[dataKeys] && note[dataKeyFile] == data[dataKeyFile] {
		return nil
	}
	_, err = c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: name, UpdateInfo: &namespace.UpdateNamespaceInfo{Data: note},
	})
	// Temporal Cloud and careful administrators don't let us: it is a safeguard, and encryption works without it.
	if err != nil && !forbidden(err) {
		return fmt.Errorf("note the payload keys in namespace %s: %w", name, err)
	}
	return nil
}
