#!/bin/bash
# The life of the Compose cluster against the simulated clouds, from nothing: an onboarding; down and up again; deaths of one container and
# of two at once in the middle of onboardings; PostgreSQL away for a minute; the worker's image replaced; two workers; backup and restore;
# a full disk. After each it says whether the run ended, everybody could sign in as its report says, nothing was made twice, and the
# world is as the one of the undisturbed run.
#
#   scripts/compose/session.sh [SCENARIO...] # default: all
#
# REFERENCE may name the shape of an earlier undisturbed run, which KEEP names a file for: then the first two are left out unless asked for.
# It uses the images that are there, ports of its own, and the project name in PROJECT (default: studio-session), which it takes down
# with its volumes. COMPOSE is the command (default: docker compose, else docker-compose). LOG gets what is said. It needs root.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
PROJECT=${PROJECT:-studio-session}
LOG=${LOG:-/dev/null}
work=$(mktemp -d)
if [ -z "${COMPOSE:-}" ]; then
	COMPOSE="docker compose"
	docker compose version >/dev/null 2>&1 || COMPOSE=docker-compose
fi
export TEMPORAL_PORT=${TEMPORAL_PORT:-17233} TEMPORAL_UI_PORT=${TEMPORAL_UI_PORT:-18080}
export SANDBOX_PORT=${SANDBOX_PORT:-18900} CODEC_PORT=${CODEC_PORT:-18234}
export SECRETS_DIR=$work/secrets POSTGRES_PASSWORD=of-this-session
failures=0
mkdir -p "$SECRETS_DIR" "$work/examples"
chown 65532:65532 "$SECRETS_DIR"
chmod 0700 "$SECRETS_DIR"

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*" | tee -a "$LOG"; }
compose() { (cd "$root" && $COMPOSE -p "$PROJECT" --env-file .env.example ${OVERRIDE:+-f docker-compose.yml -f "$OVERRIDE"} "$@"); }
quiet() { "$@" >>"$work/compose.log" 2>&1; }
containers() { docker ps -q --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.service=$1"; }

finish() {
	for id in $(docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" --filter label=com.docker.compose.oneoff=True); do
		docker rm -f "$id" >/dev/null # an operator that is still at work
	done
	quiet compose down --volumes --timeout 20 || true
	for image in worker starter standalone; do
		docker rmi "studio-onboarding-$image:$PROJECT" >/dev/null 2>&1 || true
	done
	if [ -n "${SMALL:-}" ]; then umount "$SMALL" 2>/dev/null || true; fi
	if [ "$failures" = 0 ]; then rm -rf "$work"; else say "what the commands said: $work"; fi
}
trap finish EXIT

fail() {
	say "  WRONG: $*"
	failures=$((failures + 1))
}

# die SERVICE: kills its process as the kernel would, so that Docker's restart policy has to bring it back.
die() {
	for id in $(containers "$1"); do
		kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$id")"
		say "  killed $1"
	done
}

# until_ok SECONDS COMMAND...
until_ok() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.5
	done
}

all_healthy() {
	local service id
	for service in postgresql temporal temporal-ui codec worker sandbox; do
		[ -n "$(containers $service)" ] || return 1
		for id in $(containers $service); do
			[ "$(docker inspect -f '{{.State.Health.Status}}' "$id")" = healthy ] || return 1
		done
	done
}

up() {
	local from=$SECONDS
	quiet compose up -d "$@" || fail "up: $(tail -n 3 "$work/compose.log")"
	until_ok 180 all_healthy || fail "not all services are healthy: $(docker ps --filter "label=com.docker.compose.project=$PROJECT" \
		--format '{{.Names}} {{.Status}}')"
	say "  up and healthy after $((SECONDS - from)) s"
}

starter() { compose run --rm --no-deps -T -e TEMPORAL_ADDRESS=temporal:7233 codec "$@"; }

# calls: how many requests the world has answered. made: how many of them made something.
calls() { curl -sf "http://127.0.0.1:$SANDBOX_PORT/sandbox/calls" | wc -l; }
made() { curl -sf "http://127.0.0.1:$SANDBOX_PORT/sandbox/calls" | grep -c '"effect":"created"' || true; }
made_at_least() { [ "$(made)" -ge "$1" ]; }

# shape: the world without what differs from run to run: times, identifiers, and the name of the studio.
shape() {
	curl -sf "http://127.0.0.1:$SANDBOX_PORT/sandbox/state" | python3 "$root/scripts/compose/shape.py" "$1"
}

# begin NAME: a new world, and a run of this name with its operator, in the background.
begin() {
	rm -f "$SECRETS_DIR"/* # the directory stays: containers have it mounted
	# A new worker too: sessions of assumed roles belong to the old world.
	quiet compose up -d --no-deps --force-recreate --scale "worker=${WORKERS:-1}" sandbox worker
	until_ok 120 all_healthy || fail "not everything is healthy with the new world"
	sed "s/^name: .*/name: $1/" "$root/examples/data-science.yaml" >"$work/examples/$1.yaml"
	compose run --rm --no-deps -T -v "$work/examples:/specs:ro" operator operate --start --file "/specs/$1.yaml" \
		--sandbox http://sandbox:8900 --secrets /run/secrets/studio-onboarding >"$work/$1.log" 2>&1 &
	operator=$!
	began=$SECONDS
}

# end NAME: waits for the operator's verdict, and compares the world.
end() {
	if wait "$operator"; then
		say "  done after $((SECONDS - began)) s: $(grep -E 'people tried' "$work/$1.log")"
		say "  $(grep -E 'calls to Okta and AWS' "$work/$1.log")"
	else
		fail "the run $1: $(tail -n 5 "$work/$1.log")"
	fi
	shape "$1" >"$work/$1.shape"
	if [ ! -e "$work/reference.shape" ]; then
		cp "$work/$1.shape" "$work/reference.shape"
		[ -z "${KEEP:-}" ] || cp "$work/$1.shape" "$KEEP"
		say "  the world is kept to compare the others with: $(wc -l <"$work/$1.shape") kinds of things"
	elif cmp -s "$work/$1.shape" "$work/reference.shape"; then
		say "  the world is that of the undisturbed run"
	else
		fail "the world differs: $(diff "$work/reference.shape" "$work/$1.shape" | head -n 6)"
	fi
}

forget() {
	quiet starter forget "$1" --confirm "$1" || fail "forget $1: $(tail -n 3 "$work/compose.log")"
}

scenario_calm() {
	say "up from nothing"
	up
	say "an onboarding without trouble"
	begin calm
	end calm
}

scenario_again() {
	say "down, and up again"
	quiet compose down --timeout 60
	up
	starter list >"$work/list" 2>&1 || true
	grep -q calm "$work/list" || fail "the studio is gone: $(cat "$work/list")"
	starter report calm >"$work/report" 2>&1 || fail "no report: $(cat "$work/report")"
	say "  the studio and its report are there: $(grep -m 1 calm "$work/list")"
	forget calm
}

# disturbed NAME AFTER COMMAND...: an onboarding, and once AFTER things are made the command.
disturbed() {
	local name=$1 after=$2
	shift 2
	begin "$name"
	until_ok 300 made_at_least "$after" || fail "$name never made $after things"
	"$@"
	end "$name"
	forget "$name"
}

scenario_kill() {
	local service after=4
	for service in ${KILL:-worker temporal postgresql codec temporal-ui}; do
		say "$service dies after $after things were made"
		disturbed "kill-$service" $after die $service
		until_ok 120 all_healthy || fail "not everything came back"
		after=$((after + 12))
	done
}

scenario_kill_two() {
	two() { die "$1"; die "$2"; }
	say "worker and temporal die at once"
	disturbed kill-worker-temporal 20 two worker temporal
	say "temporal and postgresql die at once"
	disturbed kill-temporal-postgresql 30 two temporal postgresql
	until_ok 120 all_healthy || fail "not everything came back"
}

scenario_database_away() {
	away() {
		quiet compose stop postgresql
		say "  postgresql stopped"
		sleep 60
		quiet compose start postgresql
		say "  postgresql started"
	}
	say "PostgreSQL is stopped for a minute"
	disturbed database-away 10 away
	until_ok 120 all_healthy || fail "not everything came back"
}

scenario_upgrade() {
	upgrade() {
		local image before after
		before=$(containers worker)
		image=$(docker inspect -f '{{.Config.Image}}' "$before")
		printf 'FROM %s\nLABEL upgrade=%s\n' "$image" "$(date +%s)" | quiet docker build --tag "$image" -
		quiet compose up -d --no-deps worker
		after=$(containers worker)
		[ "$before" != "$after" ] || fail "the worker was not replaced"
		say "  the worker runs from a new image"
	}
	say "the worker's image is replaced in the middle of a run"
	disturbed upgrade 14 upgrade
}

scenario_two_workers() {
	one() {
		local id
		id=$(containers worker | head -n 1)
		kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$id")"
		say "  killed one of $(containers worker | wc -l) workers"
	}
	say "two workers with the common store, one of which dies"
	WORKERS=2 disturbed two-workers 10 one
}

scenario_backup() {
	say "backup, everything lost, restore"
	begin backup
	end backup
	starter report backup >"$work/before" 2>&1
	compose exec -T postgresql pg_dumpall --clean --if-exists -U temporal >"$work/temporal.sql"
	local postgres
	postgres=$(docker inspect -f '{{.Config.Image}}' "$(containers postgresql)")
	docker run --rm -v "${PROJECT}_keys:/keys:ro" -v "${PROJECT}_people:/people:ro" -v "$work:/backup" \
		--entrypoint tar "$postgres" -C / -cf /backup/volumes.tar keys people
	say "  $(wc -c <"$work/temporal.sql") bytes of SQL, $(wc -c <"$work/volumes.tar") of keys and lists"
	# The simulated clouds live on, as the real ones would.
	quiet compose stop worker codec temporal-ui temporal postgresql
	quiet compose rm -f worker codec temporal-ui temporal postgresql temporal-schema temporal-namespace payload-keys
	docker volume rm "${PROJECT}_postgresql" "${PROJECT}_keys" "${PROJECT}_people" >/dev/null
	quiet compose up -d postgresql
	until_ok 60 compose exec -T postgresql pg_isready -U temporal
	compose exec -T postgresql psql -q -U temporal -d postgres <"$work/temporal.sql" >"$work/restore.log" 2>&1 ||
		fail "restore: $(tail -n 3 "$work/restore.log")"
	docker run --rm -v "${PROJECT}_keys:/keys" -v "${PROJECT}_people:/people" -v "$work:/backup:ro" \
		--entrypoint tar "$postgres" -C / -xpf /backup/volumes.tar
	up
	starter report backup >"$work/after" 2>&1 || true
	cmp -s "$work/before" "$work/after" || fail "the report differs: $(diff "$work/before" "$work/after" | head -n 4)"
	say "  the report was compared with the one before"
	quiet starter access backup || fail "access after the restore: $(tail -n 3 "$work/compose.log")"
	say "  and the restored worker reads who has access"
	forget backup
}

scenario_disk_full() {
	say "the disk of the database is full for half a minute"
	quiet compose down --volumes --timeout 20
	SMALL=$work/small
	mkdir -p "$SMALL"
	mount -t tmpfs -o size=400m tmpfs "$SMALL"
	mkdir "$SMALL/data"
	OVERRIDE=$work/small.yml
	printf 'volumes:\n  postgresql:\n    driver_opts: {type: none, o: bind, device: "%s"}\n' "$SMALL/data" >"$OVERRIDE"
	fill() {
		dd if=/dev/zero of="$SMALL/ballast" bs=1M >/dev/null 2>&1 || true
		say "  full: $(df -h "$SMALL" | tail -n 1)"
		sleep 30
		say "  PostgreSQL said: $(compose logs --no-color postgresql | grep -ciE 'no space left' || true) times that there is no space left"
		rm "$SMALL/ballast"
		say "  room again"
	}
	up
	disturbed disk-full 14 fill
	until_ok 120 all_healthy || fail "not everything came back"
}

# Images of its own name, so that replacing one disturbs nobody else.
for image in worker starter standalone; do
	docker tag "studio-onboarding-$image:${STUDIO_TAG:-local}" "studio-onboarding-$image:$PROJECT"
done
export STUDIO_TAG=$PROJECT
quiet compose down --volumes --timeout 20 || true
wanted=("$@")
[ $# -gt 0 ] || wanted=(calm again kill kill_two database_away upgrade two_workers backup disk_full)
if [ -n "${REFERENCE:-}" ]; then
	cp "$REFERENCE" "$work/reference.shape"
	say "up from nothing"
	up
elif [ "${wanted[0]}" != calm ]; then
	wanted=(calm again "${wanted[@]}")
fi
for scenario in "${wanted[@]}"; do
	"scenario_$scenario"
done
say "$failures things were wrong"
[ "$failures" = 0 ]
