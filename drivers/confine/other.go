//go:build !linux

package confine

import "errors"

// ABI reports that there is no Landlock.
func ABI() (int, error) { return 0, ErrNone }

// Become works on Linux only.
func Become() error { return errors.New("programs are confined on Linux only") }
