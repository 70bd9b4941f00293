#!/bin/sh
# Starts Temporal with the configuration that is inside the server, which takes its values from variables.
set -eu

own=$(hostname -i | cut -d' ' -f1)
: "${BIND_ON_IP:=$own}"
if [ "$BIND_ON_IP" = 0.0.0.0 ]; then
	# Members of the cluster have to be told an address that reaches this one.
	export TEMPORAL_BROADCAST_ADDRESS="${TEMPORAL_BROADCAST_ADDRESS:-$own}"
fi
export BIND_ON_IP
exec temporal-server start
