#!/bin/sh
# Builds stand-ins for the images of docker-compose.yml and Dockerfile, under the same names and tags, where no image registry can be
# reached. scripts/compose/README.md says what they are made of and how they differ from the published ones.
#
#   scripts/compose/images.sh                 # those that the engine does not have yet
#   scripts/compose/images.sh --force NAME... # these again: base, postgres, server, admin-tools, ui, golang, distroless
#
# It needs root (debootstrap), Docker, Debian's package debootstrap, and the Go toolchain of go.mod.
# WORK (default: a directory in /var/tmp) keeps what was built; MIRROR is where Debian's packages come from (default: what apt uses).
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/scripts/compose/images
work=${WORK:-/var/tmp/studio-onboarding-images}
suite=bookworm
base=studio-onboarding-base:$suite
bin=$work/bin
force=false
wanted=

while [ $# -gt 0 ]; do
	case $1 in
	--force) force=true ;;
	-*) echo "usage: $0 [--force] [NAME...]" >&2; exit 2 ;;
	*) wanted="$wanted $1" ;;
	esac
	shift
done

say() { echo "images: $*" >&2; }
die() { say "$*"; exit 1; }

# want NAME IMAGE: whether to build it.
want() {
	case " $wanted " in
	"  ") ;;
	*" $1 "*) ;;
	*) return 1 ;;
	esac
	if ! $force && docker image inspect "$2" >/dev/null 2>&1; then
		say "$2 is there"
		return 1
	fi
	say "$2"
}

tag_of() { # tag_of FILE NAME: the image that FILE uses
	grep -Eo "$2:[A-Za-z0-9._-]+" "$root/$1" | head -n 1
}

mirror() {
	if [ -n "${MIRROR:-}" ]; then
		echo "$MIRROR"
		return
	fi
	apt-get indextargets --format '$(SITE)/ $(RELEASE) $(REPO_URI)' | awk -v suite=$suite '$2 == suite { print $3; exit }'
}

