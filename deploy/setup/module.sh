# Sourced by influxd.sh, telegraf.sh, lint.sh, package/build.sh and drivers/driverpb/generate.sh:
# builds third-party programs from their Go modules. Not a program itself.

here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${GATEHOUSE_CACHE:-$here/.cache}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac

# part creates the folder tmp beside bin, so that the program appears complete or not at all.
part() {
  mkdir -p "$(dirname "$bin")"
  tmp=$(mktemp -d "$bin.part.XXXXXX")
  # A failing command here would become the status of the sourcing script (set -e applies in traps
  # too), and program has removed the folder already if all went well.
  trap 'chmod -R u+w "$tmp" 2>/dev/null || true; rm -rf "$tmp"' EXIT
  trap 'exit 1' INT TERM
}

# module ASKED NAME VERSION MODULE WHAT [FLAG…] builds a module's cmd/NAME as bin if it is missing;
# with ASKED -n it only says whether it is, and exits with 1 if so. May be interrupted and run
# again.
module() {
  asked=$1 name=$2 version=$3 module=$4 what=$5
  shift 5
  bin=$cache/bin/$name-$version
  say() { printf '%s: %s\n' "$name" "$*"; }
  if [ -x "$bin" ]; then
    say "there, as $bin"
    return
  fi
  if [ "$asked" = -n ]; then
    say "missing: $bin"
    exit 1
  fi
  say "building $what; this takes some minutes, once"
  part
  # Its replace and exclude directives only apply to the main module, so it is built as one: in a
  # copy from the module cache.
  cd / # where no go.mod can interfere
  GOFLAGS=-mod=mod go mod download "$module@$version"
  cp -r "$(go env GOMODCACHE)/$module@$version" "$tmp/src"
  chmod -R u+w "$tmp/src"
  cd "$tmp/src"
  CGO_ENABLED=0 GOFLAGS= go build -mod=mod -buildvcs=false "$@" -o "$tmp/$name" "./cmd/$name"
  mv "$tmp/$name" "$bin"
  say "done, as $bin"
}

# program NAME VERSION PACKAGE builds a program with go install as bin, if it is missing.
program() {
  bin=$cache/bin/$1-$2
  [ ! -x "$bin" ] || return 0
  printf '%s: building %s, once\n' "$1" "$2"
  part
  GOBIN=$tmp GOFLAGS=-mod=mod CGO_ENABLED=0 go install "$3@$2"
  mv "$tmp/$1" "$bin"
  rmdir "$tmp"
}
