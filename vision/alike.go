package vision

// Alike says what an enrolment asks about, as likenesses (cosines) of two photographs that
// enrolment takes.
type Alike struct {
	Own   float64 // below it a face is hardly the person's own
	Other float64 // from it on it may be somebody else's of the school
}

// DefaultAlike is derived by vision/measure, on LFW with the models that set-up fetches, in steps
// of a fiftieth; its rules and tests stand there.
//
// Other: the lowest at which, with 95 % confidence, fewer than 3 % of honest enrolments into a
// school of 1,100 are asked about. At 0.46 it is 19 of 1,100 (10 of 604,450 pairs), and 346 of 358
// second enrolments of a person under another name are caught (94.2 to 98.3 %); at 0.40, which
// was the value before, 148 of 1,100 were asked about for 351 of 358.
//
// Own: the highest at which, with 95 % confidence, fewer than 3.5 % of a person's own second
// photographs are asked about. At 0.34 it is 5 of 358, and 99.9 % of somebody else's photographs
// are caught. LFW's names hold some mistakes, which count against both.
func DefaultAlike() Alike { return Alike{Own: 0.34, Other: 0.46} }
