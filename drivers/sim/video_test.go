package sim_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
)

// Real parameter sets, for 400x300; the frames in the test's videos are not decodable.
var (
	testSPS = []byte{
		103, 100, 0, 21, 172, 217, 129, 144, 159, 239, 1, 16, 0, 0, 3, 0, 16, 0, 0, 3, 3,
		32, 241, 98, 217, 160,
	}
	testPPS = []byte{104, 235, 224, 140, 178, 44}
)

const (
	testScale = 12800 // units per second
	testStep  = 512   // units per frame: 25 frames/s
	testGroup = 10    // frames from key frame to key frame
)

// writeVideo makes an MP4 file of n frames with a key frame every ten, the others with display
// order unlike decoding order. Frame i contains the number i after its header.
func writeVideo(t *testing.T, n int) string {
	t.Helper()
	return writeVideoGroup(t, n, testGroup)
}

func writeVideoGroup(t *testing.T, n, group int) string {
	t.Helper()
	init := mp4.CreateEmptyInit()
	init.AddEmptyTrack(testScale, "video", "und")
	moov := init.Moov
	if err := moov.Trak.SetAVCDescriptor("avc1", [][]byte{testSPS}, [][]byte{testPPS}, true); err != nil {
		t.Fatal(err)
	}
	st := moov.Trak.Mdia.Minf.Stbl
	var data []byte
	st.Stts.SampleCount, st.Stts.SampleTimeDelta = []uint32{uint32(n)}, []uint32{testStep}
	st.AddChild(&mp4.StssBox{})
	st.AddChild(&mp4.CttsBox{Version: 1})
	var counts []uint32
	var offsets []int32
	for i := range n {
		size := 600
		kind := byte(0x41)
		if i%group == 0 {
			size, kind = 4000, 0x65
			st.Stss.SampleNumber = append(st.Stss.SampleNumber, uint32(i+1))
		}
		unit := bytes.Repeat([]byte{0xAA}, size)
		unit[0] = kind
		binary.BigEndian.PutUint16(unit[1:], uint16(i))
		data = binary.BigEndian.AppendUint32(data, uint32(size))
		data = append(data, unit...)
		st.Stsz.SampleSize = append(st.Stsz.SampleSize, uint32(size+4))
		counts = append(counts, 1)
		offsets = append(offsets, []int32{1, 2, 0}[i%group%3]*testStep)
	}
	st.Stsz.SampleNumber = uint32(n)
	if err := st.Ctts.AddSampleCountsAndOffset(counts, offsets); err != nil {
		t.Fatal(err)
	}
	if err := st.Stsc.AddEntry(1, uint32(n), 1); err != nil {
		t.Fatal(err)
	}
	moov.Mvex = nil
	moov.Children = slices.DeleteFunc(moov.Children, func(b mp4.Box) bool {
		return b.Type() == "mvex"
	})
	var b bytes.Buffer
	if err := init.Ftyp.Encode(&b); err != nil {
		t.Fatal(err)
	}
	st.Stco.ChunkOffset = []uint32{uint32(b.Len()) + 8}
	if err := (&mp4.MdatBox{Data: data}).Encode(&b); err != nil {
		t.Fatal(err)
	}
	if err := moov.Encode(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "video.mp4")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
