package host

import (
	"context"
	"fmt"
	"time"
)

const (
	lookEvery = 2 * time.Second // between looks at a program's processes
	lookAgain = 15              // looks between checks whether what it may open has changed
)

// relatives measures the memory of a run's processes until ctx ends, and breaks the session if it
// exceeds the limit. The processes seen are killed at the end of the run.
func (x *session) relatives(ctx context.Context, p *program) {
	if p.dir == "" {
		return // it runs within this process
	}
	most := x.s.memory()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for looks := 0; ; {
		ps := family(p.pid, p.dir, p.cage.user)
		p.seen.Store(&ps)
		held := memoryOf(ps)
		x.s.mu.Lock()
		x.s.status.Memory, x.s.status.MemoryMax = held, most
		x.s.mu.Unlock()
		if held > most {
			x.breach.Store(&violation{
				fmt.Sprintf("it held %s of memory, and at most %s are allowed (memory_mib in the "+
					"configuration)",
					mebibytes(held), mebibytes(most)),
			})
			x.cancel()
			return
		}
		if looks++; looks%lookAgain == 0 && x.s.opensOther(p.cage) {
			x.s.host.options.Logger.Info(
				"a file or device that a driver may open came, went or was replaced: it is "+
					"started again, to be let open the new one",
				"driver", x.s.spec.Name)
			x.s.askRestart()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// memory is the program's memory limit, in bytes.
func (s *supervisor) memory() int64 {
	if s.spec.Memory > 0 {
		return s.spec.Memory
	}
	return DefaultMemory
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// MemoryHigh reports whether the program holds more than half of its memory limit.
func (s Status) MemoryHigh() bool { return s.MemoryMax > 0 && s.Memory > s.MemoryMax/2 }
