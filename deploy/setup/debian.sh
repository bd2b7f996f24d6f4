#!/bin/sh
# Installs the Debian 12 packages that building, testing and running Gatehouse needs.
#
#   debian.sh              everything
#   debian.sh build        what the camera program is built with (OpenCV, FFmpeg)
#   debian.sh test         what the tests start (a browser, an MQTT broker and its clients,
#                          gRPC for Python, promtool, a VictoriaMetrics, a PostgreSQL, a fresh Debian, an arm64)
#   debian.sh bench        what the benchmarks run beside the gateway (an Alertmanager)
#   debian.sh -n [group]   only say what is missing; exit 1 if anything is
#
# Runs as root or through sudo, skips installed packages, and may be run again at any time. Servers
# that this script installs for the tests are stopped: mosquitto would use the gateway's port, and
# the others are not needed. A service that existed before is left alone, even if another package
# installed it (such as a PostgreSQL without Debian's metapackage).
set -eu

# OpenCV's own opencv.hpp wants the headers of its main modules; only core, imgproc and
# imgcodecs are linked.
build="build-essential pkg-config
libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libopencv-calib3d-dev
libopencv-features2d-dev libopencv-dnn-dev libopencv-flann-dev libopencv-highgui-dev
libopencv-ml-dev libopencv-objdetect-dev libopencv-photo-dev libopencv-stitching-dev
libopencv-video-dev libopencv-videoio-dev
libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev
libswresample-dev libswscale-dev"
test="chromium fonts-dejavu-core fonts-wqy-microhei mosquitto mosquitto-clients python3-paho-mqtt
python3-grpcio python3-protobuf python3-cryptography protobuf-compiler libprotobuf-dev
prometheus victoria-metrics postgresql curl debootstrap qemu-user-static"
bench="prometheus-alertmanager"

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

dry=
if [ "${1:-}" = -n ]; then dry=1; shift; fi
case "${1:-all}" in
  all) wanted="$build $test" ;;
  bench) wanted=$bench ;;
  build) wanted=$build ;;
  test) wanted=$test ;;
  *) die "'$1' is no group of packages; give build, test, bench or nothing" ;;
esac

command -v apt-get >/dev/null 2>&1 ||
  die "this machine has no apt-get; install the packages of deploy/setup/debian.sh by your system's own means"

missing=
for p in $wanted; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $p"
done
if [ -z "$missing" ]; then
  say "all Debian packages are there"
  exit 0
fi
if [ -n "$dry" ]; then
  say "missing:$missing"
  exit 1
fi

root=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || die "installing$missing needs root; run this script as root, or install sudo"
  root=sudo
fi

# there SERVICE: succeeds if the service exists, whatever package installed it. A masked unit is a
# link to /dev/null, not a file.
there() {
  for file in /etc/systemd/system/"$1".service /run/systemd/system/"$1".service /usr/local/lib/systemd/system/"$1".service \
    /usr/lib/systemd/system/"$1".service /lib/systemd/system/"$1".service /etc/init.d/"$1"; do
    [ ! -f "$file" ] || return 0
  done
  return 1
}
before=
for service in mosquitto prometheus prometheus-alertmanager victoria-metrics postgresql; do
  if there "$service"; then before="$before $service"; fi
done

say "installing:$missing"
# Waits for the lock of another apt; a failed update is fatal only if the installation fails.
$root apt-get -o DPkg::Lock::Timeout=600 update -qq ||
  say "the package lists could not be refreshed; trying with the old ones"
# shellcheck disable=SC2086 # one word each is meant
$root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
  install -y -qq --no-install-recommends $missing >/dev/null ||
  die "apt-get could not install:$missing; run 'apt-get install$missing' to see why, then run this script again"

for service in mosquitto prometheus prometheus-alertmanager victoria-metrics postgresql; do
  case " $missing " in *" $service "*) ;; *) continue ;; esac
  case " $before " in *" $service "*)
    say "$service's own service was there before and is left as it is"
    continue
    ;;
  esac
  if command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
    $root systemctl disable --now "$service" >/dev/null 2>&1 || true
  else
    $root service "$service" stop >/dev/null 2>&1 || true
    $root update-rc.d "$service" disable >/dev/null 2>&1 || true
  fi
  say "$service's own service is switched off"
done
say "done"
