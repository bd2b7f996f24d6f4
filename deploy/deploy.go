// Package deploy embeds the files that a gateway comes with: the commented configuration, and a
// school's initial rules, procedures and profiles. Its folder also has the set-up scripts and
// packaging.
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
