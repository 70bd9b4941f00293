package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// Ref names a document: the studio that it belongs to, and what it is called.
type Ref struct {
	Studio string `json:"studio"`
	Name   string `json:"name"`
}

func (r Ref) String() string { return r.Name + " of " + r.Studio }

// Generation is what one write made of a document.
type Generation struct {
	ID     string    `json:"id"`
	Lines  int       `json:"lines"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
	// Address is where it lies.
	Address string `json:"-"`
}

// ErrGone says that a generation is no longer kept, or never was.
var ErrGone = errors.New("this generation is no longer kept")

// ErrDamaged says that a generation is not what was written.
var ErrDamaged = errors.New("damaged")

// Keys below the folder of a document, studio/name/.
const (
	currentName = "current.json"
	lineEnding  = ".jsonl"
	// addedEnding ends the key of what Append added.
	addedEnding = ".added.jsonl"
	// timeFormat begins the ID of a generation, so that they sort by time.
	timeFormat = "20060102T150405.000000000Z"
)

func (r Ref) key(name string) string { return r.Studio + "/" + r.Name + "/" + name }

func (r Ref) check() error {
	if err := plainName(r.Studio); err != nil {
		return fmt.Errorf("the studio: %w", err)
	}
	if err := plainName(r.Name); err != nil {
		return fmt.Errorf("the document: %w", err)
	}
	return nil
}

func (s *Store) newID() string {
	return s.now().UTC().Format(timeFormat) + "-" + strings.ToLower(rand.Text())
}

// Write makes a new generation of a document, one item a line, as they come, and makes it the current one. Where the items end
// with an error, or anything else fails, the current generation stays what it was. Generations that nobody needs are removed.
func Write[T any](ctx context.Context, s *Store, ref Ref, items iter.Seq2[T, error]) (Generation, error) {
	made, err := write(ctx, s, ref, lineEnding, items)
	if err == nil {
		err = s.writeRecord(ctx, ref.key(currentName), made, false)
	}
	if err != nil {
		return Generation{}, fmt.Errorf("write %s to the store %s: %w", ref, s.address, err)
	}
	s.retain(ctx, ref, made)
	return made, nil
}

// Append adds items to a document until it is written anew. ReadAppended reads both. It costs a request, whatever the size of the
// document; what was added by somebody else while a document is written may be lost.
func Append[T any](ctx context.Context, s *Store, ref Ref, items iter.Seq2[T, error]) error {
	if _, err := write(ctx, s, ref, addedEnding, items); err != nil {
		return fmt.Errorf("add to %s in the store %s: %w", ref, s.address, err)
	}
	return nil
}

// Each makes items that cannot fail such as Write and Append take.
func Each[T any](items iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// end is the last line of a generation.
type end struct {
	End *struct {
		Lines  int    `json:"lines"`
		SHA256 string `json:"sha256"`
	} `json:"@end"`
}

const endsWith = `{"@end":`

func write[T any](ctx context.Context, s *Store, ref Ref, ending string, items iter.Seq2[T, error]) (Generation, error) {
	if err := ref.check(); err != nil {
		return Generation{}, err
	}
	made := Generation{ID: s.newID()}
	key := ref.key(made.ID + ending)
	made.Address = s.at(key)
	err := s.put(ctx, key, false, func(w io.Writer) error {
		sum := sha256.New()
		lines := json.NewEncoder(io.MultiWriter(w, sum))
		lines.SetEscapeHTML(false)
		for item, err := range items {
			if err == nil {
				err = lines.Encode(item)
			}
			if err != nil {
				return err
			}
			made.Lines++
		}
		made.SHA256 = hex.EncodeToString(sum.Sum(nil))
		_, err := fmt.Fprintf(w, endsWith+`{"lines":%d,"sha256":%q}}`+"\n", made.Lines, made.SHA256)
		return err
	})
	made.At = s.now().UTC()
	return made, err
}

// Current is the current generation of a document. The error wraps fs.ErrNotExist where there is none.
func (s *Store) Current(ctx context.Context, ref Ref) (Generation, error) {
	var current Generation
	err := ref.check()
	if err == nil {
		err = s.readRecord(ctx, ref.key(currentName), &current)
	}
	if err != nil {
		return Generation{}, fmt.Errorf("look for %s in the store %s: %w", ref, s.address, err)
	}
	current.Address = s.at(ref.key(current.ID + lineEnding))
	return current, nil
}

// Read reads a generation of a document, or the current one where it is "". The last error wraps fs.ErrNotExist where there is no
// such document, ErrGone where it has no such generation, and ErrDamaged where that is not what was written, which shows at the
// end at the latest.
func Read[T any](ctx context.Context, s *Store, ref Ref, generation string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for line, err := range Lines[T](ctx, s, ref, generation, 0) {
			if !yield(line.Item, err) {
				return
			}
		}
	}
}

// Line is an item of a document, with where the next one begins.
type Line[T any] struct {
	Item T
	Next int64
}

// Lines reads as Read does, from where a line begins. The checksum is looked at from 0 only.
func Lines[T any](ctx context.Context, s *Store, ref Ref, generation string, from int64) iter.Seq2[Line[T], error] {
	return func(yield func(Line[T], error) bool) {
		body, key, err := s.open(ctx, ref, generation, from)
		if err != nil {
			yield(Line[T]{}, err)
			return
		}
		defer body.Close()
		if err := lines(body, from, yield); err != nil {
			if errors.Is(err, ErrDamaged) {
				err = fmt.Errorf("%s in the store is %w → remove %s; it is made anew by the next reconcile: starter sync %s --once",
					ref, err, s.at(key), ref.Studio)
			} else {
				err = fmt.Errorf("read %s from the store %s: %w", ref, s.address, err)
			}
			yield(Line[T]{}, err)
		}
	}
}

// open opens a generation, or the current one, which may be replaced and removed between the look at its record and the reading.
func (s *Store) open(ctx context.Context, ref Ref, generation string, from int64) (*blob.Reader, string, error) {
	err := ref.check()
	if err == nil && generation != "" {
		err = plainName(generation)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read %s from the store %s: %w", ref, s.address, err)
	}
	id, tried := generation, ""
	for {
		if generation == "" {
			current, err := s.Current(ctx, ref)
			if err != nil {
				return nil, "", err
			}
			id = current.ID
		}
		key := ref.key(id + lineEnding)
		body, err := s.bucket.NewRangeReader(ctx, key, from, -1, nil)
		switch {
		case err == nil:
			return body, key, nil
		case !errors.Is(missing(err), fs.ErrNotExist):
			return nil, "", fmt.Errorf("read %s from the store %s: %w", ref, s.address, err)
		case id == tried || generation != "":
			return nil, "", fmt.Errorf("%s in the store %s, %s: %w → ask for the list anew", ref, s.address, id, ErrGone)
		}
		tried = id
	}
}

// longestLine is far above what a person's line takes.
const longestLine = 4 << 20

// lines gives the items of a generation, and an error where there is more or less of it than its end says.
func lines[T any](body io.Reader, from int64, yield func(Line[T], error) bool) error {
	var sum hash.Hash
	if from == 0 {
		sum = sha256.New()
	}
	at, count := from, 0
	scanner := bufio.NewScanner(body)
	scanner.Buffer(make([]byte, 0, 64<<10), longestLine)
	for scanner.Scan() {
		text := scanner.Bytes()
		at += int64(len(text)) + 1
		if bytes.HasPrefix(text, []byte(endsWith)) {
			return ended(text, count, sum, scanner)
		}
		count++
		if sum != nil {
			sum.Write(text)
			sum.Write([]byte{'\n'})
		}
		line := Line[T]{Next: at}
		if err := json.Unmarshal(text, &line.Item); err != nil {
			return fmt.Errorf("%w: line %d cannot be read: %w", ErrDamaged, count, err)
		}
		if !yield(line, nil) {
			return nil
		}
	}
	if err := scanner.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return err
	}
	return fmt.Errorf("%w: it ends after line %d, before its end", ErrDamaged, count)
}

func ended(text []byte, count int, sum hash.Hash, rest *bufio.Scanner) error {
	var last end
	switch err := json.Unmarshal(text, &last); {
	case err != nil || last.End == nil:
		return fmt.Errorf("%w: its last line cannot be read", ErrDamaged)
	case rest.Scan():
		return fmt.Errorf("%w: it goes on after its end", ErrDamaged)
	case sum == nil:
		return rest.Err()
	case last.End.Lines != count:
		return fmt.Errorf("%w: it has %d lines, and %d were written", ErrDamaged, count, last.End.Lines)
	case last.End.SHA256 != hex.EncodeToString(sum.Sum(nil)):
		return fmt.Errorf("%w: its checksum is another than when it was written", ErrDamaged)
	}
	return rest.Err()
}

// ReadAppended reads the current generation of a document, where there is one, and what Append added since, in that order. The
// error wraps fs.ErrNotExist where there is neither.
func ReadAppended[T any](ctx context.Context, s *Store, ref Ref) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		current, err := s.Current(ctx, ref)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(*new(T), err)
			return
		}
		none := err
		var parts []string
		if none == nil {
			parts = append(parts, current.ID)
		}
		err = s.each(ctx, ref.key(""), func(object *blob.ListObject) error {
			if id, added := strings.CutSuffix(object.Key[len(ref.key("")):], addedEnding); added && id > current.ID {
				// The key of an addition is that of a generation with an ending of its own.
				parts = append(parts, id+strings.TrimSuffix(addedEnding, lineEnding))
			}
			return nil
		})
		switch {
		case err != nil:
			yield(*new(T), fmt.Errorf("read %s from the store %s: %w", ref, s.address, err))
			return
		case len(parts) == 0:
			yield(*new(T), none)
			return
		}
		slices.Sort(parts)
		for _, part := range parts {
			for item, err := range Read[T](ctx, s, ref, part) {
				if !yield(item, err) || err != nil {
					return
				}
			}
		}
	}
}
