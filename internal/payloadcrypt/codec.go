package payloadcrypt

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	// Encoding marks payloads that this package encrypted.
	Encoding = "binary/tink-aead"
	// associated binds a ciphertext to its use: it can't be passed off as anything else that the same keys encrypted.
	associated = "studio-onboarding payload " + Encoding
)

// Codec encrypts and decrypts payloads. It is safe for use by several goroutines.
type Codec struct {
	mu   sync.RWMutex
	keys *Keys
	// required says which key a namespace's payloads are encrypted with, where we have none.
	required *UnreadableError
}

var _ converter.PayloadCodec = (*Codec)(nil)

// NewCodec makes a codec. With nil for keys it leaves payloads plain, reads plain ones, and says of encrypted ones which key
// they need.
func NewCodec(keys *Keys) *Codec { return &Codec{keys: keys} }

// Use gives the codec keys, which it may have been made without.
func (c *Codec) Use(keys *Keys) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys, c.required = keys, nil
}

// Require says which key payloads are encrypted with. A codec that has none writes nothing from now on.
func (c *Codec) Require(missing *UnreadableError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.required = missing
}

// Keys are the ones in use; nil where there are none.
func (c *Codec) Keys() *Keys {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.keys
}

// Encode encrypts payloads, metadata included. Those that are encrypted already stay as they are.
func (c *Codec) Encode(payloads []*common.Payload) ([]*common.Payload, error) {
	c.mu.RLock()
	keys, required := c.keys, c.required
	c.mu.RUnlock()
	switch {
	case keys == nil && required != nil:
		return payloads, required
	case keys == nil:
		return payloads, nil
	}
	encoded := make([]*common.Payload, len(payloads))
	for i, payload := range payloads {
		if encrypted(payload) {
			encoded[i] = payload
			continue
		}
		plain, err := proto.Marshal(payload)
		if err != nil {
			return payloads, fmt.Errorf("encrypt a payload: %w", err)
		}
		data, err := keys.aead.Encrypt(plain, []byte(associated))
		if err != nil {
			return payloads, fmt.Errorf("encrypt a payload: %w", err)
		}
		encoded[i] = &common.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(Encoding)}, Data: data}
	}
	return encoded, nil
}

// Decode decrypts payloads. Those that were never encrypted stay as they are. What can't be decrypted is an *UnreadableError.
func (c *Codec) Decode(payloads []*common.Payload) ([]*common.Payload, error) {
	decoded := make([]*common.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := c.decrypt(payload)
		if err != nil {
			return payloads, err
		}
		decoded[i] = plain
	}
	return decoded, nil
}

func encrypted(payload *common.Payload) bool {
	return string(payload.GetMetadata()[converter.MetadataEncoding]) == Encoding
}

func (c *Codec) decrypt(payload *common.Payload) (*common.Payload, error) {
	if !encrypted(payload) {
		return payload, nil
	}
	data := payload.GetData()
	if len(data) < 5 {
		return nil, &UnreadableError{Damaged: true}
	}
	id := keyID(binary.BigEndian.Uint32(data[1:5]))
	keys := c.having(id)
	if keys == nil || !keys.Has(id) {
		return nil, &UnreadableError{Key: id, Have: keys, In: c.where()}
	}
	plain, err := keys.aead.Decrypt(data, []byte(associated))
	if err != nil {
		return nil, &UnreadableError{Key: id, Have: keys, Damaged: true}
	}
	decoded := &common.Payload{}
	if err := proto.Unmarshal(plain, decoded); err != nil {
		return nil, &UnreadableError{Key: id, Have: keys, Damaged: true}
	}
	return decoded, nil
}

// where is the file in which the missing keys are said to be.
func (c *Codec) where() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.required == nil {
		return ""
	}
	return c.required.In
}

// having answers with the keys, read again from their file where this key is not among them and the file has changed: somebody
// has rotated them.
func (c *Codec) having(id string) *Keys {
	c.mu.RLock()
	keys := c.keys
	c.mu.RUnlock()
	if keys == nil || keys.Has(id) || keys.file == "" {
		return keys
	}
	info, err := os.Stat(keys.file)
	if err != nil || info.ModTime().Equal(keys.written) {
		return keys
	}
	newer, err := readFile(keys.file)
	if err != nil {
		return keys
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = newer
	return newer
}

// UnreadableError says that payloads are encrypted with a key that this program does not have.
type UnreadableError struct {
	// Key is the ID of the key that they need.
	Key string
	// Have are the keys that are there; nil for none.
	Have *Keys
	// In is a file on this machine in which the key is said to be; empty where nobody says so.
	In string
	// Damaged says that the key is there, and the payload does not fit.
	Damaged bool
}

// Error says which key is missing and where to get it.
func (e *UnreadableError) Error() string {
	switch {
	case e.Damaged:
		return fmt.Sprintf("an encrypted payload does not fit its key %s: it was changed, or another key has the same ID → see that %s "+
			"names the keys of this Temporal server", e.Key, Variable)
	case e.Have == nil && e.In != "":
		return fmt.Sprintf("payloads are encrypted with key %s, and this program has no keys → it is in %s, which only its owner can read: "+
			"run this as that user, or set %s to a copy of your own", e.Key, e.In, Variable)
	case e.Have == nil:
		return fmt.Sprintf("payloads are encrypted with key %s, and this program has no keys → set %s to a copy of the key file of the "+
			"worker or of standalone, for example %s=payload-keys.json", e.Key, Variable, Variable)
	}
	have := "the key set in use"
	if e.Have.file != "" {
		have = e.Have.file
	}
	return fmt.Sprintf("payloads are encrypted with key %s, and %s holds only %s → set %s to a copy of the newest key file of the worker "+
		"or of standalone", e.Key, have, strings.Join(e.Have.IDs(), ", "), Variable)
}

// GRPCStatus keeps Temporal's client from trying again what can't succeed.
func (e *UnreadableError) GRPCStatus() *status.Status {
	return status.New(codes.FailedPrecondition, e.Error())
}
