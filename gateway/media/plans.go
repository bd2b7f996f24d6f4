package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/media/drawing"
)

// drawingPrefix begins the names of drawings.
const drawingPrefix = "pln_"

// PutDrawing reads the drawing of a floor, and encrypts and stores what is kept of it; left names
// what was left out. A drawing expires with no hour: SweepDrawings destroys those that no floor has.
func (s *Store) PutDrawing(school g.SchoolID, raw []byte) (p g.Plan, left []string, err error) {
	d, err := drawing.Read(raw)
	if err != nil {
		return g.Plan{}, nil, err
	}
	name, err := s.name(school, time.Time{}, d.Bytes)
	if err != nil {
		return g.Plan{}, nil, err
	}
	_, hash, _ := strings.Cut(strings.TrimPrefix(string(name), "med_"), "_")
	p = g.Plan{
		Picture: g.MediaID(drawingPrefix + hash),
		Type:    d.Type,
		Width:   d.Width,
		Height:  d.Height,
	}
	path, err := s.drawingPath(school, p.Picture)
	if err != nil {
		return g.Plan{}, nil, err
	}
	return p, d.Left, s.seal(school, path, string(p.Picture), d.Bytes)
}

// Drawing returns a drawing, or a NotFound error if the school has none of that id.
func (s *Store) Drawing(_ context.Context, school g.SchoolID, id g.MediaID) ([]byte, error) {
	path, err := s.drawingPath(school, id)
	if err != nil {
		return nil, err
	}
	b, err := s.read(school, path, string(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, g.Errorf(g.NotFound, "the plan's drawing is not there any more: send it again")
	}
	return b, err
}

// SweepDrawings destroys drawings that no floor has and that were written before a time: one that
// was just stored may not be a floor's yet.
func (s *Store) SweepDrawings(wanted map[g.MediaID]bool, before time.Time) error {
	files, err := filepath.Glob(filepath.Join(s.dir, "*", "plans", "*"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if wanted[g.MediaID(filepath.Base(f))] {
			continue
		}
		about, err := os.Stat(f)
		if err != nil || !about.ModTime().Before(before) {
			continue // gone meanwhile, or too new
		}
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep drawings: %w", err)
		}
	}
	return nil
}

func (s *Store) drawingPath(school g.SchoolID, id g.MediaID) (string, error) {
	if !strings.HasPrefix(string(id), drawingPrefix) || !g.ValidID(string(id)) ||
		!g.ValidID(string(school)) {
		return "", g.Errorf(g.NotFound, "%q names no drawing", id)
	}
	return filepath.Join(s.dir, string(school), "plans", string(id)), nil
}
