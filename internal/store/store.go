// Package store keeps what has a line for each person and is too long for a workflow's history: a directory, or a bucket that
// several workers share.
//
// A document belongs to a studio and has a name. Each write makes a new generation of it under a key of its own, whose last line
// holds the number of lines and their checksum, and then points the document's small current record to it. A reader follows the
// record or names a generation, so that it never sees two writes mixed, whatever others write at the same time.
package store

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

// Store is a place for documents. It is safe for concurrent use, and so is the place for several processes.
type Store struct {
	bucket  *blob.Bucket
	address string
	// dir is the directory, "" for a bucket.
	dir    string
	logger *slog.Logger
	now    func() time.Time

	mu sync.Mutex
	id string
}

// Options are what a store needs besides its address.
type Options struct {
	// AWS is the configuration for a bucket in a Region, or in the configuration's own where the address names none.
	AWS func(ctx context.Context, region string) (aws.Config, error)
	// Logger gets what needs nobody's attention: what was removed because it is old, and what could not be.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Open opens the store at an address: a directory's path or its file:// URL, or s3://bucket/prefix, to which ?region=REGION says
// where the bucket is and ?use_path_style=true how a service other than S3 wants to be asked. A directory is made where there is
// none, and closed to everybody but the owner where it was open.
func Open(ctx context.Context, address string, opts Options) (*Store, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Store{logger: opts.Logger, now: opts.Now}
	scheme, _, isURL := strings.Cut(address, "://")
	var err error
	switch {
	case address == "":
		err = errors.New("its address is empty")
	case !isURL:
		err = s.openDirectory(ctx, address)
	case scheme == fileblob.Scheme:
		var u *url.URL
		if u, err = url.Parse(address); err == nil {
			if u.Host != "" && u.Host != "localhost" || u.Path == "" || u.RawQuery != "" {
				err = errors.New("a directory is given by its path, such as /var/lib/studio-onboarding or file:///var/lib/studio-onboarding")
			} else {
				err = s.openDirectory(ctx, filepath.FromSlash(u.Path))
			}
		}
	case scheme == s3blob.Scheme:
		err = s.openBucket(ctx, address, opts.AWS)
	default:
		err = errors.New("it is neither a directory nor s3://BUCKET/PREFIX")
	}
	if err != nil {
		return nil, fmt.Errorf("the store %q cannot be opened: %w", address, err)
	}
	return s, nil
}

func (s *Store) openBucket(ctx context.Context, address string, config func(context.Context, string) (aws.Config, error)) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	settings := u.Query()
	for name := range settings {
		if name != "region" && name != "use_path_style" {
			return fmt.Errorf("it has the setting %q; there are region and use_path_style", name)
		}
	}
	if u.Host == "" || config == nil {
		return errors.New("it names no bucket: s3://BUCKET/PREFIX")
	}
	cfg, err := config(ctx, settings.Get("region"))
	if err != nil {
		return err
	}
	if cfg.Region == "" {
		return errors.New("no Region is known: add ?region=REGION to the address, or set AWS_REGION")
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = settings.Get("use_path_style") == "true" })
	if s.bucket, err = s3blob.OpenBucket(ctx, client, u.Host, nil); err != nil {
		return err
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		s.bucket = blob.PrefixedBucket(s.bucket, prefix+"/")
	}
	s.address = strings.TrimSuffix((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), "/")
	return nil
}

// Address is where the store is, as people write it.
func (s *Store) Address() string { return s.address }

// Close gives back what the store holds.
func (s *Store) Close() error { return s.bucket.Close() }

// identityKey is no studio's: their names begin with no dot.
const identityKey = ".store.json"

type identity struct {
	ID   string    `json:"id"`
	Made time.Time `json:"made"`
}

