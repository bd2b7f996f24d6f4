package host

import (
	"reflect"
	"slices"
	"sync"

	"github.com/gatehouse-iot/gatehouse"
)

// Reload applies new specs and a new rate. A driver with an unchanged spec keeps running; one with
// a changed spec is restarted, a new one started, and one without a spec stopped. A driver without
// a spec that still has devices stays as refused. The rate applies to a program at its next start.
//
// After an error nothing has changed. Reload returns when the stopped programs have ended, each
// within drivers.StopTimeout; it does not wait for started ones.
func (h *Host) Reload(specs []Spec, deviceRate int) error {
	if err := checkSpecs(specs); err != nil {
		return err
	}
	h.swap.Lock()
	defer h.swap.Unlock()
	begun, over, err := h.exchange(specs, deviceRate)
	if err != nil {
		return err
	}
	var stopping sync.WaitGroup
	for _, s := range over {
		stopping.Go(s.stop)
	}
	stopping.Wait()
	for _, s := range begun {
		s.start()
	}
	h.notify()
	return nil
}

// exchange replaces the supervisors by those of the new specs, and returns the ones to start and
// the ones to stop. A new supervisor takes over devices and log of the one it replaces.
func (h *Host) exchange(specs []Spec, deviceRate int) (begun, over []*supervisor, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running || h.ended {
		return nil, nil, gatehouse.Errorf(gatehouse.Conflict, "the driver host does not run")
	}
	specs = slices.Clone(specs)
	for _, s := range h.order {
		named := slices.ContainsFunc(specs, func(x Spec) bool { return x.Name == s.spec.Name })
		if !named && s.snapshot().Devices > 0 {
			specs = append(specs, Spec{Name: s.spec.Name})
		}
	}
	old := h.drivers
	h.rate = deviceRate
	h.order, h.drivers = nil, map[gatehouse.DriverName]*supervisor{}
	for _, spec := range specs {
		s := old[spec.Name]
		if s == nil || !reflect.DeepEqual(s.spec, spec) {
			next := newSupervisor(h, spec)
			if s != nil {
				next.takeOver(s)
			}
			s = next
			begun = append(begun, s)
		}
		h.drivers[spec.Name] = s
		h.order = append(h.order, s)
	}
	for name, s := range old {
		if h.drivers[name] != s {
			over = append(over, s)
		}
	}
	return begun, over, nil
}

// takeOver copies devices and history of the supervisor that s replaces, before s is started.
func (s *supervisor) takeOver(old *supervisor) {
	old.mu.Lock()
	defer old.mu.Unlock()
	s.logs = old.logs
	s.learned = old.learned
	s.status.Restarts = old.status.Restarts + 1
	for id, e := range old.devices {
		s.devices[id] = &entry{
			device: e.device,
			down:   e.down,
		}
	}
}

func (h *Host) deviceRate() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rate
}

// Check returns the error with which a program would be refused, as far as this is known without
// running it: its file, its checksum and, if the same program is running, its settings.
func (h *Host) Check(spec Spec) error {
	s := newSupervisor(h, spec)
	sum, refusal := s.verify()
	if refusal != "" {
		return gatehouse.Errorf(gatehouse.Invalid, "%s", refusal)
	}
	running, err := h.Driver(spec.Name)
	if err != nil || running.SHA256 != sum ||
		len(running.Description.Profiles)+len(running.Description.Settings) == 0 {
		return nil
	}
	fields := running.Description.Settings
	settings, err := withDefaults(fields, spec.Settings)
	if err != nil {
		return err
	}
	if look := h.options.Settings; look != nil {
		return look(spec.Name, fields, settings)
	}
	return nil
}
