#!/bin/sh
# Models and ONNX Runtime are no files of the package: a purge removes them.
set -e
if [ "$1" = purge ]; then
  rm -rf /opt/gatehouse/models /opt/gatehouse/onnxruntime /opt/gatehouse/npm
fi
