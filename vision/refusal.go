package vision

import "github.com/gatehouse-iot/gatehouse"

// Refusal is the code for why a photograph was refused. The codes are part of the API and never
// change their meaning; those of a face's Fault are among them.
type Refusal string

// Refusals of a photograph as a whole. The numbers that accompany one are in parentheses.
const (
	NoFace       Refusal = "no_face"
	SeveralFaces Refusal = "several_faces" // (number, 1)

	Empty     Refusal = "empty"      // no bytes
	TooHeavy  Refusal = "too_heavy"  // (MB, most MB)
	TooMany   Refusal = "too_many"   // pixels (millions, most millions)
	TooDeep   Refusal = "too_deep"   // (MB once decoded, most MB)
	TooFew    Refusal = "too_few"    // pixels (shorter side, least)
	TooNarrow Refusal = "too_narrow" // (longer side, most)
	Damaged   Refusal = "damaged"
	TooCostly Refusal = "too_costly" // decoding exceeds the limits of time and memory

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
	e := gatehouse.Errorf(code, format, args...).At("photo").Because(string(why))
	e.Have, e.Need = have, need
	return e
}
