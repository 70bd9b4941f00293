package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	clusterName = "active"
	storeName   = "sqlite-default"
)

// services names the server's parts, and which of the reserved addresses each listens on.
func services() map[primitives.ServiceName]int {
	return map[primitives.ServiceName]int{
		primitives.FrontendService: 0,
		primitives.HistoryService:  2,
		primitives.MatchingService: 3,
		primitives.WorkerService:   4,
		// The server's own workers and services call this frontend, which asks for their certificate and for no key.
		primitives.InternalFrontendService: 5,
	}
}

func serverConfig(sql *config.SQL, addresses []string) (*config.Config, error) {
	frontend := addresses[0]
	cfg := &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: "127.0.0.1"},
		},
		Persistence: config.Persistence{
			DefaultStore:    storeName,
			VisibilityStore: storeName,
			// Fixed for the life of a database.
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            map[string]config.Service{},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
	}
	for name, i := range services() {
		host, portText, err := net.SplitHostPort(addresses[i])
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(portText)
		if err != nil {
			return nil, err
		}
		cfg.Services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: number, BindOnIP: host}}
	}
	return cfg, nil
}

// staticHosts spares the parts of the server a membership protocol: there is one of each.
func staticHosts(addresses []string) map[primitives.ServiceName]static.Hosts {
	hosts := make(map[primitives.ServiceName]static.Hosts)
	for name, i := range services() {
		hosts[name] = static.SingleLocalHost(addresses[i])
	}
	return hosts
}

// dynamicConfig is what suits a server with one user: answers without caching delays, and no limits meant for many.
func dynamicConfig() dynamicconfig.Client {
	return dynamicconfig.StaticClient{
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key():      true,
		dynamicconfig.ForceNexusEndpointRefreshOnRead.Key():              true,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                    10000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                     45000,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 8096,
		// Whoever is refused is told where the key is.
		dynamicconfig.ExposeAuthorizerErrors.Key(): true,
		// The server would ask Temporal's servers for news of versions, with an account of itself.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
}

// ready waits until the server answers for the namespace and knows the search attributes, registering those that a
// database made by an earlier version of this program lacks.
func ready(ctx context.Context, address, key string, attributes map[string]enums.IndexedValueType) error {
	c, err := client.NewLazyClient(client.Options{
		HostPort: address, Namespace: Namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		Credentials: client.NewAPIKeyStaticCredentials(key), ConnectionOptions: client.ConnectionOptions{TLSDisabled: true},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		err := serving(ctx, c, attributes)
		if err == nil {
			return nil
		}
		if pauseErr := pause(ctx, 20*time.Millisecond); pauseErr != nil {
			return fmt.Errorf("it does not answer: %w", errors.Join(pauseErr, err))
		}
	}
}

func serving(ctx context.Context, c client.Client, attributes map[string]enums.IndexedValueType) error {
	if _, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: Namespace}); err != nil {
		return err
	}
	known, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: Namespace})
	if err != nil {
		return err
	}
	missing := make(map[string]enums.IndexedValueType)
	for name, kind := range attributes {
		if _, ok := known.CustomAttributes[name]; !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: Namespace, SearchAttributes: missing})
	var exists *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return err
	}
	return fmt.Errorf("%d search attributes are being registered", len(missing))
}
