package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	g "github.com/gatehouse-iot/gatehouse"
)

// Face is what a camera measured of the face in a picture: enough to enrol that person and nobody
// else in the picture. It expires as a picture that nobody keeps, even where the picture is kept.
type Face struct {
	Embedding []float32 `json:"embedding"` // unit length
	Model     string    `json:"model"`
	Quality   float64   `json:"quality"` // 0…1
}

const faceSuffix = ".face"

// PutFace keeps a face beside its picture.
func (s *Store) PutFace(school g.SchoolID, id g.MediaID, f Face) error {
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("keep face: %w", err)
	}
	return s.write(school, id, faceSuffix, b)
}

// Face returns the face of a picture, or a NotFound error if it is no longer stored.
func (s *Store) Face(_ context.Context, school g.SchoolID, id g.MediaID) (Face, error) {
	path, err := s.path(school, id)
	if err != nil {
		return Face{}, err
	}
	b, err := s.read(school, path+faceSuffix, string(id)+faceSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return Face{}, g.Errorf(g.NotFound,
			"the face of this picture is not kept any more: take a photograph of the person")
	}
	if err != nil {
		return Face{}, err
	}
	var f Face
	if err := json.Unmarshal(b, &f); err != nil {
		return Face{}, fmt.Errorf("open face of %s: %w", id, err)
	}
	return f, nil
}

// keptPath is the file of a picture that somebody has kept.
func (s *Store) keptPath(school g.SchoolID, id g.MediaID) string {
	return filepath.Join(s.dir, string(school), "kept", string(id))
}

// Keep exempts a picture from expiry until Delete. Its face still expires. Keeping a picture twice
// changes nothing.
func (s *Store) Keep(school g.SchoolID, id g.MediaID) error {
	path, err := s.path(school, id)
	if err != nil {
		return err
	}
	kept := s.keptPath(school, id)
	if _, err := os.Stat(kept); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	err = os.Rename(path, kept)
	if errors.Is(err, fs.ErrNotExist) {
		return g.Errorf(g.NotFound, "the picture is not kept any more, or never was")
	}
	if err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	return nil
}

// Forget destroys all pictures and faces of a school that nobody keeps.
func (s *Store) Forget(school g.SchoolID) error {
	if !g.ValidID(string(school)) {
		return g.Errorf(g.NotFound, "there is no school %q", school)
	}
	folders, err := filepath.Glob(filepath.Join(s.dir, string(school), "[0-9]*"))
	if err != nil {
		return err
	}
	for _, f := range folders {
		if err := os.RemoveAll(f); err != nil {
			return fmt.Errorf("forget pictures: %w", err)
		}
	}
	return nil
}

// Sweep destroys kept pictures that are not wanted any more.
func (s *Store) Sweep(wanted func(g.SchoolID, g.MediaID) bool) error {
	files, err := filepath.Glob(filepath.Join(s.dir, "*", "kept", "*"))
	if err != nil {
		return err
	}
	for _, f := range files {
		school, id := filepath.Base(filepath.Dir(filepath.Dir(f))), filepath.Base(f)
		if wanted(g.SchoolID(school), g.MediaID(id)) {
			continue
		}
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep pictures: %w", err)
		}
	}
	return nil
}

// Delete destroys a picture and its face, kept or not. One that is gone is no error.
func (s *Store) Delete(school g.SchoolID, id g.MediaID) error {
	path, err := s.path(school, id)
	if err != nil {
		return err
	}
	for _, f := range []string{path, path + faceSuffix, s.keptPath(school, id)} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete picture: %w", err)
		}
	}
	return nil
}
