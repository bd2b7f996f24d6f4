#!/bin/sh
# Runs golangci-lint at the version below; builds it into the cache the first time (2 minutes).
set -eu
version=v2.15.0
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${GATEHOUSE_CACHE:-$here/.cache}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
bin=$cache/bin/golangci-lint-$version
if [ ! -x "$bin" ]; then
  echo "lint: building golangci-lint $version"
  mkdir -p "$(dirname "$bin")"
  tmp=$(mktemp -d "$bin.part.XXXXXX") # beside it: the program appears whole, or not
  trap 'rm -rf "$tmp"' EXIT
  trap 'exit 1' INT TERM
  GOBIN=$tmp GOFLAGS=-mod=mod go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
  mv "$tmp/golangci-lint" "$bin"
  rmdir "$tmp" # exec below runs no trap
fi
cd "$here"
exec "$bin" run ./...
