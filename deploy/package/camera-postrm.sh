#!/bin/sh
# Models and ONNX Runtime are not files of the package, so a purge removes them here.
set -e
if [ "$1" = purge ]; then
  rm -rf /opt/gatehouse/models /opt/gatehouse/onnxruntime /opt/gatehouse/npm
fi
