#!/bin/sh
# Runs after the package's files are installed: creates the user and the data folder, and starts or
# restarts the service.
set -e
[ "$1" = configure ] || exit 0

adduser --system --group --quiet --home /var/lib/gatehouse --no-create-home gatehouse
install -d -o gatehouse -g gatehouse -m 700 /var/lib/gatehouse
chown root:gatehouse /etc/gatehouse /etc/gatehouse/gatehouse.yaml
chmod 750 /etc/gatehouse

deb-systemd-helper unmask gatehouse.service >/dev/null || true
if deb-systemd-helper --quiet was-enabled gatehouse.service; then
  deb-systemd-helper enable gatehouse.service >/dev/null || true
else
  deb-systemd-helper update-state gatehouse.service >/dev/null || true
fi
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  if [ -n "$2" ]; then
    deb-systemd-invoke restart gatehouse.service >/dev/null || true
  else
    deb-systemd-invoke start gatehouse.service >/dev/null || true
  fi
fi
if [ -z "$2" ]; then
  echo 'gatehouse: open http://127.0.0.1:8080 on this machine to make the first administrator.'
  echo 'gatehouse: from another computer: ssh -L 8080:127.0.0.1:8080 and this machine, then the same address.'
  echo 'gatehouse: /etc/gatehouse/gatehouse.yaml says how to open it to the network.'
fi
