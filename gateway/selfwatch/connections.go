package selfwatch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/listen"
)

// fewFiles is how few file descriptors may be left before the gateway warns.
const fewFiles = 16

// Connections watches the connections of the listeners.
type Connections struct {
	API    *listen.Listener
	Places func() Places
}

// Places are the limits of the listeners.
type Places struct {
	Files      int // that the process may open; 0: unknown
	HTTP, MQTT int // connections at a time
	MQTTWanted int // devices that the configuration asks for; 0 where MQTT is off
}

// Subject watches the connections.
func (c Connections) Subject() Subject {
	return Subject{
		Check: c.line,
		Metrics: []Metric{
			{
				Name:  "http_connections",
				Help:  "Connections to the console and the API.",
				Value: func() float64 { return float64(c.API.Stats().Open) },
			},
			{
				Name: "http_refused_total",
				Help: "Connections to the console and the API that were refused or made room " +
					"for others.",
				Counter: true,
				Value: func() float64 {
					st := c.API.Stats()
					return float64(st.Address + st.Full + st.Displaced)
				},
			},
		},
	}
}

// line says how many connections there are, and which were refused and why.
func (c Connections) line(_ context.Context, _ time.Time, s *api.Status) api.Check {
	st, p := c.API.Stats(), c.Places()
	used, err := openFiles()
	s.Connections = map[string]any{
		"http":            st.Open,
		"http_max":        p.HTTP,
		"http_strangers":  st.Strangers,
		"refused_address": st.Address,
		"refused_full":    st.Full,
		"displaced":       st.Displaced,
		"mqtt_max":        p.MQTT,
		"files":           used,
		"files_max":       p.Files,
	}
	if errors.Is(err, syscall.EMFILE) || err == nil && p.Files > 0 && p.Files-used < fewFiles {
		return Line("connections", "critical",
			fmt.Sprintf("The gateway has used up the %d files and connections that it may open: "+
				"raise its limit (LimitNOFILE).",
				p.Files),
			fmt.Sprintf("网关已用尽允许打开的 %d 个文件和连接，请提高上限（LimitNOFILE）。", p.Files))
	}
	state := "ok"
	en := []string{
		fmt.Sprintf("%d of %d connections to the console and the API are in use.", st.Open, p.HTTP),
	}
	zh := []string{fmt.Sprintf("控制台与 API 的 %d 个连接中已用 %d 个。", p.HTTP, st.Open)}
	if st.Full > 0 {
		state = "warning"
		en = append(en,
			fmt.Sprintf("Since the start, %d were refused because all were in use.", st.Full))
		zh = append(zh, fmt.Sprintf("启动以来有 %d 个因连接已满被拒绝。", st.Full))
	}
	if st.Address > 0 {
		en = append(en,
			fmt.Sprintf("%d were refused because their address had too many, the last from %s.",
				st.Address, st.LastAddress))
		zh = append(zh, fmt.Sprintf("%d 个因同一地址连接过多被拒绝，最近一个来自 %s。", st.Address, st.LastAddress))
	}
	if st.Displaced > 0 {
		en = append(en, fmt.Sprintf("%d that said nothing made room for newer ones.", st.Displaced))
		zh = append(zh, fmt.Sprintf("%d 个未登录的连接为新连接让位。", st.Displaced))
	}
	if p.MQTT < p.MQTTWanted {
		en = append(en,
			fmt.Sprintf("MQTT takes %d devices instead of %d, since this process may open %d "+
				"files only (LimitNOFILE).",
				p.MQTT, p.MQTTWanted, p.Files))
		zh = append(zh, fmt.Sprintf("由于本进程只能打开 %d 个文件（LimitNOFILE），MQTT 只接受 %d 台设备，而非 %d 台。",
			p.Files, p.MQTT, p.MQTTWanted))
	}
	return Line("connections", state, strings.Join(en, " "), strings.Join(zh, ""))
}

// openFiles counts the process's open files and sockets.
func openFiles() (int, error) {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	return max(0, len(names)-1), err
}
