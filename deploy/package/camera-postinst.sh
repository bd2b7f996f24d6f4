#!/bin/sh
# Makes a running gateway load the camera driver, and says what is still missing.
set -e
[ "$1" = configure ] || exit 0
if [ -d /run/systemd/system ]; then
  deb-systemd-invoke try-restart gatehouse.service >/dev/null || true
fi
if ! GATEHOUSE_CACHE=/opt/gatehouse /opt/gatehouse/setup/assets.sh -n runtime >/dev/null 2>&1; then
  echo 'gatehouse-camera: models and ONNX Runtime are missing: run gatehouse-camera-setup'
fi
