#!/bin/sh
# Builds InfluxDB 1.8.10 from its Go module into the cache: the real server that the tests
# of gateway/telemetry/influx write to. The gateway itself does not need it. Takes some
# minutes the first time and nothing after that; may be interrupted and run again.
#
#   influxd.sh       build it where it is missing
#   influxd.sh -n    only say whether it is missing; exit 1 if so
set -eu
version=v1.8.10
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${GATEHOUSE_CACHE:-$here/.cache}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
bin=$cache/bin/influxd-$version

say() { printf 'influxd: %s\n' "$*"; }

if [ -x "$bin" ]; then
  say "there, as $bin"
  exit 0
fi
if [ "${1:-}" = -n ]; then
  say "missing: $bin"
  exit 1
fi
say "building InfluxDB $version for the tests; this takes some minutes, once"
mkdir -p "$(dirname "$bin")"
tmp=$(mktemp -d "$bin.part.XXXXXX") # beside it: the program appears whole, or not
trap 'chmod -R u+w "$tmp" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
# Its replace and exclude lines hold only for a main module, so it is built as one: in a copy
# of what the module cache has.
cd / # where no go.mod can interfere
GOFLAGS=-mod=mod go mod download "github.com/influxdata/influxdb@$version"
cp -r "$(go env GOMODCACHE)/github.com/influxdata/influxdb@$version" "$tmp/src"
chmod -R u+w "$tmp/src"
cd "$tmp/src"
CGO_ENABLED=0 GOFLAGS= go build -mod=mod -buildvcs=false -trimpath -o "$tmp/influxd" ./cmd/influxd
mv "$tmp/influxd" "$bin"
say "done, as $bin"
