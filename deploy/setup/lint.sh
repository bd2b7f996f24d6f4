#!/bin/sh
# Runs golangci-lint at the version below; builds it into the cache the first time (2 minutes).
set -eu
. "$(dirname "$0")/module.sh"
version=v2.15.0
bin=$cache/bin/golangci-lint-$version
if [ ! -x "$bin" ]; then
  echo "lint: building golangci-lint $version"
  part
  GOBIN=$tmp GOFLAGS=-mod=mod go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
  mv "$tmp/golangci-lint" "$bin"
  rmdir "$tmp" # exec below runs no trap
fi
cd "$here"
exec "$bin" run ./...
