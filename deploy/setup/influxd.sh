#!/bin/sh
# Builds InfluxDB 1.8.10 from its Go module into the cache, as the server for the tests of
# gateway/follow/telemetry/influx. The gateway itself does not need it. Takes some minutes the first
# time and nothing after that; may be interrupted and run again.
#
#  influxd.sh       build it if it is missing
#  influxd.sh -n    only say whether it is missing; exit 1 if so
set -eu
. "$(dirname "$0")/module.sh"
module "${1:-}" influxd v1.8.10 github.com/influxdata/influxdb 'InfluxDB v1.8.10 for the tests'
