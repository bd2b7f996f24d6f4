package demo

import (
	"fmt"
	"net"

	g "github.com/gatehouse-iot/gatehouse"
)

// thing is a device of the demo school and the equipment behind it.
type thing struct {
	id, zone, profile string
	driver            g.DriverName
	name, zh, serial  string
	address, secret   map[string]string
	equipment         map[string]any // as the simulator reads it; nil: part of another
}

// fleet lists every device: 72 of five types.
func (o Options) fleet() []thing {
	var all []thing
	all = append(all, o.cameras()...)
	all = append(all, o.terminals()...)
	all = append(all, o.mqttDevices()...)
	all = append(all, o.meters()...)
	return append(all, o.brokerSensors()...)
}

func (o Options) cameras() []thing {
	var out []thing
	for _, c := range []struct{ id, zone, name, zh string }{
		{"cam-main-gate", "main-gate", "Main gate camera", "正门摄像机"},
		{"cam-side-gate", "side-gate", "Side gate camera", "侧门摄像机"},
		{"cam-library", "library", "Library door camera", "图书馆摄像机"},
	} {
		out = append(out, thing{
			id:      c.id,
			zone:    c.zone,
			profile: "rtsp-camera",
			driver:  "camera",
			name:    c.name,
			zh:      c.zh,
			serial:  "DEMO-" + c.id,
			address: map[string]string{
				"url":      "rtsp://" + o.rtsp() + "/" + c.zone,
				"username": "viewer",
			},
			secret: map[string]string{"password": "viewer"},
		})
	}
	return out
}

func (o Options) terminals() []thing {
	var out []thing
	for i, t := range []struct{ id, zone, name, zh string }{
		{"gate-terminal-1", "main-gate", "Main gate turnstile 1", "正门闸机 1"},
		{"gate-terminal-2", "main-gate", "Main gate turnstile 2", "正门闸机 2"},
		{"side-terminal", "side-gate", "Side gate turnstile", "侧门闸机"},
		{"dorm-terminal-1", "dorm-door", "Dormitory terminal 1", "宿舍终端 1"},
		{"dorm-terminal-2", "dorm-door", "Dormitory terminal 2", "宿舍终端 2"},
		{"office-terminal", "office", "Staff terminal", "教工考勤机"},
	} {
		serial := fmt.Sprintf("DEMOZK%04d", i+1)
		out = append(out, thing{
			id:      t.id,
			zone:    t.zone,
			profile: "zkteco-push-terminal",
			driver:  "zkteco",
			name:    t.name,
			zh:      t.zh,
			serial:  serial,
			address: map[string]string{"timezone": timezone},
			equipment: map[string]any{
				"kind":     "zkteco",
				"connect":  "http://" + o.terminal(),
				"serial":   serial,
				"timezone": timezone,
				"interval": "2s",
			},
		})
	}
	return out
}

// mqttDevices speak MQTT to the gateway itself; their credentials come at registration.
func (o Options) mqttDevices() []thing {
	var out []thing
	add := func(id, zone, profile, name, zh string, values map[string]any) {
		out = append(out, thing{
			id:      id,
			zone:    zone,
			profile: profile,
			driver:  g.DriverMQTTFront,
			name:    name,
			zh:      zh,
			serial:  "DEMO-" + id,
			equipment: map[string]any{
				"kind":     "mqtt",
				"interval": "5s",
				"values":   values,
			},
		})
	}
	rooms := []string{"room-71", "room-72", "room-81"}
	for i := range 15 {
		room := rooms[i%len(rooms)]
		add(fmt.Sprintf("board-%02d", i+1), room, "class-board",
			fmt.Sprintf("Class board %d", i+1), fmt.Sprintf("班牌 %d", i+1),
			map[string]any{
				"brightness":  80,
				"temperature": walk(34, 28, 45, 0.2),
				"page":        "timetable",
			})
	}
	for i := range 6 {
		add(fmt.Sprintf("pos-%d", i+1), "canteen", "canteen-pos",
			fmt.Sprintf("Canteen till %d", i+1), fmt.Sprintf("食堂消费机 %d", i+1),
			map[string]any{
				"meals_served": map[string]any{"count": map[string]any{"from": 0, "rate": 0.01}},
				"paper":        walk(70, 20, 100, 0.1),
			})
	}
	for i := range 18 {
		z := []string{"room-71", "room-72", "room-81", "library", "office", "dorm-hall"}[i%6]
		add(fmt.Sprintf("air-%02d", i+1), z, "environment-sensor",
			fmt.Sprintf("Air sensor %d", i+1), fmt.Sprintf("空气传感器 %d", i+1),
			map[string]any{
				"temperature": walk(22, 18, 27, 0.1),
				"humidity":    walk(48, 30, 65, 0.5),
				"co2":         walk(620+20*float64(i), 420, 1100, 12),
			})
	}
	for i, z := range []string{"lab-1", "lab-1", "lab-2", "lab-2", "kitchen", "dorm-hall"} {
		add(fmt.Sprintf("smoke-%d", i+1), z, "smoke-heat-sensor",
			fmt.Sprintf("Smoke and heat detector %d", i+1), fmt.Sprintf("烟温探测器 %d", i+1),
			map[string]any{
				"smoke":       false,
				"temperature": walk(23, 18, 30, 0.1),
				"battery":     96,
			})
	}
	return out
}