# system DIR PACKAGES: a minimal Debian system.
system() {
	[ "$(id -u)" = 0 ] || die "debootstrap needs root"
	command -v debootstrap >/dev/null || die "install Debian's package debootstrap"
	from=$(mirror)
	[ -n "$from" ] || die "apt has no source for $suite: say in MIRROR where Debian's packages are"
	rm -rf "$1"
	debootstrap --variant=minbase --include="$2" $suite "$1" "$from" >"$1.log" 2>&1 || die "debootstrap failed, see $1.log"
	rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/* "$1"/usr/share/doc/* "$1"/usr/share/man/*
}

# imported DIR IMAGE: the tree as an image of one layer.
imported() { tar -C "$1" --numeric-owner --one-file-system -c . | docker import --change 'CMD ["/bin/sh"]' - "$2" >/dev/null; }

# program NAME PACKAGE [MODULE@VERSION]: a static binary from the modules that go.mod pins, or from one more beside them. Where go.sum
# lacks what only that program needs, a copy of go.mod outside the tree takes it.
program() {
	[ -x "$bin/$1" ] && ! $force && return
	mod=$work/modules-$1
	mkdir -p "$bin" "$mod"
	cp "$root/go.mod" "$root/go.sum" "$mod/"
	(
		cd "$mod"
		if [ -n "${3:-}" ]; then
			go mod edit -require="$3"
			# These would raise what the server is built with, and with it what the build cache holds.
			for version in github.com/gorilla/securecookie@v1.1.2 github.com/prometheus/client_golang@v1.21.1 \
				github.com/prometheus/common@v0.63.0 go.opentelemetry.io/otel/exporters/prometheus@v0.57.0; do
				go mod edit -exclude="$version"
			done
			# It was written for older modules: five lines speak of what has another name by now. None is of a command that is used here.
			rm -rf source
			cp -r "$(GOFLAGS=-mod=mod go list -m -f '{{.Dir}}' "${3%@*}")" source
			chmod -R u+w source
			sed -i -e 's/callbacks.AllowedAddresses.Key()/dynamicconfig.MakeKey("component.callbacks.allowedAddresses")/' \
				-e '/server\/components\/callbacks"/d' -e 's/dynamicconfig.Key(k)/dynamicconfig.MakeKey(k)/' source/temporalcli/devserver/server.go
			sed -i -e '/GetProcessKey()/d' source/temporalcli/commands.worker.go
			sed -i -e 's/configFile, err = envconfig.Def/configFile = envconfig.Def/' \
				source/temporalcli/commands.config.go
			go mod edit -replace="${3%@*}=./source"
		fi
		export CGO_ENABLED=0 GOFLAGS='-mod=mod -buildvcs=false'
		go build -trimpath -ldflags='-s -w' -o "$bin/$1" "$2"
	)
}

# module_dir PATH: where the sources of a module of go.mod are.
module_dir() { (cd "$root" && go mod download "$1" && go list -m -f '{{.Dir}}' "$1"); }

# context NAME: an empty directory to build an image from.
context() {
	rm -rf "$work/context-$1"
	mkdir -p "$work/context-$1"
	echo "$work/context-$1"
}

build() { docker build --quiet --tag "$1" "$2" >/dev/null; }

image_base() {
	system "$work/base" ca-certificates,tzdata,netcat-openbsd
	imported "$work/base" "$base"
}

need_base() { docker image inspect "$base" >/dev/null 2>&1 || image_base; }

image_postgres() {
	system "$work/postgres" ca-certificates,tzdata,postgresql-15
	# The cluster that the package makes is not the image's.
	rm -rf "$work/postgres"/var/lib/postgresql/15 "$work/postgres"/etc/postgresql/15
	imported "$work/postgres" studio-onboarding-base:postgres
	at=$(context postgres)
	cp "$here/entrypoint-postgres.sh" "$at/docker-entrypoint.sh"
	cat >"$at/Dockerfile" <<-'END'
		FROM studio-onboarding-base:postgres
		COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
		ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin
		ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
		RUN usermod --uid 999 postgres && groupmod --gid 999 postgres && mkdir -p "$PGDATA" /run/postgresql \
			&& chown -R postgres:postgres /var/lib/postgresql /run/postgresql /var/log/postgresql && chmod 1777 "$PGDATA"
		VOLUME /var/lib/postgresql/data
		ENTRYPOINT ["docker-entrypoint.sh"]
		STOPSIGNAL SIGINT
		EXPOSE 5432
		CMD ["postgres"]
	END
	build "$1" "$at"
}

image_server() {
	need_base
	program temporal-server go.temporal.io/server/cmd/server
	at=$(context server)
	cp "$bin/temporal-server" "$at/"
	cp "$here/entrypoint-temporal.sh" "$at/entrypoint.sh"
	cat >"$at/Dockerfile" <<-END
		FROM $base
		RUN groupadd --gid 1000 temporal && useradd --uid 1000 --gid temporal --create-home temporal
		COPY temporal-server /usr/local/bin/
		COPY entrypoint.sh /etc/temporal/entrypoint.sh
		WORKDIR /etc/temporal
		USER temporal
		CMD ["/etc/temporal/entrypoint.sh"]
	END
	build "$1" "$at"
}

image_admin_tools() {
	need_base
	program temporal-sql-tool go.temporal.io/server/cmd/tools/sql
	program temporal github.com/temporalio/cli/cmd/temporal github.com/temporalio/cli@v1.5.1
	at=$(context admin-tools)
	cp "$bin/temporal-sql-tool" "$bin/temporal" "$at/"
	mkdir -p "$at/schema"
	cp -r "$(module_dir go.temporal.io/server)/schema/postgresql" "$at/schema/"
	chmod -R u+w,a+rX "$at/schema"
	cat >"$at/Dockerfile" <<-END
		FROM $base
		RUN groupadd --gid 1000 temporal && useradd --uid 1000 --gid temporal --create-home temporal
		COPY temporal-sql-tool temporal /usr/local/bin/
		COPY schema /etc/temporal/schema
		USER temporal
		CMD ["sh", "-c", "trap exit INT HUP TERM; sleep infinity & wait"]
	END
	build "$1" "$at"
}

image_ui() {
	need_base
	program ui-server github.com/temporalio/ui-server/v2/cmd/server
	at=$(context ui)
	cp "$bin/ui-server" "$at/"
	cp "$(module_dir github.com/temporalio/ui-server/v2)/config/docker.yaml" "$at/"
	chmod u+w,a+r "$at/docker.yaml"
	cat >"$at/Dockerfile" <<-END
		FROM $base
		RUN groupadd --gid 1000 temporal && useradd --uid 1000 --gid temporal --create-home temporal
		WORKDIR /home/ui-server
		COPY ui-server ./
		COPY docker.yaml config/docker.yaml
		USER temporal
		EXPOSE 8080
		ENTRYPOINT ["./ui-server", "--env", "docker", "start"]
	END
	build "$1" "$at"
}

# The compiler, with the modules of go.mod and with what of the build cache the programs of the Dockerfile need: a build without the
# network takes a minute instead of twenty.
image_golang() {
	need_base
	version=go${1##*:}
	[ "$(go env GOVERSION)" = "$version" ] || die "$1 is made of the installed Go, which is $(go env GOVERSION), not $version"
	at=$(context golang)
	cp -r "$(go env GOROOT)" "$at/go"
	rm -rf "$at/go/test" "$at/go/api" "$at/go/doc"
	(cd "$root" && go mod download)
	(
		cd "$root"
		proxy=file://$(go env GOMODCACHE)/cache/download
		GOMODCACHE=$at/mod GOPROXY=$proxy GOFLAGS=-modcacherw go mod download
	)
	say "the build cache of worker, starter and standalone"
	(
		cd "$root"
		export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
		cache=$(go env GOCACHE)
		# Building here fills the host's cache; then what it used is copied: an archive has a file NAME-d, and an entry NAME-a that names it.
		go list -export -deps -trimpath -f '{{.Export}}' ./worker ./starter ./standalone |
			sed -n 's|.*/\([0-9a-f]*-d\)$|\1|p' | sort -u >"$work/archives"
		find "$cache" -name '*-a' -type f -exec grep -H . {} + | awk -v archives="$work/archives" '
			BEGIN { while ((getline line < archives) > 0) { sub(/-d$/, "", line); known[line] = 1 } }
			{ split($1, head, ":"); if ($3 in known) { print head[1] } }' >"$work/entries"
		sed "s|^\(..\)\(.*\)$|$cache/\1/\1\2|" "$work/archives" | cat - "$work/entries" | while read -r file; do
			mkdir -p "$at/build/$(basename "$(dirname "$file")")"
			cp -p "$file" "$at/build/$(basename "$(dirname "$file")")/"
		done
		for i in $(seq 0 255); do mkdir -p "$at/build/$(printf %02x "$i")"; done
	)
	cat >"$at/Dockerfile" <<-END
		FROM $base
		COPY go /usr/local/go
		COPY mod /go/pkg/mod
		COPY build /go/build
		ENV GOPATH=/go GOCACHE=/go/build GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOFLAGS=-buildvcs=false
		ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		WORKDIR /go
	END
	build "$1" "$at"
}

