#!/bin/sh
# Runs after the package's files are removed. The school's data stays until a purge.
set -e
if [ "$1" = remove ]; then
  deb-systemd-helper mask gatehouse.service >/dev/null 2>&1 || true
fi
if [ "$1" = purge ]; then
  deb-systemd-helper purge gatehouse.service >/dev/null 2>&1 || true
  deb-systemd-helper unmask gatehouse.service >/dev/null 2>&1 || true
  rm -rf /var/lib/gatehouse /etc/gatehouse
fi
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
