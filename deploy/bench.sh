#!/bin/sh
# The benchmarks, to be run after make build: one line a result on the screen, and the same as JSON
# in .cache/bench. They take about twenty minutes, ten of them for fleet. On a busy machine the
# results are worthless; the script warns.
#
#   bench.sh [mqtt] [whole] [alerts] [fleet] [restart] [camera] [faces] [rules] [attendance] [meals] [escalate] [escalation] [gathering] [messages] [journal] [drivers] [wall] [history]    only these
#
# BENCH_MINUTES is how long fleet sends (10). PROFILE=FILE writes a CPU profile of the gateway in
# the last of whole, alerts, fleet and restart that runs.
#
# FACES selects which people of Labeled Faces in the Wild faces measures: every n-th who has two
# photographs (10); 0 means everybody, and takes ten minutes on two cores. They are expected in
# $GATEHOUSE_SHARED/lfw; the script says so if they are missing.
#
# ROWS is how many sightings history loads (1000000). At full size, ROWS=110000000, it takes
# about an hour and, under ${TMPDIR:-/var/tmp}, 60 GB.
set -eu
cd "$(dirname "$0")/.."
cache=${GATEHOUSE_CACHE:-.cache}
out=$cache/bench
mkdir -p "$out"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export CGO_ENABLED=0

parts=${*:-mqtt whole alerts fleet restart camera faces rules attendance meals escalate escalation gathering messages journal drivers wall history}
begun=$(date +%s)
wrong=
under= # what runs the gateway's benchmark

title() { printf '\n%s\n' "$*"; }

# busy reports whether other processes use the CPU.
busy() {
  awk -v cores="$(getconf _NPROCESSORS_ONLN)" '$1 > cores / 2 { printf "bench: the load is %s on %s cores: others are at work, and the figures will be low\n", $1, cores }' /proc/loadavg
}

machine() {
  cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
  printf '{"when": "%s", "commit": "%s", "cores": %s, "cpu": "%s", "kernel": "%s", "go": "%s", "load_before": %s}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(git rev-parse --short HEAD 2>/dev/null || true)" "$(getconf _NPROCESSORS_ONLN)" \
    "$cpu" "$(uname -r)" "$(go env GOVERSION)" "$(cut -d' ' -f1 /proc/loadavg)" >"$out/machine.json"
}

# gobench NAME PACKAGE PATTERN [FLAG…] runs Go benchmarks; each line becomes a JSON object
# with one key per unit.
gobench() {
  name=$1 package=$2 pattern=$3
  shift 3
  if ! go test -run '^$' -bench "$pattern" -benchtime 1s -timeout 3m "$@" "$package" >"$tmp/$name" 2>&1; then
    cat "$tmp/$name"
    wrong="$wrong $name"
    return 0
  fi
  awk -v json="$out/$name.json" '
    /^Benchmark/ {
      sub(/^Benchmark/, "", $1); sub(/-[0-9]+$/, "", $1)
      object = sprintf("{\"name\": \"%s\", \"n\": %s", $1, $2)
      line = sprintf("%-40s", $1)
      for (i = 3; i < NF; i += 2) {
        object = object sprintf(", \"%s\": %s", $(i + 1), $i)
        line = line sprintf("  %12s %s", $i, $(i + 1))
      }
      all = all (all ? ",\n " : "[") object "}"
      print line
    }
    END { print (all ? all : "[") "]" >json }' "$tmp/$name"
}

mqtt() {
  title 'MQTT front, durable, beside Mosquitto in memory: the same 1,000 publishers in turn; then its latency at half load, and with one device flooding'
  [ -n "$(command -v mosquitto || ls /usr/sbin/mosquitto 2>/dev/null)" ] || deploy/setup/debian.sh test
  rm -f "$out/mqtt.json"
  go build -o "$tmp/mqttbench" ./gateway/ingest/mqttfront/bench
  # The journal is beside the build, since /tmp may be in memory.
  mkdir -p "$out/journal"
  "$tmp/mqttbench" -publishers 1000 -duration 4s -rounds 3 -dir "$out/journal" -json "$out/mqtt.json" || wrong="$wrong mqtt"
  rm -rf "$out/journal"
}

