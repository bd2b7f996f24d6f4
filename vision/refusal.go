package vision

import (
	"fmt"

	"github.com/gatehouse-iot/gatehouse"
)

// Refusal is the code for why a photograph was refused. The codes are part of the API and never
// change their meaning; those of a face's Fault are among them.
type Refusal string

// Refusals of a photograph as a whole. The numbers that accompany one are in parentheses.
const (
	NoFace       Refusal = "no_face"
	SeveralFaces Refusal = "several_faces" // (how many, 1)

	Empty     Refusal = "empty"      // no bytes
	TooHeavy  Refusal = "too_heavy"  // (MB, MB that are taken)
	TooMany   Refusal = "too_many"   // pixels (millions, millions that are taken)
	TooDeep   Refusal = "too_deep"   // (MB once decoded, MB that are taken)
	TooFew    Refusal = "too_few"    // pixels (the shorter side, what is needed)
	TooNarrow Refusal = "too_narrow" // (the longer side, what is taken)
	Damaged   Refusal = "damaged"
	TooCostly Refusal = "too_costly" // to be read within the bounds of time and memory

	// Files in other formats.
	IsHEIC    Refusal = "is_heic"
	IsAVIF    Refusal = "is_avif"
	IsVideo   Refusal = "is_video"
	IsGIF     Refusal = "is_gif"
	IsWebP    Refusal = "is_webp"
	IsBMP     Refusal = "is_bmp"
	IsTIFF    Refusal = "is_tiff" // or a camera's raw file
	IsPDF     Refusal = "is_pdf"
	IsArchive Refusal = "is_archive" // or an office document
	IsUnknown Refusal = "is_unknown"
)

// Refusals lists every code.
func Refusals() []Refusal {
	return []Refusal{
		NoFace, SeveralFaces,
		Refusal(TooSmall), Refusal(Uncertain), Refusal(Turned), Refusal(TooDark),
		Refusal(TooBright), Refusal(TooFlat), Refusal(Blurred), Refusal(NotLive),
		Empty, TooHeavy, TooMany, TooDeep, TooFew, TooNarrow, Damaged, TooCostly,
		IsHEIC, IsAVIF, IsVideo, IsGIF, IsWebP, IsBMP, IsTIFF, IsPDF, IsArchive, IsUnknown,
	}
}

// Refuse makes the error shown to people; have and need are the reason's numbers, 0 if it has none.
func (r Refusal) Refuse(have, need float64, format string, args ...any) error {
	return refuse(r, have, need, format, args...)
}

func refuse(why Refusal, have, need float64, format string, args ...any) error {
	code := gatehouse.Invalid
	switch why {
	case TooHeavy, TooMany, TooDeep:
		code = gatehouse.TooLarge
	}
	return &gatehouse.Error{
		Code:    code,
		Field:   "photo",
		Message: fmt.Sprintf(format, args...),
		Reason:  string(why),
		Have:    have,
		Need:    need,
	}
}
