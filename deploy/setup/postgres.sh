#!/bin/sh
# Runs a command with a temporary PostgreSQL server, which is removed afterwards:
#
#   postgres.sh go test -count=1 ./registry
#
# GATEHOUSE_TEST_POSTGRES is its DSN. The cluster is in a new folder under ${TMPDIR:-/tmp}, listens
# on a socket in there and on no port, and neither needs nor touches a server on this machine. It
# does not fsync. Root runs it as the user postgres, because PostgreSQL refuses root; others run it
# as themselves. It ends with this script, however that ends; only after a kill -9 the folder
# remains. The exit code is the command's.
set -eu

say() { printf 'postgres: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

[ $# -gt 0 ] || die "give the command to run, as in: postgres.sh go test ./registry"

bin=
for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V) $(dirname "$(command -v initdb || echo none/initdb)"); do
  [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_isready" ] && bin=$dir
done
[ -n "$bin" ] || die "PostgreSQL is missing; run deploy/setup/debian.sh test"
command -v setpriv >/dev/null 2>&1 || die "setpriv is missing; install util-linux"

tmp=$(mktemp -d)
server=
gone() {
  if [ -n "$server" ]; then
    kill -INT "$server" 2>/dev/null || true # a fast shutdown
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$tmp"
}
trap gone EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

as=
if [ "$(id -u)" -eq 0 ]; then
  id postgres >/dev/null 2>&1 || die "there is no user postgres to run it; run deploy/setup/debian.sh test, or this as somebody other than root"
  as="--reuid=postgres --regid=postgres --init-groups"
  chown postgres: "$tmp"
fi

# shellcheck disable=SC2086 # no word, or some
if ! (cd "$tmp" && setpriv $as --pdeathsig=KILL "$bin/initdb" -D "$tmp/data" -U gatehouse -E UTF8 --no-locale --auth=trust --no-sync) >"$tmp/log" 2>&1; then
  cat "$tmp/log" >&2
  die "the cluster could not be made in $tmp"
fi
here=$PWD
cd "$tmp" # the user postgres may have no access to the current folder
# shellcheck disable=SC2086
setpriv $as --pdeathsig=INT "$bin/postgres" -D "$tmp/data" -k "$tmp" -c listen_addresses= \
  -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_wal_size=4GB \
  >>"$tmp/log" 2>&1 &
server=$!
cd "$here"

tries=0
until "$bin/pg_isready" -q -h "$tmp" -U gatehouse -d postgres; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
    cat "$tmp/log" >&2
    die "the server did not start in $tmp"
  fi
  sleep 0.1
done

export GATEHOUSE_TEST_POSTGRES="host=$tmp user=gatehouse dbname=postgres"
"$@"