# gateway PART TITLE [FLAG…] measures the whole gateway, in folders beside the build, since /tmp may
# be in memory.
gateway() {
  part=$1
  title "$2"
  shift 2
  rm -f "$out/$part.json"
  [ -x "$tmp/gatewaybench" ] || go build -o "$tmp/gatewaybench" ./gateway/bench
  mkdir -p "$out/gateway"
  # shellcheck disable=SC2086 # a program in front, or none
  $under "$tmp/gatewaybench" -only "$part" -gateway bin/gateway -telegraf "$cache/bin/telegraf-v1.30.0" -profile "${PROFILE:-}" \
    -dir "$out/gateway" -json "$out/$part.json" "$@" || wrong="$wrong $part"
  rm -rf "$out/gateway"
}

whole() {
  [ -n "$(command -v mosquitto || ls /usr/sbin/mosquitto 2>/dev/null)" ] || deploy/setup/debian.sh test
  deploy/setup/telegraf.sh -n >/dev/null || deploy/setup/telegraf.sh
  gateway whole 'The whole way of a message, through telemetry, rules, twin and live stream, beside Mosquitto and Telegraf writing a file'
}

alerts() {
  gateway alerts 'From the publication of a reading to its alert on the last of 50 open walls, at 10,000 messages a second'
}

fleet() {
  minutes=${BENCH_MINUTES:-10}
  gateway fleet "100,000 devices, 10,000 of them sending 3 values each second, 100 rules, $minutes minutes" -minutes "$minutes"
}

restart() {
  gateway restart 'Restart after kill -9 with 10 million records in the journal'
}

camera() {
  title 'Camera pipeline, beside its bare decode and inference, one core'
  for video in franck cap12_edit; do
    if ! bin/drivers/camera bench -models "$cache/models" -seconds 6 -json "$cache/media/$video.mp4" >"$out/camera-$video.json"; then
      wrong="$wrong camera"
      continue
    fi
    tr -d '{}"' <"$out/camera-$video.json" | tr ',' '\n' | awk -F: -v name="$video" '
      { sub(/^ */, "", $2); v[$1] = $2 }
      END {
        printf "%-28s ours %8.1f  bare %8.1f frames/s  ratio %.2f  (%s %s, decode alone %.0f, inference alone %.1f, %.1f cameras a core)\n",
          "camera-" name, v["pipeline_fps"], v["ideal_fps"], v["pipeline_ratio"], v["codec"], v["size"], v["decode_fps"], v["inference_fps"], v["cameras_per_core"]
      }'
  done
}

faces() {
  title 'Faces: by which threshold strangers are taken for somebody, and when an enrolment asks; rates with their 95 % bounds'
  if [ ! -d "${GATEHOUSE_SHARED:-../shared}/lfw/images" ]; then
    echo 'faces: not measured: there are no photographs; set GATEHOUSE_SHARED to a folder that holds lfw/images/PERSON/*.jpg (Labeled Faces in the Wild)'
    return 0
  fi
  (
    eval "$(sed -n 's/^\(CGO_ENABLED\)=\(.*\)/export \1=\2/p; s/^\(CGO_[A-Z]*FLAGS\)=\(.*\)/export \1="\2"/p' deploy/setup/vision.env)"
    go run -tags "$(sed -n 's/^VISION_TAGS=//p' deploy/setup/vision.env)" ./vision/measure threshold -cache "$cache" -every "${FACES:-10}"
  ) || wrong="$wrong faces"
}

rules() {
  title 'Rules, 10,000 devices: one event, a saved state, and a school of 2,000'"'"'s attendance; of 10,000 rules 10 can match (ratio to 10 rules alone: at most 1.2)'
  gobench rules ./rules 'Observe|Snapshot'
  gobench attend ./rules/attend Compute
}

# attendance measures a district's day of 35,000 pupils: first under 6 s and unchanged under 2 s are
# asked for.
attendance() {
  title 'Attendance: 35,000 pupils in six sessions, from the history to rows; the same again; one passage in five sessions; the first page of a month'
  gobench attendance ./gateway/follow/attendance Day -benchtime 1x -timeout 15m
  gobench month ./registry '^BenchmarkMonth$' -benchtime 5x -timeout 15m
}

