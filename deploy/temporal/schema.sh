#!/bin/sh
# Makes or updates Temporal's databases. Every command does nothing where its work is done, so it may run at every start.
# temporal-sql-tool takes plugin, host, port, user and password from SQL_* variables.
set -eu

schema=/etc/temporal/schema/postgresql/v12

prepare() {
	database=$1
	versions=$2
	echo "Database $database: create, set up, update"
	temporal-sql-tool --db "$database" create
	temporal-sql-tool --db "$database" setup-schema -v 0.0
	temporal-sql-tool --db "$database" update-schema -d "$versions"
}

prepare temporal "$schema/temporal/versioned"
prepare temporal_visibility "$schema/visibility/versioned"
echo "The databases are ready"
