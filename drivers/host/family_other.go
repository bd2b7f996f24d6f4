//go:build !linux

package host

// Without /proc nobody says what a program started, or how much memory it holds.
type process struct{}

func family(int, string, *ownUser) []process      { return nil }
func memoryOf([]process) int64                    { return 0 }
func killFamily(int, string, *ownUser, []process) {}
