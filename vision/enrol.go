package vision

import "math"

// company is the part of the largest face's size from which another face counts as a second person.
const company = 0.4

// OnlyFace returns the face of an enrolment photograph if it shows exactly one person and the face
// is good. Faces much smaller than the largest do not count. seen comes from Look under
// PhotoLimits; the error tells a person what is wrong and how to fix it.
func OnlyFace(seen []Seen) (Seen, error) {
	people := peopleIn(seen)
	if len(people) == 0 {
		return Seen{}, refuse(NoFace, 0, 0,
			"no face was found; take a photograph of the face from the front, in even light, "+
				"without mask or sunglasses")
	}
	if len(people) > 1 {
		return Seen{}, refuse(SeveralFaces, float64(len(people)), 1,
			"the photograph shows %d people; take one of this person alone, or cut the others off",
			len(people))
	}
	x := people[0]
	why := Refusal(x.Fault)
	switch x.Fault {
	case "":
		return x, nil
	case TooSmall:
		size, needed := math.Floor(x.Measure.Size), PhotoLimits().Size
		return x, refuse(why, size, needed,
			"the face is only %.0f pixels wide, %.0f are needed; go nearer, or send the "+
				"photograph in its full size",
			size, needed)
	case Uncertain:
		return x, refuse(why, 0, 0,
			"the face is not clearly to be seen; take off mask, sunglasses or hat, and "+
				"photograph it from the front in even light")
	case Turned:
		return x, refuse(why, 0, 0,
			"the face is turned or tilted; let the person look straight into the camera, head "+
				"upright")
	case TooDark:
		return x, refuse(why, 0, 0,
			"the face is too dark; take the photograph in more light, not against a window")
	case TooBright:
		return x, refuse(why, 0, 0,
			"the face is too bright; take the photograph without flash and out of direct sun")
	case TooFlat:
		return x, refuse(why, 0, 0,
			"the face has too little contrast; take the photograph in even light, without fog or "+
				"glare on the lens")
	case Blurred:
		return x, refuse(why, 0, 0,
			"the face is blurred; hold the camera still, and let it focus on the face")
	case NotLive:
		return x, refuse(why, 0, 0,
			"this looks like a photograph of a picture or of a screen; photograph the person")
	}
	return x, refuse(
		why,
		0,
		0,
		"the face cannot be used (%s); take another photograph",
		x.Fault,
	)
}

// People is how many people a photograph shows, as OnlyFace counts them.
func People(seen []Seen) int { return len(peopleIn(seen)) }

func peopleIn(seen []Seen) (people []Seen) {
	for _, x := range seen { // the largest first
		if len(people) == 0 ||
			x.Measure.Score >= 0.8 && x.Measure.Size >= company*people[0].Measure.Size {
			people = append(people, x)
		}
	}
	return people
}
