package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/api"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/headers"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
	"google.golang.org/grpc/metadata"

	"studio-onboarding/internal/localserver"
)

const authorizationHeader = "authorization"

// uiHandler is the Temporal UI as its own NewServer puts it together, less the listener and the log: that one listens by
// itself, ends the process when it can't, and lets nobody stand in front of it. Calls to the server carry the key.
func uiHandler(cfg *config.Config, key string) (http.Handler, error) {
	provider, err := config.NewConfigProviderWithRefresh(cfg)
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(middleware.Recover())
	e.Use(middleware.Gzip())
	e.Use(middleware.Secure())
	secure := !cfg.CORS.CookieInsecure
	e.Use(csrf.EnsureTokenCookie(secure))
	e.Use(middleware.CSRFWithConfig(csrf.MiddlewareConfig(provider, secure)))
	e.Pre(route.PublicPath(cfg.PublicPath))
	route.SetHealthRoute(e)
	withKey := func(echo.Context) runtime.ServeMuxOption {
		return runtime.WithMetadata(func(context.Context, *http.Request) metadata.MD {
			return metadata.Pairs(authorizationHeader, bearer+key)
		})
	}
	if err := route.SetAPIRoutes(e, provider, []api.Middleware{headers.WithForwardHeaders([]string{"Caller-Type"}), withKey}); err != nil {
		return nil, err
	}
	assets, err := ui.Assets()
	if err != nil {
		return nil, err
	}
	if assets, err = fs.Sub(assets, "local"); err != nil {
		return nil, err
	}
	route.SetUIRoutes(e, cfg.PublicPath, assets, provider)
	route.SetRenderRoute(e, "/")

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The download of a history takes the request's context for its own call, everything else what withKey says.
		ctx := metadata.AppendToOutgoingContext(r.Context(), authorizationHeader, bearer+key)
		r = r.WithContext(ctx)
		r.Header.Del(authorizationHeader)
		e.ServeHTTP(w, r)
	}), nil
}

// ownPages lets the pages of the UI in, and no others. A browser can be made to ask for them by any page of the web: under a
// name of its own that it lets point at this machine, or as a request to another site.
func ownPages(uiURL string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "80")
		}
		origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case !localserver.Loopback(host):
			refuse(w, "under the names of this machine only", uiURL)
		case origin != "" && !strings.EqualFold(origin, "http://"+r.Host), !reads && (site == "cross-site" || site == "same-site"):
			refuse(w, "its own pages only, and not those of other sites", uiURL)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refuse says nothing of what was asked for: the answer goes to a page that nobody knows.
func refuse(w http.ResponseWriter, how, uiURL string) {
	http.Error(w, "The Temporal UI answers "+how+" → open "+uiURL, http.StatusForbidden)
}

func (e *Engine) startUI(ctx context.Context, address, codec string) error {
	handler, err := uiHandler(&config.Config{
		TemporalGRPCAddress: e.address,
		EnableUI:            true,
		DefaultNamespace:    Namespace,
		Codec:               config.Codec{Endpoint: codec},
		CORS:                config.CORS{CookieInsecure: true},
		DisableNewsFetch:    true,
		HideLogs:            true,
	}, e.key)
	if err != nil {
		return err
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	e.ui = &http.Server{Handler: ownPages(e.uiURL, handler), ReadHeaderTimeout: 10 * time.Second}
	localserver.OwnUser(e.ui, "this Temporal UI")
	go func() {
		if err := e.ui.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			e.log.out.Error(fmt.Sprintf("the Temporal UI has ended: %v", err))
		}
	}()
	return nil
}