func walk(from, min, max, step float64) map[string]any {
	return map[string]any{"walk": map[string]any{
		"from": from,
		"min":  min,
		"max":  max,
		"step": step,
	}}
}

// meters are Modbus units; every second one answers behind the address of the one before.
func (o Options) meters() []thing {
	var out []thing
	host, _, _ := net.SplitHostPort(o.modbus())
	for i := range 10 {
		id := fmt.Sprintf("meter-%d", i+1)
		addr := fmt.Sprintf("%s:%d", host, o.PortBase+10+i/2)
		eq := map[string]any{
			"kind": "modbus",
			"unit": i%2 + 1,
			"values": map[string]any{
				"voltage": map[string]any{
					"sine": map[string]any{
						"mean":      230,
						"amplitude": 2,
						"period":    "10m",
					},
				},
				"power": walk(4, 0.5, 12, 0.3),
				"energy": map[string]any{
					"count": map[string]any{"from": 1200 + i*311, "rate": 0.001},
				},
			},
			"registers": map[string]any{
				"voltage": map[string]any{"register": "input:0", "as": "float32"},
				"power":   map[string]any{"register": "input:2", "as": "float32"},
				"energy":  map[string]any{"register": "holding:10", "as": "uint32", "scale": 0.01},
			},
		}
		if i%2 == 0 {
			eq["listen"] = addr
		} else {
			eq["behind"] = fmt.Sprintf("meter-%d", i)
		}
		z := []string{"office", "lab-1", "lab-2", "kitchen", "dorm-hall"}[i%5]
		out = append(out, thing{
			id:      id,
			zone:    z,
			profile: "energy-meter",
			driver:  "modbus",
			name:    fmt.Sprintf("Energy meter %d", i+1),
			zh:      fmt.Sprintf("电表 %d", i+1),
			serial:  "DEMO-" + id,
			address: map[string]string{
				"address":  addr,
				"unit":     fmt.Sprint(i%2 + 1),
				"interval": "3s",
			},
			equipment: eq,
		})
	}
	return out
}

// brokerSensors publish to a broker that is not the gateway's, which the mqtt driver reads.
func (o Options) brokerSensors() []thing {
	var out []thing
	for i := range 8 {
		id := fmt.Sprintf("leak-%d", i+1)
		z := []string{"kitchen", "dorm-hall", "lab-1", "lab-2"}[i%4]
		out = append(out, thing{
			id:      id,
			zone:    z,
			profile: "water-leak-sensor",
			driver:  "mqtt",
			name:    fmt.Sprintf("Water leak sensor %d", i+1),
			zh:      fmt.Sprintf("漏水传感器 %d", i+1),
			serial:  "DEMO-" + id,
			address: map[string]string{
				"broker": "tcp://" + o.broker(),
				"topic":  "building/" + id + "/telemetry",
			},
			equipment: map[string]any{
				"kind":     "mqtt",
				"connect":  "tcp://" + o.broker(),
				"topic":    "building/" + id,
				"interval": "5s",
				"values":   map[string]any{"leak": false, "battery": walk(88, 60, 100, 0.1)},
			},
		})
	}
	return out
}
