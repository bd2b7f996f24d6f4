#!/bin/sh
# Builds GoAlert v0.34.1 from its Go module into the cache, as the peer of the benchmark of
# escalation. The gateway itself does not need it. Takes some minutes the first time and nothing
# after that; may be interrupted and run again.
#
#  goalert.sh       build it if it is missing
#  goalert.sh -n    only say whether it is missing; exit 1 if so
set -eu
. "$(dirname "$0")/module.sh"
module "${1:-}" goalert v0.34.1 github.com/target/goalert 'GoAlert v0.34.1 for the benchmark'
