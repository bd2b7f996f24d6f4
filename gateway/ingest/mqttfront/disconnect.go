package mqttfront

import "github.com/gatehouse-iot/gatehouse"

const rcAdministrative = 0x98 // administrative action

// Disconnect ends the connections of a device, which may connect again and is then
// authenticated anew. It does not wait for them to end. It may be called at any time.
func (f *Front) Disconnect(device gatehouse.DeviceID) {
	f.mu.Lock()
	var clients []*client
	for key, s := range f.sessions {
		if key.id.Device != device {
			continue
		}
		s.mu.Lock()
		if s.c != nil {
			clients = append(clients, s.c)
		}
		s.mu.Unlock()
	}
	f.mu.Unlock()
	for _, c := range clients {
		c.shut(rcAdministrative)
	}
}
