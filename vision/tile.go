package vision

import (
	"image"
	"math"
	"sort"
)

// Tiling says how finely pictures are searched for faces.
type Tiling struct {
	Face float64 // shorter side, in pixels, of the smallest face that is wanted
	Runs int     // of the detector for one picture, at most; 1 looks at the whole picture only
}

// VideoTiling finds what VideoLimits take.
func VideoTiling() Tiling { return Tiling{Face: VideoLimits().Size, Runs: 6} }

// PhotoTiling finds what PhotoLimits take, and people beside it.
func PhotoTiling() Tiling { return Tiling{Face: PhotoLimits().Size, Runs: 12} }

// Reach is the shorter side, in pixels, of the smallest face that a detector finds reliably in
// a picture of this size in one run.
type Reach func(width, height int) float64

// Plan is how a picture of one size is searched: each part is one run of the detector. The
// first is the whole picture, which finds the large faces; the others, if any, lie over it and
// over each other, so that a face that the whole picture is too coarse for lies in one of them
// entirely.
type Plan struct {
	Parts    []image.Rectangle
	Smallest float64 // shorter side, in pixels, of the smallest face that is found
}

// around is how much larger than a face the overlap is: a detector wants to see what is around.
const around = 1.25

// Plan is the cheapest that finds the faces that are wanted; where so many runs do not suffice,
// it is the finest that they allow, and its Smallest says so.
func (t Tiling) Plan(width, height int, reach Reach) Plan {
	whole := image.Rect(0, 0, width, height)
	best := Plan{Parts: []image.Rectangle{whole}, Smallest: reach(width, height)}
	if best.Smallest <= t.Face {
		return best
	}
	overlap := int(math.Ceil(around * best.Smallest))
	for n := 2; n < t.Runs; n++ { // tiles beside the whole picture
		finest := best
		for rows := 1; rows <= n; rows++ {
			columns := n / rows
			w, h := tileSide(width, columns, overlap), tileSide(height, rows, overlap)
			if columns*rows != n || columns > 1 && w <= overlap || rows > 1 && h <= overlap {
				continue
			}
			if s := reach(w, h); s < finest.Smallest {
				finest = Plan{Parts: tiles(whole, columns, rows, w, h), Smallest: s}
			}
		}
		if best = finest; best.Smallest <= t.Face {
			break
		}
	}
	return best
}

// tileSide is the length of n tiles that cover a side and overlap.
func tileSide(side, n, overlap int) int { return (side + (n-1)*overlap + n - 1) / n }

// tiles are the whole picture and the tiles of a grid over it.
func tiles(whole image.Rectangle, columns, rows, w, h int) []image.Rectangle {
	out := []image.Rectangle{whole}
	step := func(side, tile, i, n int) int {
		if n == 1 {
			return 0
		}
		return (side - tile) * i / (n - 1)
	}
	for r := range rows {
		for c := range columns {
			x, y := step(whole.Dx(), w, c, columns), step(whole.Dy(), h, r, rows)
			out = append(out, image.Rect(x, y, x+w, y+h).Intersect(whole))
		}
	}
	return out
}

// Bounds of what is one face.
const (
	sameBox    = 0.4 // IoU from which two boxes are one face
	insideBox  = 0.7 // part of the smaller box in the larger, of two parts of a picture
	maxAnchors = 512 // boxes that compete in one picture
	edgeWidth  = 3   // pixels from a tile's edge within which a box may be cut off by it
)

// Merge makes one list of the faces that were found in each part of a picture, in the
// picture's coordinates: of boxes that overlap the best stays, one that a tile's edge may have
// cut off only where no whole one is there.
func (p Plan) Merge(found [][]Face) []Face {
	type candidate struct {
		face Face
		part int
		cut  bool
	}
	var all []candidate
	for i, faces := range found {
		for _, f := range faces {
			all = append(all, candidate{face: f, part: i, cut: p.cut(i, f.Box)})
		}
	}
	sort.SliceStable(all, func(i, j int) bool {
		if all[i].cut != all[j].cut {
			return !all[i].cut
		}
		return all[i].face.Score > all[j].face.Score
	})
	if len(all) > maxAnchors {
		all = all[:maxAnchors]
	}
	var keep []candidate
next:
	for _, c := range all {
		for _, k := range keep {
			if k.face.Box.IoU(c.face.Box) > sameBox ||
				k.part != c.part && k.face.Box.inside(c.face.Box) > insideBox {
				continue next
			}
		}
		keep = append(keep, c)
	}
	out := make([]Face, 0, len(keep))
	for _, k := range keep {
		out = append(out, k.face)
	}
	return out
}

// cut says whether an edge of a part that is not the picture's may run through a box.
func (p Plan) cut(part int, b Box) bool {
	whole, r := p.Parts[0], p.Parts[part]
	return r.Min.X > whole.Min.X && b.X < float32(r.Min.X+edgeWidth) ||
		r.Min.Y > whole.Min.Y && b.Y < float32(r.Min.Y+edgeWidth) ||
		r.Max.X < whole.Max.X && b.X+b.W > float32(r.Max.X-edgeWidth) ||
		r.Max.Y < whole.Max.Y && b.Y+b.H > float32(r.Max.Y-edgeWidth)
}

// inside is the part of the smaller of two boxes that lies in the other, 0…1.
func (b Box) inside(c Box) float64 {
	w := float64(min(b.X+b.W, c.X+c.W)) - float64(max(b.X, c.X))
	h := float64(min(b.Y+b.H, c.Y+c.H)) - float64(max(b.Y, c.Y))
	least := min(float64(b.W)*float64(b.H), float64(c.W)*float64(c.H))
	if !(w > 0 && h > 0 && least > 0) {
		return 0
	}
	return min(w*h/least, 1)
}
