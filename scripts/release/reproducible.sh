#!/usr/bin/env bash
# Builds programs twice, in two folders, and compares them byte by byte: scripts/release/reproducible.sh [PROGRAM…] (default: worker starter).
# Both builds are of the last commit. The second one has a build cache of its own, so that it compiles everything anew, which
# takes minutes; other umask, time zone and language; and a longer path. REVISION=v1.2.3 builds another commit; NEW_CACHE=no is quick and
# proves less: that folder and surroundings don't matter.
set -euo pipefail
cd "$(dirname "$0")/../.."

programs=("$@")
[ ${#programs[@]} -gt 0 ] || programs=(worker starter)
revision=$(git rev-parse --verify "${REVISION:-HEAD}^{commit}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build FOLDER CACHE: clones into the folder, builds into bin beside it.
build() {
  git clone --quiet --no-hardlinks . "$work/$1/source"
  git -C "$work/$1/source" checkout --quiet --detach "$revision"
  for program in "${programs[@]}"; do
    (
      cd "$work/$1/source"
      if [ -n "$2" ]; then
        umask 0077
        export GOCACHE="$2" TZ=Pacific/Auckland LC_ALL=C
      fi
      CGO_ENABLED=0 GOFLAGS= GOWORK=off go build -trimpath -buildvcs=true -ldflags='-s -w' -o "$work/$1/bin/$program" "./$program"
    )
  done
}

cache=$work/cache
[ "${NEW_CACHE:-yes}" = yes ] || cache=$(go env GOCACHE)
mkdir -p "$cache"

started=$SECONDS
build first ""
echo "first build: $((SECONDS - started)) s"
started=$SECONDS
build second/with/a/longer/path "$cache"
echo "second build: $((SECONDS - started)) s"

failed=0
for program in "${programs[@]}"; do
  first=$(sha256sum <"$work/first/bin/$program" | cut -d' ' -f1)
  second=$(sha256sum <"$work/second/with/a/longer/path/bin/$program" | cut -d' ' -f1)
  size=$(wc -c <"$work/first/bin/$program")
  if [ "$first" = "$second" ]; then
    printf '%-12s %10d bytes  sha256 %s  the same twice\n' "$program" "$size" "$first"
  else
    printf '%-12s differs: %s and %s → compare with go tool buildid, go version -m\n' "$program" "$first" "$second" >&2
    failed=1
  fi
done
exit $failed
