#!/bin/sh
# Installs the models and ONNX Runtime that the camera driver needs in /opt/gatehouse.
#
#   gatehouse-camera-setup            fetch them with npm
#   gatehouse-camera-setup FILE...    take them out of npm packages that were fetched elsewhere
#   gatehouse-camera-setup -n         only say what is missing
#
# Each file is checked against a checksum that this version of Gatehouse knows. May be run again.
set -eu
umask 022
export GATEHOUSE_CACHE=/opt/gatehouse
assets=/opt/gatehouse/setup/assets.sh

case "${1:-}" in
  -n) exec "$assets" -n runtime ;;
  -*) sed -n 's/^# \{0,1\}//; 2,8p' "$0" >&2; exit 2 ;;
esac
[ "$(id -u)" -eq 0 ] || { echo 'gatehouse-camera-setup: run it as root, or with sudo' >&2; exit 1; }
if [ $# -gt 0 ]; then
  mkdir -p "$GATEHOUSE_CACHE/npm"
  cp -- "$@" "$GATEHOUSE_CACHE/npm/"
elif ! "$assets" -n runtime >/dev/null 2>&1 && ! command -v npm >/dev/null 2>&1; then
  echo 'gatehouse-camera-setup: npm is not there. Install it (apt-get install npm), or fetch the packages' >&2
  echo 'on another computer and name their files here:' >&2
  "$assets" -p runtime | sed 's/^/  npm pack /' >&2
  exit 1
fi
"$assets" runtime
if [ -d /run/systemd/system ]; then
  systemctl try-restart gatehouse.service
fi
