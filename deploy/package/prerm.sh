#!/bin/sh
# Runs before the package's files go. An upgrade leaves the service running until its new
# files are there.
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop gatehouse.service >/dev/null || true
fi
