#!/bin/sh
# Makes a cluster at the first start, as POSTGRES_USER and POSTGRES_PASSWORD say, and serves it to the network with passwords.
# POSTGRES_PASSWORD_FILE may name a file instead. As root it first gives the data to user postgres, and becomes that user.
set -eu

: "${PGDATA:=/var/lib/postgresql/data}" "${POSTGRES_USER:=postgres}"
export PGDATA
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$PGDATA" /run/postgresql
	chown -R postgres:postgres "$PGDATA" /run/postgresql
	chmod 0700 "$PGDATA"
	exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
	if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
		POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
	fi
	: "${POSTGRES_PASSWORD:?is needed for the first start}"
	password=$(mktemp)
	printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
	initdb --username="$POSTGRES_USER" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
	rm -f "$password"
	echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
	echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
	# The database that is named after the user, made before anybody can connect from outside.
	pg_ctl start --wait --options="-c listen_addresses=''"
	if [ "$POSTGRES_USER" != postgres ]; then
		createdb --username="$POSTGRES_USER" "${POSTGRES_DB:-$POSTGRES_USER}"
	fi
	pg_ctl stop --wait --mode=fast
fi
unset POSTGRES_PASSWORD
exec "$@"
