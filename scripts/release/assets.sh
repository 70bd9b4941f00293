#!/usr/bin/env bash
# Writes manual pages and completions of the three programs: scripts/release/assets.sh [DIR] (default: build/assets). goreleaser calls it
# before it packs. DIR/man1 has pages, compressed without a time stamp; DIR/completions has PROGRAM.bash, PROGRAM.zsh and PROGRAM.fish.
set -euo pipefail
cd "$(dirname "$0")/../.."

dir=${1:-build/assets}
rm -rf "$dir"
mkdir -p "$dir/man1" "$dir/completions"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT

for program in starter worker standalone; do
  CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags='-s -w' -o "$bin/$program" "./$program"
  # Defaults that depend on the home folder shouldn't be those of who makes the release.
  env -u XDG_CONFIG_HOME HOME=/home/you "$bin/$program" man "$dir/man1"
  for shell in bash zsh fish; do
    "$bin/$program" completion "$shell" >"$dir/completions/$program.$shell"
  done
done
# The pages of the completion command itself say nothing that its help doesn't.
rm -f "$dir"/man1/*-completion*.1
gzip -9n "$dir"/man1/*.1
