package simulation

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
)

// logChunk is how many bytes of the call log are kept in one piece.
const logChunk = 1 << 20

// CallLog keeps every call, in order, as lines of JSON: a large onboarding makes millions of calls, and text takes less
// memory than structures. Safe for concurrent use.
type CallLog struct {
	mu     sync.Mutex
	chunks [][]byte
}

// Add appends a call.
func (l *CallLog) Add(c Call) {
	line, err := json.Marshal(c)
	if err != nil {
		return // a Call has nothing that can't be encoded
	}
	line = append(line, '\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last])+len(line) > cap(l.chunks[last]) {
		size := logChunk
		if last < 0 {
			size = logChunk / 16 // most worlds are small
		}
		l.chunks = append(l.chunks, make([]byte, 0, max(size, len(line))))
		last++
	}
	l.chunks[last] = append(l.chunks[last], line...)
}

// Forget empties the log.
func (l *CallLog) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chunks = nil
}

// soFar is a view of what has been logged; what is added later doesn't change it.
func (l *CallLog) soFar() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([][]byte(nil), l.chunks...)
}

// Calls returns a copy of all calls so far.
func (l *CallLog) Calls() []Call {
	var calls []Call
	for _, chunk := range l.soFar() {
		for lines := json.NewDecoder(bytes.NewReader(chunk)); ; {
			var c Call
			if lines.Decode(&c) != nil {
				break
			}
			calls = append(calls, c)
		}
	}
	return calls
}

// WriteTo writes the calls as JSON lines.
func (l *CallLog) WriteTo(w io.Writer) (written int64, err error) {
	for _, chunk := range l.soFar() {
		n, err := w.Write(chunk)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}
