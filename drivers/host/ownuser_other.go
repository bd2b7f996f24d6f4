//go:build !linux

package host

import "os/exec"

// Programs have a user of their own on Linux only.
type ownUser struct {
	name     string
	uid, gid uint32
	alone    bool
}

func (s *supervisor) ownUser(grants) (*ownUser, string) {
	return nil, "programs have one on Linux only"
}
func runAs(*exec.Cmd, *ownUser) {}
