//go:build vision

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
)

// asProgram is an environment variable that makes the test binary run as the camera program.
const asProgram = "GATEHOUSE_TEST_CAMERA_PROGRAM"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asProgram {
		drivers.Serve(newDriver())
		return
	}
	if len(os.Args) > 1 && os.Args[1] == photoProgram {
		os.Exit(servePhoto(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// The program passes the driver contract as a process of its own under the real host.
func TestConformance(t *testing.T) {
	models, err := filepath.Abs(filepath.Join(cache(t), "models"))
	if err != nil {
		t.Fatal(err)
	}
	addr := rtsp(t, map[string]string{"gate": media(t, "franck.mp4")}, "", "")
	// a key frame every 2 s
	gone := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1},
		recording(t, "cap13_edit2.mp4").Units[:50])
	profile := newDriver().Describe().Profiles[0]
	with := func(url string) drivers.Device {
		return drivers.Device{Profile: profile, Address: map[string]string{"url": url}}
	}
	drivertest.Run(t, drivertest.Fixture{
		Path: os.Args[0], Args: []string{asProgram},
		Settings: map[string]string{"models_dir": models},
		Device:   with(gone.url()),
		Other:    with("rtsp://" + addr + "/gate"),
		Wrong:    with("rtsp://127.0.0.1:1/"),
		Vanish:   func() error { gone.die(); return nil },
		Return:   func() error { gone.rise(t); return nil },
		Watch:    true,
		Patience: patience,
	})
}