image_distroless() {
	need_base
	at=$(context distroless)
	mkdir -p "$at/tree/etc/ssl/certs" "$at/tree/usr/share" "$at/tree/home/nonroot" "$at/tree/root" "$at/tree/tmp" "$at/tree/var/run"
	container=$(docker create "$base")
	docker cp "$container:/usr/share/zoneinfo" "$at/tree/usr/share/"
	docker cp "$container:/etc/ssl/certs/ca-certificates.crt" "$at/tree/etc/ssl/certs/"
	docker rm "$container" >/dev/null
	{
		echo root:x:0:0:root:/root:/sbin/nologin
		echo nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
		echo nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
	} >"$at/tree/etc/passwd"
	printf 'root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n' >"$at/tree/etc/group"
	printf 'hosts: files dns\n' >"$at/tree/etc/nsswitch.conf"
	chown -R 65532:65532 "$at/tree/home/nonroot"
	chmod 0700 "$at/tree/home/nonroot" "$at/tree/root"
	chmod 1777 "$at/tree/tmp"
	tar -C "$at/tree" --numeric-owner -c . | docker import \
		--change 'USER 65532' --change 'WORKDIR /home/nonroot' --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
		--change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$1" >/dev/null
}

mkdir -p "$work"
want base "$base" && image_base
image=$(tag_of docker-compose.yml postgres) && want postgres "$image" && image_postgres "$image"
image=$(tag_of docker-compose.yml temporalio/server) && want server "$image" && image_server "$image"
image=$(tag_of docker-compose.yml temporalio/admin-tools) && want admin-tools "$image" && image_admin_tools "$image"
image=$(tag_of docker-compose.yml temporalio/ui) && want ui "$image" && image_ui "$image"
image=$(tag_of Dockerfile golang) && want golang "$image" && image_golang "$image"
image=$(tag_of Dockerfile gcr.io/distroless/static-debian12) && want distroless "$image" && image_distroless "$image"
say "done"
