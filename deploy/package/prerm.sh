#!/bin/sh
# Runs before the package's files are removed. During an upgrade the service keeps running until the
# new files are installed.
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop gatehouse.service >/dev/null || true
fi
