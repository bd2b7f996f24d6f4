//go:build vision

package opencv_test

import (
	"bytes"
	"image"
	_ "image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// cache is the folder that deploy/setup/assets.sh fills; without it the test is skipped.
func cache(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("GATEHOUSE_CACHE")
	if dir == "" {
		dir = "../../.cache"
	}
	if _, err := os.Stat(filepath.Join(dir, "models", "fr_feature.onnx")); err != nil {
		t.Skipf("no models in %s: run deploy/setup/assets.sh", dir)
	}
	return dir
}

// shared is the folder of test material that is not in the repository.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("GATEHOUSE_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s: set GATEHOUSE_SHARED to a folder that holds it", path)
	}
	return path
}

func config(t testing.TB) opencv.Config {
	dir := cache(t)
	return opencv.Config{
		Library:   filepath.Join(dir, "onnxruntime", "libonnxruntime.so.1"),
		Detector:  filepath.Join(dir, "models", "fr_detect.onnx"),
		Landmarks: filepath.Join(dir, "models", "fr_landmark.onnx"),
		Embedder:  filepath.Join(dir, "models", "fr_feature.onnx"),
	}
}

func models(t testing.TB, c opencv.Config) *opencv.Models {
	t.Helper()
	m, err := opencv.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func photograph(t testing.TB, path string) vision.Frame {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return vision.FromImage(img)
}

// anyLimits accept every face that has all its parts.
func anyLimits() vision.Limits {
	return vision.Limits{MaxBrightness: 255, Yaw: 9, Pitch: 9, Roll: 180}
}
