// Package opencv is the one place where Gatehouse meets C: OpenCV (gocv) for the work on
// pixels, FFmpeg (go-astiav) for decoding video, ONNX Runtime for the models. It gives
// package vision's Detector, Embedder and Liveness, a Decoder of H.264 and H.265, and JPEG.
//
// Everything but this text needs the build tag "vision" and the libraries that
// deploy/setup/debian.sh installs; deploy/setup/vision.env holds tags and compiler flags.
// It refuses input of any size that it would have to believe: what arrives from outside is
// checked in Go first, so that no exception of C++ is ever the first to see it.
package opencv
