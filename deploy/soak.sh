#!/bin/sh
# The long tests: thousands of crashes. Each runs separately, with its log in .cache/soak; the exit
# status is 1 if any failed. KILL_ROUNDS (default 1000) is for the MQTT front and the journal behind
# it, APP_ROUNDS (100) for the whole gateway, CUTS (10) for series of 200 power cuts.
#
# LETTERS (10000) is how many messages the kills of the queue are amid, COMMANDS (200, at most 400)
# how many commands those of the whole gateway.
#
# DAYS (100000) is how many random days attendance is held against its model.
#
#   soak.sh [front] [gateway] [drivers] [journal] [messages] [attendance]    only these
set -eu
cd "$(dirname "$0")/.."
logs=${GATEHOUSE_CACHE:-.cache}/soak
mkdir -p "$logs"
export CGO_ENABLED=0
failed=

# long NAME PACKAGE PATTERN [FLAG…]
long() {
  name=$1 package=$2 pattern=$3
  shift 3
  begun=$(date +%s)
  verdict=passed
  go test -count=1 -timeout 3h -v -run "$pattern" "$@" "$package" >"$logs/$name.log" 2>&1 || verdict=failed
  # Fail if the pattern matches no test.
  grep -q '^--- PASS\|^--- FAIL' "$logs/$name.log" || verdict=failed
  printf '%-8s %-7s %5s s   %s\n' "$name" "$verdict" "$(($(date +%s) - begun))" "$logs/$name.log"
  sed -n 's/^ *[a-z_]*_test\.go:[0-9]*: /           /p' "$logs/$name.log" | cut -c1-300 | tail -n 4
  [ $verdict = passed ] || failed="$failed $name"
}

front() { KILL_ROUNDS=${KILL_ROUNDS:-1000} long front ./gateway/ingest/mqttfront '^TestKill9'; }
gateway() { KILL_ROUNDS=${APP_ROUNDS:-100} KILL_COMMANDS=${COMMANDS:-200} long gateway ./gateway/app '^TestKill9'; }
drivers() { long drivers ./drivers/host '^(TestMemoryStaysFlatOverKills|TestStoppedProgramIsNoticed)$' -tags soak; }
journal() { long journal ./gateway/journal '^(TestPowerCutKeepsWhatWasAcknowledged|TestLyingSyncIsFoundOut|TestEverySingleBitFlipIsFound)$' -count="${CUTS:-10}"; }

# Attendance against the model of its README, written down once more.
attendance() { GATEHOUSE_DAYS=${DAYS:-100000} long attendance ./rules/attend '^TestTheModelAgrees$'; }

# Messages to people: kills amid many with fallbacks, and mailpit, which takes minutes to build.
messages() {
  mailpit=$(pwd)/.cache/mailpit
  [ -x "$mailpit/mailpit" ] || GOBIN=$mailpit go install github.com/axllent/mailpit@v1.33.1
  GATEHOUSE_POST_LETTERS=${LETTERS:-10000} long messages ./gateway/notify/post '^TestKill'
  GATEHOUSE_MAILPIT=$mailpit/mailpit long mailpit ./gateway/notify/smtp '^TestMailpit$'
}

for part in ${*:-front gateway drivers journal messages attendance}; do
  case $part in
    front | gateway | drivers | journal | messages | attendance) "$part" ;;
    *) echo "soak: there is no part '$part'; use front, gateway, drivers, journal, messages or attendance" >&2; exit 2 ;;
  esac
done
[ -z "$failed" ] || { echo "soak: failed:$failed" >&2; exit 1; }
