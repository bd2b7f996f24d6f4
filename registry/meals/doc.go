// Package meals decides and keeps who is served a meal: one for each person, meal and day, over all
// sittings (sessions of kind meal with one name and day) and all tills. A decision is on disk before
// it is answered, and writers take turns, so two tills that ask at once are never both told yes.
//
// It is no record of anybody's life: what was given is deleted after [Keep], there is no query of
// one person's meals, and names are told of the meals of today and yesterday only. How attendance
// counts a meal is decided by the rules from the sightings that it sends.
package meals
