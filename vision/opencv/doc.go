// Package opencv is the only package that calls C: OpenCV (gocv) for pixels, FFmpeg (go-astiav) for
// decoding video, ONNX Runtime for the models. It implements package vision's Detector, Embedder
// and Liveness, a decoder of H.264 and H.265, and JPEG encoding.
//
// Everything but this text needs the build tag "vision" and the libraries that
// deploy/setup/debian.sh installs; deploy/setup/vision.env holds tags and compiler flags. Input
// from outside is validated in Go, sizes above all, before it reaches C or C++.
package opencv
