// Package console holds the built web console, so that the gateway is one file. It serves
// nothing itself: package api does. A development build compiles without the console and
// says that it is missing; a build with the tag "release" does not compile without it.
package console

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS is the built console, its index.html at the root; ok is false where `npm run build` has
// not been run in this folder before the gateway was compiled.
func FS() (console fs.FS, ok bool) {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, false
	}
	if _, err := fs.Stat(sub, "index.html"); err != nil {
		return nil, false
	}
	return sub, true
}
