#!/bin/sh
# Builds the Debian packages, with a software bill of materials and the licences of everything
# linked:
#
#   bin/package/amd64/gatehouse_*.deb          gateway, console and the drivers in plain Go
#   bin/package/amd64/gatehouse-camera_*.deb   the camera driver
#   bin/package/arm64/gatehouse_*.deb          the same gateway for small boxes
#
# The camera driver is linked with Debian's OpenCV and FFmpeg, so its package is built for this
# machine's architecture only: on an arm64 machine this script builds it for arm64.
#
#   VERSION=1.0.0 build.sh [amd64] [arm64]     these processors (default: both)
#
# It is called by make package, which has built everything for this machine before.
set -eu
. "$(dirname "$0")/../setup/module.sh"
cd "$here"
say() { printf 'package: %s\n' "$*"; }
die() { printf 'package: %s\n' "$*" >&2; exit 1; }

own=$(go env GOHOSTARCH)
commit=$(git log -1 --format=%ct 2>/dev/null || echo 0)
trim=
[ -z "${VERSION:-}" ] || trim=-trimpath
VERSION=${VERSION:-0.0.0~$(date -u -d "@$commit" +%Y%m%d.%H%M%S)}
SOURCE_DATE_EPOCH=$commit
export VERSION SOURCE_DATE_EPOCH

program nfpm v2.45.2 github.com/goreleaser/nfpm/v2/cmd/nfpm
nfpm=$bin
program cyclonedx-gomod v1.10.0 github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
cyclonedx=$bin
program govulncheck v1.9.0 golang.org/x/vuln/cmd/govulncheck
govulncheck=$bin

# compile ARCH: the programs, below $BUILT
compile() {
  say "$1: building the gateway and its drivers"
  GOARCH=$1 CGO_ENABLED=0 go build $trim -tags release -ldflags "-X main.version=$VERSION" -o "$BUILT/gateway" ./gateway
  for d in counter modbus mqtt zkteco; do
    GOARCH=$1 CGO_ENABLED=0 go build $trim -o "$BUILT/$d" "./drivers/$d"
  done
  (cd "$BUILT" && sha256sum counter modbus mqtt zkteco >SHA256SUMS)
}

# materials NAME PROGRAM...: the bill of materials of a package's programs, below $BUILT/NAME;
# gateway includes the console
materials() {
  to=$BUILT/$1
  rm -rf "$to"
  mkdir -p "$to/sbom"
  shift
  for p; do
    "$cyclonedx" bin -json -licenses -version "$VERSION" -output "$to/sbom/$p.cdx.json" "$BUILT/$p" 2>"$to.log" ||
      { cat "$to.log" >&2; die "no bill of materials for $p"; }
    [ "$p" != gateway ] || (cd api/console && npm sbom --omit dev --sbom-format cyclonedx) >"$to/sbom/console.cdx.json"
  done
  node deploy/package/licences.mjs "$to/licences.txt" "$(go env GOMODCACHE)" api/console/node_modules "$to"/sbom/*.json
  chmod 644 "$to"/sbom/*
}

# vulnerabilities: known ones in what is linked, if Go's vulnerability database is reachable
vulnerabilities() {
  status=0
  "$govulncheck" -mode binary "$BUILT/gateway" >"$BUILT/vulnerabilities.txt" 2>&1 || status=$?
  case $status in
    0) say "$1: govulncheck knows of no vulnerability in what is called" ;;
    3) cat "$BUILT/vulnerabilities.txt" >&2; die "govulncheck found vulnerabilities; update the modules that it names" ;;
    *) say "$1: NOT checked for known vulnerabilities, since govulncheck's database did not answer: $BUILT/vulnerabilities.txt" ;;
  esac
}

# pack NAME: builds one package in bin/package/$ARCH
pack() {
  rm -f "bin/package/$ARCH/$1"_*.deb
  "$nfpm" package --packager deb --config "deploy/package/$1.nfpm.yaml" --target "bin/package/$ARCH/" >"$BUILT/nfpm.log" ||
    { cat "$BUILT/nfpm.log" >&2; die "nfpm could not make $1"; }
  say "wrote $(ls "bin/package/$ARCH/$1"_*.deb)"
}

[ $# -gt 0 ] || set -- amd64 arm64
for ARCH; do
  case $ARCH in amd64 | arm64) ;; *) die "'$ARCH' is no processor that packages are made for; give amd64 or arm64" ;; esac
  BUILT=bin/package/$ARCH/built
  export ARCH BUILT
  mkdir -p "$BUILT"
  compile "$ARCH"
  materials gatehouse gateway counter modbus mqtt zkteco
  vulnerabilities "$ARCH"
  pack gatehouse
  if [ "$ARCH" = "$own" ]; then
    cp bin/drivers/camera "$BUILT/camera"
    (cd "$BUILT" && sha256sum camera >camera.sha256)
    materials gatehouse-camera camera
    pack gatehouse-camera
  else
    say "$ARCH: no gatehouse-camera; run this on an $ARCH machine to make it"
  fi
done
