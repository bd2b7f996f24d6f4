#!/bin/sh
# Installs, upgrades, removes and purges the packages of make package, with apt and dpkg in a
# separate Debian, and checks the result of each step; starts the arm64 gateway under qemu. Needs
# root, or sudo. It works in a temporary folder and in a network namespace without a network, both
# of which are removed afterwards; the fresh Debian is kept in the cache.
#
#   test.sh            everything
#   test.sh debian     only the packages in Debian
#   test.sh arm64      only the arm64 gateway
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${GATEHOUSE_CACHE:-$here/.cache}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
base=$cache/debian-bookworm.tar
port=8080

say() { printf 'package test: %s\n' "$*"; }
die() { printf 'package test: FAILED: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || exec sudo -E GATEHOUSE_CACHE="$cache" "$0" "$@"

# Inside the namespace: only loopback, and processes that end with this script.
if [ "${1:-}" != inside ]; then
  if [ "${1:-debian}" = debian ] && [ ! -f "$base" ]; then
    say 'making a fresh Debian 12, once'
    part=$(mktemp -d)
    debootstrap --variant=minbase --include=adduser,ca-certificates,tzdata,systemd bookworm "$part" >"$part.log" 2>&1 ||
      { tail -n 20 "$part.log" >&2; rm -rf "$part"; die 'debootstrap could not make a Debian'; }
    tar -C "$part" -cf "$base.part" .
    mv "$base.part" "$base"
    rm -rf "$part" "$part.log"
  fi
  exec unshare --net --mount --pid --fork --kill-child "$0" inside "${1:-all}"
fi
what=$2
ip link set lo up
mount -t proc proc /proc
tmp=$(mktemp -d)
# Mounts below it vanish with the mount namespace, and must not be deleted through it.
trap 'umount -l "$tmp/root/proc" "$tmp/root/dev/pts" 2>/dev/null || true; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

# answers URL WORDS: waits until the response contains the words
answers() {
  for _ in $(seq 1 300); do
    kill -0 "$pid" 2>/dev/null || { cat "$tmp/log" >&2; die "the gateway ended before $1 answered"; }
    if curl -fsS --max-time 10 "$1" 2>/dev/null | grep -q "$2"; then
      return
    fi
    sleep 0.2
  done
  tail -n 20 "$tmp/log" >&2
  die "$1 did not answer with '$2'"
}

in_debian() { chroot "$tmp/root" "$@"; }

# service runs the unit's command as its user, in place of systemd.
service() {
  start=$(sed -n 's/^ExecStart=//p' "$tmp/root/lib/systemd/system/gatehouse.service")
  # shellcheck disable=SC2086 # the unit's words
  chroot --userspec=gatehouse:gatehouse "$tmp/root" $start >"$tmp/log" 2>&1 &
  pid=$!
}
stopped() {
  kill -TERM "$pid"
  wait "$pid" || { cat "$tmp/log" >&2; die 'the gateway did not stop well'; }
}

has() { [ -e "$tmp/root/$1" ] || [ -L "$tmp/root/$1" ] || die "$1 is not there $2"; }
hasnot() { [ ! -e "$tmp/root/$1" ] && [ ! -L "$tmp/root/$1" ] || die "$1 is there $2"; }

debian() {
  own=$(dpkg --print-architecture)
  first=$(ls "$here/bin/package/$own"/gatehouse_*.deb)
  mkdir "$tmp/root"
  tar -C "$tmp/root" -xf "$base"
  chmod 755 "$tmp/root" # the Debian was created in a private folder
  mount -t proc proc "$tmp/root/proc"
  mount -t devpts devpts "$tmp/root/dev/pts"
  cp "$first" "$tmp/root/tmp/first.deb"

  say 'apt install ./gatehouse.deb'
  in_debian apt-get install -y -q /tmp/first.deb >"$tmp/apt" 2>&1 || { cat "$tmp/apt" >&2; die 'apt could not install it'; }
  grep -q 'open http://127.0.0.1:8080' "$tmp/apt" || die 'the installation does not say where the console is'
  in_debian id gatehouse >/dev/null || die 'there is no user gatehouse'
  [ "$(in_debian stat -c '%U %a' /var/lib/gatehouse)" = 'gatehouse 700' ] || die "the data folder is $(in_debian stat -c '%U %a' /var/lib/gatehouse)"
  [ "$(in_debian stat -c '%U:%G %a' /etc/gatehouse/gatehouse.yaml)" = 'root:gatehouse 640' ] || die 'the configuration is for others to read'
  has etc/systemd/system/multi-user.target.wants/gatehouse.service 'after the installation: the service does not start at boot'
  in_debian systemd-analyze verify /lib/systemd/system/gatehouse.service >"$tmp/unit" 2>&1 || { cat "$tmp/unit" >&2; die 'systemd does not take the unit'; }
  chroot --userspec=gatehouse:gatehouse "$tmp/root" gateway config /etc/gatehouse/gatehouse.yaml | grep -q 'is right' || die 'the shipped configuration is not right'

  say 'the service shows the first-run page'
  service
  answers http://127.0.0.1:$port/ '<div id="root"'
  answers http://127.0.0.1:$port/v1/setup '"needed": *true'
  code=$(curl -sS -o "$tmp/answer" -w '%{http_code}' -H 'Content-Type: application/json' --data \
    '{"school":"Harbour School","timezone":"Asia/Shanghai","language":"en","admin":"head","full_name":"Head","password":"a-long-quiet-evening"}' \
    http://127.0.0.1:$port/v1/setup)
  [ "$code" = 200 ] || [ "$code" = 201 ] || { cat "$tmp/answer" >&2; die "the first administrator: got $code"; }
  stopped

  say 'the camera package'
  camera=$(ls "$here/bin/package/$own"/gatehouse-camera_*.deb)
  cp "$camera" "$tmp/root/tmp/camera.deb"
  # OpenCV's and FFmpeg's packages are not downloaded here, only checked to exist by name.
  for p in $(dpkg-deb -f "$camera" Depends | tr ',' '\n' | sed 's/ *(.*//; s/ //g' | grep '^lib'); do
    apt-cache show "$p" >/dev/null 2>&1 || die "the camera package depends on $p, which Debian does not have"
  done
  in_debian dpkg --force-depends -i /tmp/camera.deb >"$tmp/apt" 2>&1 || { cat "$tmp/apt" >&2; die 'dpkg could not install the camera package'; }
  grep -q 'run gatehouse-camera-setup' "$tmp/apt" || die 'the camera package does not say that models are missing'
  chroot --userspec=gatehouse:gatehouse "$tmp/root" gateway config /etc/gatehouse/gatehouse.yaml | grep -q 'is right' || die "the gateway does not take the camera package's driver"
  if in_debian gatehouse-camera-setup >"$tmp/setup" 2>&1; then die 'gatehouse-camera-setup says that all is well without npm'; fi
  grep -q 'npm pack onnxruntime-node@' "$tmp/setup" || { cat "$tmp/setup" >&2; die 'gatehouse-camera-setup does not say what to fetch elsewhere'; }
  in_debian dpkg -P gatehouse-camera >"$tmp/apt" 2>&1 || { cat "$tmp/apt" >&2; die 'dpkg could not purge the camera package'; }

  say 'upgrade keeps data'
  sed -i 's/^  listen: 127.0.0.1:8080/  listen: 127.0.0.1:8090/' "$tmp/root/etc/gatehouse/gatehouse.yaml"
  port=8090
  mkdir "$tmp/next"
  dpkg-deb -R "$first" "$tmp/next"
  sed -i 's/^Version: .*/&+next/' "$tmp/next/DEBIAN/control"
  dpkg-deb -b --root-owner-group "$tmp/next" "$tmp/root/tmp/next.deb" >/dev/null
  in_debian dpkg -i /tmp/next.deb >"$tmp/apt" 2>&1 || { cat "$tmp/apt" >&2; die 'dpkg could not upgrade it'; }
  in_debian dpkg-query -W -f '${Version}' gatehouse | grep -q '+next$' || die 'the upgrade did not take'
  grep -q 8090 "$tmp/root/etc/gatehouse/gatehouse.yaml" || die 'the upgrade overwrote the configuration'
  service
  answers http://127.0.0.1:$port/v1/setup '"needed": *false'
  curl -fsS -o /dev/null -H 'Content-Type: application/json' --data '{"name":"head","password":"a-long-quiet-evening"}' \
    http://127.0.0.1:$port/v1/session || die 'the administrator cannot sign in after the upgrade'
  stopped

  say 'removal keeps data'
  in_debian dpkg -r gatehouse >"$tmp/apt" 2>&1 || { cat "$tmp/apt" >&2; die 'dpkg could not remove it'; }
  hasnot opt/gatehouse/gateway 'after a removal'
  has var/lib/gatehouse/registry.db 'after a removal'
  has var/lib/gatehouse/keys/master.key 'after a removal'
  has etc/gatehouse/gatehouse.yaml 'after a removal'
  in_debian dpkg -i /tmp/first.deb >"$tmp/apt" 2>&1 || { cat "$tmp/apt" >&2; die 'dpkg could not install it again'; }
  service
  answers http://127.0.0.1:$port/v1/setup '"needed": *false'
  stopped

  say 'a purge removes it'
  in_debian dpkg -P gatehouse >"$tmp/apt" 2>&1 || { cat "$tmp/apt" >&2; die 'dpkg could not purge it'; }
  hasnot var/lib/gatehouse 'after a purge'
  hasnot etc/gatehouse 'after a purge'
  hasnot opt/gatehouse 'after a purge'
  hasnot etc/systemd/system/multi-user.target.wants/gatehouse.service 'after a purge'
}

arm64() {
  say 'the arm64 gateway under qemu'
  dpkg-deb -x "$(ls "$here"/bin/package/arm64/gatehouse_*.deb)" "$tmp/arm64"
  for p in gateway drivers/counter drivers/modbus drivers/mqtt drivers/zkteco; do
    file=$tmp/arm64/opt/gatehouse/$p
    # e_machine of an ELF file for AArch64 is 183
    [ "$(od -An -tu2 -j18 -N2 "$file" | tr -d ' ')" = 183 ] || die "$p is not for arm64"
  done
  cat >"$tmp/arm64.yaml" <<YAML
data_dir: $tmp/arm64-data
http: {listen: "127.0.0.1:8091"}
mqtt: {listen: "127.0.0.1:1891"}
YAML
  port=8091
  qemu-aarch64-static "$tmp/arm64/opt/gatehouse/gateway" serve --config "$tmp/arm64.yaml" >"$tmp/log" 2>&1 &
  pid=$!
  answers http://127.0.0.1:$port/ '<div id="root"'
  answers http://127.0.0.1:$port/v1/setup '"needed": *true'
  stopped
  qemu-aarch64-static "$tmp/arm64/opt/gatehouse/drivers/modbus" </dev/null >"$tmp/driver" 2>&1 || true
  grep -qi modbus "$tmp/driver" || { cat "$tmp/driver" >&2; die 'the arm64 driver does not say what it is'; }
}

case $what in
  all) debian; arm64 ;;
  debian) debian ;;
  arm64) arm64 ;;
  *) die "'$what' is no part of this test; give debian, arm64 or nothing" ;;
esac
say 'passed'
