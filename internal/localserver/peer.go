package localserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/user"
	"time"
)

// foreignKey is the key of a connection's context under which the name of another user is.
type foreignKey struct{}

// OwnUser has an HTTP server on a loopback address serve the user who runs it, and root, and answer everybody else's programs
// with 403. Who holds the other end of a connection is something that Linux tells; elsewhere, and where /proc is closed, everybody
// on the machine is served. what is the server's name in the refusal. Call it before the server serves.
func OwnUser(server *http.Server, what string) {
	if !told() {
		return
	}
	next := server.Handler
	server.ConnContext = func(ctx context.Context, connection net.Conn) context.Context {
		switch uid, found := peer(connection); {
		case found && (uid == 0 || uid == os.Geteuid()):
			return ctx
		case !found:
			return context.WithValue(ctx, foreignKey{}, "a program that is gone already")
		default:
			return context.WithValue(ctx, foreignKey{}, "user "+userName(uid))
		}
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who, foreign := r.Context().Value(foreignKey{}).(string); foreign {
			http.Error(w, fmt.Sprintf("%s belongs to user %s, and this request comes from %s → ask that user, or run your own", what,
				userName(os.Geteuid()), who), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// told says whether this system tells who holds the other end of a connection, by trying it on one of our own.
func told() bool {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false
	}
	defer listener.Close()
	ours, err := net.DialTimeout("tcp", listener.Addr().String(), time.Second)
	if err != nil {
		return false
	}
	defer ours.Close()
	accepted, err := listener.Accept()
	if err != nil {
		return false
	}
	defer accepted.Close()
	uid, found := peer(accepted)
	return found && uid == os.Geteuid()
}

func userName(uid int) string {
	id := fmt.Sprint(uid)
	if known, err := user.LookupId(id); err == nil {
		return known.Username
	}
	return id
}
