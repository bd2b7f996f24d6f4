#!/bin/sh
# Builds Telegraf v1.30.0 from its Go module into the cache, with only the plugins that the
# benchmark of the whole way compares with: MQTT and JSON in, a file out. The gateway itself
# does not need it. Takes some minutes the first time and nothing after that; may be
# interrupted and run again.
#
#   telegraf.sh       build it where it is missing
#   telegraf.sh -n    only say whether it is missing; exit 1 if so
set -eu
version=v1.30.0
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${GATEHOUSE_CACHE:-$here/.cache}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
bin=$cache/bin/telegraf-$version

say() { printf 'telegraf: %s\n' "$*"; }

if [ -x "$bin" ]; then
  say "there, as $bin"
  exit 0
fi
if [ "${1:-}" = -n ]; then
  say "missing: $bin"
  exit 1
fi
say "building Telegraf $version for the benchmark; this takes some minutes, once"
mkdir -p "$(dirname "$bin")"
tmp=$(mktemp -d "$bin.part.XXXXXX") # beside it: the program appears whole, or not
trap 'chmod -R u+w "$tmp" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
# Its replace lines hold only for a main module, so it is built as one: in a copy of what the
# module cache has.
cd / # where no go.mod can interfere
GOFLAGS=-mod=mod go mod download "github.com/influxdata/telegraf@$version"
cp -r "$(go env GOMODCACHE)/github.com/influxdata/telegraf@$version" "$tmp/src"
chmod -R u+w "$tmp/src"
cd "$tmp/src"
CGO_ENABLED=0 GOFLAGS= go build -mod=mod -buildvcs=false -trimpath \
  -tags custom,inputs.mqtt_consumer,outputs.file,parsers.json,serializers.influx,serializers.json \
  -o "$tmp/telegraf" ./cmd/telegraf
mv "$tmp/telegraf" "$bin"
say "done, as $bin"
