package vision

import (
	"bytes"
	"strings"
)

// asJPEG is the advice for a picture in another format.
const asJPEG = "; save it as JPEG and send that"

// foreignKind returns the refusal of a file that is neither JPEG nor PNG, by its first bytes rather
// than by its file name.
func foreignKind(data []byte) error {
	has := func(at int, what string) bool {
		return len(data) >= at+len(what) && string(data[at:at+len(what)]) == what
	}
	switch {
	case has(4, "ftyp"):
		return brandKind(string(data[8:min(len(data), 32)]))
	case has(0, "GIF8"):
		return refuse(IsGIF, 0, 0, "this file is no JPEG or PNG photograph but a GIF"+asJPEG)
	case has(0, "RIFF") && has(8, "WEBP"):
		return refuse(IsWebP, 0, 0, "this file is no JPEG or PNG photograph but WebP"+asJPEG)
	case has(0, "BM"):
		return refuse(IsBMP, 0, 0, "this file is no JPEG or PNG photograph but a BMP"+asJPEG)
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return refuse(IsTIFF, 0, 0,
			"this file is no JPEG or PNG photograph but a TIFF or a camera's raw file"+asJPEG)
	case bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")):
		return refuse(IsPDF, 0, 0,
			"this file is no JPEG or PNG photograph but a PDF; send the photograph itself, not "+
				"the document that it stands in")
	case has(0, "PK\x03\x04"), has(0, "Rar!"), has(0, "7z\xbc\xaf"), has(0, "\x1f\x8b"):
		return refuse(IsArchive, 0, 0,
			"this file is no JPEG or PNG photograph but an archive (ZIP) or an office document; "+
				"take the photograph out of it, and send one at a time")
	}
	return refuse(IsUnknown, 0, 0,
		"this file is no JPEG or PNG photograph; save it as JPEG and try again")
}

// brandKind tells files of the ISO base media format apart by their brands.
func brandKind(brands string) error {
	for _, b := range []string{"heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"} {
		if strings.Contains(brands, b) {
			return refuse(IsHEIC, 0, 0,
				"this file is no JPEG or PNG photograph but HEIC, as iPhones save them; in the "+
					"phone choose "+
					"Settings, Camera, Formats, Most Compatible, or send it as JPEG")
		}
	}
	if strings.Contains(brands, "avif") {
		return refuse(IsAVIF, 0, 0,
			"this file is no JPEG or PNG photograph but AVIF; save it as JPEG and send that")
	}
	return refuse(IsVideo, 0, 0,
		"this file is no JPEG or PNG photograph but a video; send a photograph")
}
