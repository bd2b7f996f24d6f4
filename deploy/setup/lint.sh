#!/bin/sh
# Runs golangci-lint at the version below; builds it into the cache the first time (2 minutes).
set -eu
version=v2.15.0
here=$(cd "$(dirname "$0")/../.." && pwd)
bin=${GATEHOUSE_CACHE:-$here/.cache}/bin/golangci-lint-$version
if [ ! -x "$bin" ]; then
  echo "lint: building golangci-lint $version"
  mkdir -p "$(dirname "$bin")"
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' EXIT
  GOBIN=$tmp GOFLAGS=-mod=mod go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
  mv "$tmp/golangci-lint" "$bin"
fi
cd "$here"
exec "$bin" run ./...
