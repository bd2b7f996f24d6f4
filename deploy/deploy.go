// Package deploy carries the files that a gateway brings along: the commented configuration,
// and the rules, procedures and profiles that a school begins with. Beside it lie the set-up
// scripts and everything else that puts a gateway on a machine.
package deploy

import (
	"embed"
	"io/fs"
)

//go:embed gatehouse.yaml
var sample []byte

//go:embed rules procedures profiles
var files embed.FS

// Config is the commented configuration file: every key with its default.
func Config() []byte { return append([]byte(nil), sample...) }

// Files holds the folders rules, procedures and profiles.
func Files() fs.FS { return files }