// ID is the identity of the store, which it gets when it is asked for the first time and keeps wherever it is moved.
func (s *Store) ID(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id != "" {
		return s.id, nil
	}
	var is identity
	err := s.readRecord(ctx, identityKey, &is)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.makeIdentity(ctx, identity{ID: "store-" + strings.ToLower(rand.Text()), Made: s.now().UTC()}); err == nil {
			err = s.readRecord(ctx, identityKey, &is) // another's, where two began at once
		}
	}
	if err == nil && is.ID == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("the identity of the store, %s: %w", s.at(identityKey), err)
	}
	s.id = is.ID
	return s.id, nil
}

// Readable says whether the store can be read now.
func (s *Store) Readable(ctx context.Context) error {
	var is identity
	if err := s.readRecord(ctx, identityKey, &is); err != nil {
		return fmt.Errorf("the store cannot be read: %w", err)
	}
	return nil
}

// makeIdentity makes the identity unless there is one.
func (s *Store) makeIdentity(ctx context.Context, is identity) error {
	if s.dir != "" {
		return s.linkRecord(identityKey, is)
	}
	err := s.writeRecord(ctx, identityKey, is, true)
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return nil
	}
	return err
}

// at is the address of a key.
func (s *Store) at(key string) string {
	if s.dir != "" {
		return filepath.Join(s.dir, filepath.FromSlash(key))
	}
	return s.address + "/" + key
}

func (s *Store) readRecord(ctx context.Context, key string, into any) error {
	data, err := s.bucket.ReadAll(ctx, key)
	if err != nil {
		return missing(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s is damaged: %w", s.at(key), err)
	}
	return nil
}

func (s *Store) writeRecord(ctx context.Context, key string, record any, once bool) error {
	data, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return s.put(ctx, key, once, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
}

const (
	// partSize is how much of a document is held while it is written to a bucket, and the least that S3 takes as a part.
	partSize = 5 << 20
	lineKind = "application/x-ndjson"
)

// put writes an object whole or not at all. Once says that one that is there stays, with an error of FailedPrecondition.
func (s *Store) put(ctx context.Context, key string, once bool, write func(io.Writer) error) error {
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	var file *os.File
	w, err := s.bucket.NewWriter(writing, key, &blob.WriterOptions{
		// With a kind nothing is buffered to find it out, so that BeforeWrite is called at once.
		ContentType: lineKind, BufferSize: partSize, MaxConcurrency: 1, IfNotExist: once,
		BeforeWrite: func(as func(any) bool) error {
			if s.dir == "" || !as(&file) {
				return nil
			}
			return file.Chmod(fileMode) // fileblob leaves it to the umask
		},
	})
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil && file != nil {
		err = file.Sync() // or a power failure could leave an empty file under the final name
	}
	if err != nil {
		cancel()
		return errors.Join(err, ignoreCanceled(w.Close()))
	}
	return w.Close()
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) || gcerrors.Code(err) == gcerrors.Canceled {
		return nil
	}
	return err
}

// missing makes an error that says that there is no such object one of fs.ErrNotExist.
func missing(err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}

// Delete removes everything of a studio.
func (s *Store) Delete(ctx context.Context, studio string) error {
	if err := plainName(studio); err != nil {
		return fmt.Errorf("delete what is stored of a studio: %w", err)
	}
	err := s.each(ctx, studio+"/", func(object *blob.ListObject) error { return s.remove(ctx, object.Key) })
	if err == nil && s.dir != "" {
		err = os.RemoveAll(filepath.Join(s.dir, studio))
	}
	if err != nil {
		return fmt.Errorf("delete what is stored of %s in %s: %w", studio, s.address, err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, key string) error {
	err := s.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound { // somebody else did
		return nil
	}
	return err
}

// each lists what is below a prefix, and may remove it.
func (s *Store) each(ctx context.Context, prefix string, do func(*blob.ListObject) error) error {
	objects := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(object)
		}
		if err != nil {
			return err
		}
	}
}

// plainName refuses what could leave the place of a studio or a document.
func plainName(name string) error {
	plain := name != "" && name[0] != '.' && path.Base(name) == name
	for _, c := range name {
		plain = plain && (c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
	}
	if !plain {
		return fmt.Errorf("%q is not a plain name", name)
	}
	return nil
}
