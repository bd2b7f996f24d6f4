#!/bin/sh
# Builds the linters (deploy/lint) into the cache and runs them; with packages as arguments, on those.
set -eu
. "$(dirname "$0")/module.sh"
bin=$cache/bin/gatehouse-lint
(cd "$here/deploy/lint" && GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -o "$bin" .)
cd "$here"
[ $# -gt 0 ] || set -- ./...
XDG_CACHE_HOME=$cache exec "$bin" "$@"
