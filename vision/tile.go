package vision

import (
	"image"
	"math"
	"sort"
)

// Tiling says how finely pictures are searched for faces.
type Tiling struct {
	Face float64 // shorter side, in pixels, of the smallest face that must be found
	Runs int     // most detector runs for one picture; 1 is the whole picture only
}

// VideoTiling is fine enough for faces that VideoLimits accept.
func VideoTiling() Tiling {
	return Tiling{
		Face: VideoLimits().Size,
		Runs: 6,
	}
}

// PhotoTiling is fine enough for faces that PhotoLimits accept; it affords more runs than video.
func PhotoTiling() Tiling {
	return Tiling{
		Face: PhotoLimits().Size,
		Runs: 12,
	}
}

// Reach is the shorter side, in pixels, of the smallest face that the detector reliably finds in
// one run over a picture of this size.
type Reach func(width, height int) float64

// Plan says how pictures of one size are searched: each part is one run of the detector. The first
// part is the whole picture, for large faces; the others are tiles that overlap far enough for a
// face that is too small for the first run to lie entirely in one of them.
type Plan struct {
	Parts    []image.Rectangle
	Smallest float64 // shorter side, in pixels, of the smallest face that will be found
}

// around is the overlap of tiles in sizes of such a face: detectors need some surroundings.
const around = 1.25

// Plan returns the cheapest plan that finds faces of t.Face pixels or, if t.Runs are too few for
// that, the finest possible one; its Smallest tells which.
func (t Tiling) Plan(width, height int, reach Reach) Plan {
	whole := image.Rect(0, 0, width, height)
	best := Plan{
		Parts:    []image.Rectangle{whole},
		Smallest: reach(width, height),
	}
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
				finest = Plan{
					Parts: tiles(
						whole,
						columns,
						rows,
						w,
						h,
					),
					Smallest: s,
				}
			}
		}
		if best = finest; best.Smallest <= t.Face {
			break
		}
	}
	return best
}

// tileSide is the length of each of n overlapping tiles that cover side.
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

// Thresholds of Merge.
const (
	sameBox    = 0.4 // IoU from which two boxes are the same face
	insideBox  = 0.7 // the same for boxes of two parts: share of the smaller box that lies in the larger
	maxAnchors = 512 // same for boxes of two parts: share of the smaller one inside the larger
	edgeWidth  = 3   // pixels from a tile's edge within which a box may be cut off
)

// Merge combines the faces found in each part into one list, in the picture's coordinates. Of
// overlapping boxes the best stays; a box that a tile's edge may have cut off stays only if no
// whole one is there.
func (p Plan) Merge(found [][]Face) []Face {
	type candidate struct {
		face Face
		part int
		cut  bool
	}
	var all []candidate
	for i, faces := range found {
		for _, f := range faces {
			all = append(all, candidate{
				face: f,
				part: i,
				cut:  p.cut(i, f.Box),
			})
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

// cut reports whether a box touches an edge of its part that is not an edge of the picture.
func (p Plan) cut(part int, b Box) bool {
	whole, r := p.Parts[0], p.Parts[part]
	return r.Min.X > whole.Min.X && b.X < float32(r.Min.X+edgeWidth) ||
		r.Min.Y > whole.Min.Y && b.Y < float32(r.Min.Y+edgeWidth) ||
		r.Max.X < whole.Max.X && b.X+b.W > float32(r.Max.X-edgeWidth) ||
		r.Max.Y < whole.Max.Y && b.Y+b.H > float32(r.Max.Y-edgeWidth)
}

// inside is the share of the smaller box that lies within the other, 0…1.
func (b Box) inside(c Box) float64 {
	w := float64(min(b.X+b.W, c.X+c.W)) - float64(max(b.X, c.X))
	h := float64(min(b.Y+b.H, c.Y+c.H)) - float64(max(b.Y, c.Y))
	least := min(float64(b.W)*float64(b.H), float64(c.W)*float64(c.H))
	if !(w > 0 && h > 0 && least > 0) {
		return 0
	}
	return min(w*h/least, 1)
}
