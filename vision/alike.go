package vision

// Alike holds the cosine thresholds at which enrolment warns: of a photograph that may not show the
// person named, or that may show somebody who is enrolled already.
type Alike struct {
	Own   float64 // a person's own photographs below this cosine are asked about
	Other float64 // another person's photograph at or above this cosine is asked about
}

// DefaultAlike is derived by vision/measure, on LFW with the models that set-up fetches, in steps
// of 0.02; the rules and their tests are in that package.
//
// Other: the lowest value at which, with 95 % confidence, fewer than 3 % of honest enrolments into
// a school of 1,100 cause a warning. At 0.46, 19 of 1,100 do (10 of 604,450 pairs), and 346 of 358
// second enrolments of a person under another name are caught (94.2 to 98.3 %). At 0.40, the
// earlier value, 148 of 1,100 did, and 351 of 358 were caught.
//
// Own: the highest value at which, with 95 % confidence, fewer than 3.5 % of a person's own second
// photographs cause a warning. At 0.34, 5 of 358 do, and 99.9 % of other people's photographs are
// caught. Some names in LFW are wrong, which counts against both values.
func DefaultAlike() Alike {
	return Alike{
		Own:   0.34,
		Other: 0.46,
	}
}
