package mqttfront

import "github.com/gatehouse-iot/gatehouse/drivers/listen"

// Limits are the bounds of Config that may change while a front runs.
type Limits struct {
	MaxClients    int
	MaxPerAddress int
	DeviceRate    int // publications a second; 0: no bound
	SchoolRate    int
}

// SetLimits changes the limits. It disconnects nobody: clients beyond a lower MaxClients stay, and
// a rate applies from the next publication on.
func (f *Front) SetLimits(l Limits) {
	f.bounds.Store(&l)
	f.limits.set(l.DeviceRate, l.SchoolRate)
	for _, listener := range []*listen.Listener{f.plain, f.secure} {
		if listener != nil {
			listener.SetBounds(strangerBounds(l.MaxClients, l.MaxPerAddress))
		}
	}
}