# meals measures how long somebody waits at a till at 20 meals a second; a p99 under 100 ms is asked for.
meals() {
  title 'Meals: from the card at a till to the answer, at 20 a second; alone, and beside two who write into the registry without a pause'
  gobench meals ./gateway/ingest/intake '^BenchmarkMeal$' -benchtime 400x
}

# escalate measures how late the second level's letter is at a mail server; within 1 s is asked.
escalate() {
  title "Escalation: the second level's letter at the mail server after its time"
  gobench escalate ./gateway/follow/escalate SecondLevel -benchtime 30x
}

# messages measures a burst of ten times the mean hour of a year of 6 million: none may be lost, and
# alarms are to take what they take without it.
messages() {
  title 'Messages: 7,000 at once by a mail server, and the alarms before and amid them'
  gobench messages ./gateway/notify/post 'Burst' -benchtime 1x -timeout 15m
}

# escalation is the same of the whole gateway, beside GoAlert and to one mail server, for two minutes.
escalation() {
  deploy/setup/goalert.sh -n >/dev/null || deploy/setup/goalert.sh
  under=deploy/setup/postgres.sh
  gateway escalation "Escalation beside GoAlert: the second level's letter at one mail server after its time" \
    -goalert "$cache/bin/goalert-v0.34.1"
  under=
}

gathering() {
  [ -n "$(command -v prometheus-alertmanager)" ] || deploy/setup/debian.sh bench
  gateway gathering 'Beside Alertmanager: the first letter about an alert, and the letters about 200 at once'
}

journal() {
  title 'Journal: records of 200 bytes, on disk'
  gobench journal ./gateway/journal 'Append|Cursor'
}

drivers() {
  title 'Driver host: from Emit in a driver'"'"'s process to the sink, acknowledged'
  gobench drivers ./drivers/host 'Observations'
}

history() {
  rows=${ROWS:-1000000}
  title "History: one student's day and one device's day out of $rows sightings, with names"
  go build -o "$tmp/historybench" ./registry/historybench
  # Not in /tmp, which may be in memory. The two engines run one after the other; each is removed
  # before the next.
  big=${TMPDIR:-/var/tmp}
  rm -f "$out"/history-*.json
  TMPDIR=$big "$tmp/historybench" -engine sqlite -rows "$rows" -json "$out/history-sqlite.json" || wrong="$wrong history-sqlite"
  TMPDIR=$big deploy/setup/postgres.sh "$tmp/historybench" -engine postgres -rows "$rows" -json "$out/history-postgres.json" ||
    wrong="$wrong history-postgres"
}

busy
# wall: a storm of 5,000 alerts in 10 s on an open wall in Chromium, five times.
wall() {
  title "wall: 5,000 alerts in 10 s in Chromium; a fire within 1 s, no task of the page over 200 ms"
  if ! node api/console/e2e/storm.mjs 5000 10 5 >"$tmp/wall" 2>&1; then
    wrong="$wrong wall"
  fi
  cat "$tmp/wall"
  grep '^{"alerts"' "$tmp/wall" >"$out/wall.json" || true
}

machine
for part in $parts; do
  case $part in
    mqtt | whole | alerts | fleet | restart | camera | faces | rules | attendance | meals | escalate | escalation | gathering | messages | journal | drivers | wall | history) "$part" ;;
    *) echo "bench: there is no part '$part'; use mqtt, whole, alerts, fleet, restart, camera, faces, rules, escalate, escalation, gathering, messages, journal, drivers, wall or history" >&2; exit 2 ;;
  esac
done

title "$(($(date +%s) - begun)) s; as JSON in $out"
# The results of the parts that ran now; older files are ignored.
set --
for part in $parts; do
  case $part in
    mqtt | whole | alerts | fleet | restart | escalation | gathering) [ ! -f "$out/$part.json" ] || set -- "$@" "$out/$part.json" ;;
    history) for file in "$out"/history-*.json; do [ ! -f "$file" ] || set -- "$@" "$file"; done ;;
  esac
done
if [ $# -gt 0 ]; then
  count() { pattern=$1; shift; cat "$@" | grep -c "$pattern" || true; }
  printf '%s of %s bars held, %s unclear\n' "$(count '"held": true' "$@")" "$(count '"held"' "$@")" "$(count '"unclear": true' "$@")"
fi
[ -z "$wrong" ] || { echo "bench: could not be measured:$wrong" >&2; exit 1; }
