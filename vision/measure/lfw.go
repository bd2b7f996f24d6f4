//go:build vision

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// photo is one photograph of a person.
type photo struct {
	path   string
	person int // a number instead of the name
}

// lfwFolder is the folder of the photographs: under $GATEHOUSE_SHARED, or beside the repository.
func lfwFolder(beside string) (string, error) {
	dir := os.Getenv("GATEHOUSE_SHARED")
	if dir == "" {
		dir = beside
	}
	dir = filepath.Join(dir, "lfw", "images")
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("there are no photographs in %s: set GATEHOUSE_SHARED to a folder "+
			"that holds lfw/images/PERSON/*.jpg (Labeled Faces in the Wild)",
			dir)
	}
	return dir, nil
}

// photosIn lists the photographs in order of their names.
func photosIn(dir string) (out []photo, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.jpg"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	last, person := "", -1
	for _, p := range paths {
		if name := filepath.Dir(p); name != last {
			last = name
			person++
		}
		out = append(out, photo{p, person})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no PERSON/*.jpg", dir)
	}
	return out, nil
}

// sample returns all photographs of every n-th person who has at least two.
func sample(all []photo, every int) (out []photo) {
	count := map[int]int{}
	for _, p := range all {
		count[p.person]++
	}
	taken, nth := map[int]bool{}, 0
	for _, p := range all {
		if count[p.person] < 2 {
			continue
		}
		if _, ok := taken[p.person]; !ok {
			taken[p.person] = nth%every == 0
			nth++
		}
		if taken[p.person] {
			out = append(out, p)
		}
	}
	return out
}

// read returns the photograph, and the first eight digits of its checksum to identify it.
func (p photo) read() (f vision.Frame, mark string, err error) {
	b, err := os.ReadFile(p.path)
	if err != nil {
		return f, "", err
	}
	sum := sha256.Sum256(b)
	f, err = vision.ReadPhoto(b)
	return f, hex.EncodeToString(sum[:4]), err
}
