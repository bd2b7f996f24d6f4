#!/bin/sh
# Builds Telegraf v1.30.0 from its Go module into the cache, with only the plugins that the
# end-to-end benchmark needs: MQTT and JSON in, a file out. The gateway itself does not need it.
# Takes some minutes the first time and nothing after that; may be interrupted and run again.
#
#  telegraf.sh       build it if it is missing
#  telegraf.sh -n    only say whether it is missing; exit 1 if so
set -eu
. "$(dirname "$0")/module.sh"
module "${1:-}" telegraf v1.30.0 github.com/influxdata/telegraf 'Telegraf v1.30.0 for the benchmark' \
  -tags custom,inputs.mqtt_consumer,outputs.file,parsers.json,serializers.influx,serializers.json
