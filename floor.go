package gatehouse

// Floor is a storey of a building. Zones name it as theirs; its plan shows where they and their
// devices are.
type Floor struct {
	ID       FloorID    `json:"id"`
	School   SchoolID   `json:"school"`
	Building BuildingID `json:"building"`
	Name     string     `json:"name"`
	Level    int        `json:"level"` // 0 is the ground floor; orders a building's floors
	Plan     *Plan      `json:"plan,omitempty"`
}

// Plan is the drawing of a floor.
type Plan struct {
	Picture MediaID `json:"picture"` // changes with the drawing
	Type    string  `json:"type"`    // image/svg+xml, image/png or image/jpeg
	Width   int     `json:"width"`   // pixels, or units of the SVG's view box
	Height  int     `json:"height"`
}

// Point is a position on a plan: X from 0 (left) to 1 (right), Y from 0 (top) to 1 (bottom), so
// that it outlives a drawing of another resolution.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Area is a rectangle on a plan, in the units of Point.
type Area struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// Middle is the centre of the area.
func (a Area) Middle() Point {
	return Point{
		X: a.X + a.W/2,
		Y: a.Y + a.H/2,
	}
}
