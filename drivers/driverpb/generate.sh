#!/bin/sh
# Writes the Go code that protoc generates from driver.proto into this folder, or into the folder
# given, as the test does that compares. protoc is Debian's (deploy/setup/debian.sh test); its
# plugins are Go programs, one of the module of protobuf that the gateway is linked with.
set -eu
. "$(dirname "$0")/../../deploy/setup/module.sh"
command -v protoc >/dev/null 2>&1 || {
  echo 'generate: no protoc; deploy/setup/debian.sh test installs it' >&2
  exit 1
}
from=$here/drivers/driverpb
into=${1:-$from}
program protoc-gen-go-grpc v1.6.2 google.golang.org/grpc/cmd/protoc-gen-go-grpc
grpc=$bin
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
(cd "$here" && CGO_ENABLED=0 go build -o "$tmp/protoc-gen-go" google.golang.org/protobuf/cmd/protoc-gen-go)
protoc -I "$from" \
  --plugin=protoc-gen-go="$tmp/protoc-gen-go" --plugin=protoc-gen-go-grpc="$grpc" \
  --go_out="$into" --go_opt=paths=source_relative \
  --go-grpc_out="$into" --go-grpc_opt=paths=source_relative \
  driver.proto
