package simulation

import (
	"crypto/sha256"
	"encoding/binary"
)

// Names makes identifiers that depend on the seed and on what they are for, not on the order of calls, so that two worlds in
// which the same happened have the same identifiers. Not safe for concurrent use.
type Names struct {
	Seed int64
	// made counts what was made before, by the hash of what it is for.
	made map[[16]byte]uint32
}

// Digest is the raw material of an identifier. Each time the same thing is made again, it gets another one.
func (n *Names) Digest(kind string, of ...string) [sha256.Size]byte {
	text := binary.BigEndian.AppendUint64(nil, uint64(n.Seed))
	text = append(text, kind...)
	for _, part := range of {
		text = append(append(text, 0), part...)
	}
	sum := sha256.Sum256(text)
	if n.made == nil {
		n.made = map[[16]byte]uint32{}
	}
	key := [16]byte(sum[:16])
	again := n.made[key]
	n.made[key] = again + 1
	if again == 0 {
		return sum
	}
	return sha256.Sum256(binary.BigEndian.AppendUint32(sum[:], again))
}

const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Text is an identifier of n letters and digits.
func (n *Names) Text(length int, kind string, of ...string) string {
	text := make([]byte, 0, length+sha256.Size)
	for sum := n.Digest(kind, of...); len(text) < length; sum = sha256.Sum256(sum[:]) {
		for _, b := range sum {
			text = append(text, letters[int(b)%len(letters)])
		}
	}
	return string(text[:length])
}
