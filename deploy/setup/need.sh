#!/bin/sh
# Says in one line if one of the two tools that set-up needs, Go and Node.js, is missing.
set -eu

go_want=1.26 node_want=20.19

# atleast HAVE WANT: compares dotted versions
atleast() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

ok=0
go_have=$(go env GOVERSION 2>/dev/null | sed 's/^go//') || go_have=
if [ -z "$go_have" ]; then
  echo "need: Go $go_want or newer is not there: unpack it from go.dev/dl into /usr/local and put /usr/local/go/bin into PATH" >&2; ok=1
elif ! atleast "$go_have" "$go_want"; then
  echo "need: Go is $go_have and $go_want is wanted: unpack a newer one from go.dev/dl into /usr/local" >&2; ok=1
fi
node_have=$(node --version 2>/dev/null | sed 's/^v//') || node_have=
if [ -z "$node_have" ] || ! command -v npm >/dev/null 2>&1; then
  echo "need: Node.js $node_want or newer with npm is not there: install it from nodejs.org or your distribution" >&2; ok=1
elif ! atleast "$node_have" "$node_want"; then
  echo "need: Node.js is $node_have and $node_want is wanted: install a newer one from nodejs.org" >&2; ok=1
fi
exit $ok
