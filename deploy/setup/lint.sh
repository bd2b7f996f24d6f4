#!/bin/sh
# Runs golangci-lint at the version below; builds it into the cache the first time (2 minutes).
set -eu
. "$(dirname "$0")/module.sh"
program golangci-lint v2.15.0 github.com/golangci/golangci-lint/v2/cmd/golangci-lint
cd "$here"
exec "$bin" run ./...
