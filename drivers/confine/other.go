//go:build !linux

package confine

import "errors"

// ABI says that there is no Landlock.
func ABI() (int, error) { return 0, ErrNone }

// Become works on Linux alone.
func Become() error { return errors.New("programs are confined on Linux only") }
