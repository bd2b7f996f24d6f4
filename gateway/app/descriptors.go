package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/listen"
	"github.com/gatehouse-iot/gatehouse/gateway/mqttfront"
)

// What is kept of the process's file descriptors for its own files and its drivers, and how
// few are left when the gateway says so.
const (
	reservedFiles = 256
	fewFiles      = 16
	leastPlaces   = 8 // of a listener, however few descriptors there are
)

// Of a connection of the API before its request is read.
const (
	headerTime = 10 * time.Second // TLS handshake, and a request's header
	idleTime   = 2 * time.Minute  // between two requests
	maxHeader  = 32 << 10         // bytes
	pingAfter  = 30 * time.Second // of silence on a connection of HTTP/2
	pingTime   = 15 * time.Second
	maxStreams = 128 // requests at a time on one connection of HTTP/2
)

// places is how many connections the listeners take, so that all of them together leave the
// stores and the drivers their descriptors.
type places struct {
	descriptors int // of the process; 0: nobody says, and what is configured holds
	http, mqtt  int
}

// share divides what the process may open.
func share(descriptors, http, mqtt int) places {
	p := places{descriptors: descriptors, http: http, mqtt: mqtt}
	if descriptors == 0 {
		return p
	}
	rest := descriptors - min(reservedFiles, descriptors/2)
	if p.http+p.mqtt+mqttfront.Strangers(p.mqtt) > rest {
		p.http = max(leastPlaces, min(p.http, rest/3))
		p.mqtt = max(leastPlaces, min(p.mqtt, (rest-p.http)*3/4))
	}
	return p
}

// bounds are those of the API's listener. Everybody comes from a reverse proxy's address, so
// that addresses are not counted behind one.
func (a *App) bounds() listen.Bounds {
	each := a.cfg.HTTP.MaxPerAddress
	if a.cfg.HTTP.Proxy {
		each = 0
	}
	return listen.Within(a.places.http, each)
}

// newServer is the API's server. It sets no deadline for a whole request, since streams go on;
// api has those of bodies and answers.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ConnContext:       listen.With,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			SendPingTimeout:      pingAfter,
			PingTimeout:          pingTime,
		},
	}
}

// connectionsCheck says how many connections there are, and which were refused and why.
func (a *App) connectionsCheck(s *api.Status) api.Check {
	st := a.bound.Stats()
	used, err := openFiles()
	s.Connections = map[string]any{
		"http": st.Open, "http_max": a.places.http, "http_strangers": st.Strangers,
		"refused_address": st.Address, "refused_full": st.Full, "displaced": st.Displaced,
		"mqtt_max": a.places.mqtt, "files": used, "files_max": a.places.descriptors,
	}
	if errors.Is(err, syscall.EMFILE) || err == nil && a.places.descriptors > 0 && a.places.descriptors-used < fewFiles {
		return check("connections", "critical",
			fmt.Sprintf("The gateway has used up the %d files and connections that it may open: raise its limit (LimitNOFILE).", a.places.descriptors),
			fmt.Sprintf("网关已用尽允许打开的 %d 个文件和连接，请提高上限（LimitNOFILE）。", a.places.descriptors))
	}
	state := "ok"
	en := []string{fmt.Sprintf("%d of %d connections to the console and the API are in use.", st.Open, a.places.http)}
	zh := []string{fmt.Sprintf("控制台与 API 的 %d 个连接中已用 %d 个。", a.places.http, st.Open)}
	if st.Full > 0 {
		state = "warning"
		en = append(en, fmt.Sprintf("Since the start, %d were refused because all were in use.", st.Full))
		zh = append(zh, fmt.Sprintf("启动以来有 %d 个因连接已满被拒绝。", st.Full))
	}
	if st.Address > 0 {
		en = append(en, fmt.Sprintf("%d were refused because their address had too many, the last from %s.", st.Address, st.LastAddress))
		zh = append(zh, fmt.Sprintf("%d 个因同一地址连接过多被拒绝，最近一个来自 %s。", st.Address, st.LastAddress))
	}
	if st.Displaced > 0 {
		en = append(en, fmt.Sprintf("%d that said nothing made room for newer ones.", st.Displaced))
		zh = append(zh, fmt.Sprintf("%d 个未登录的连接为新连接让位。", st.Displaced))
	}
	if a.places.mqtt < a.cfg.MQTT.MaxClients && a.front != nil {
		en = append(en, fmt.Sprintf("MQTT takes %d devices instead of %d, since this process may open %d files only (LimitNOFILE).",
			a.places.mqtt, a.cfg.MQTT.MaxClients, a.places.descriptors))
		zh = append(zh, fmt.Sprintf("由于本进程只能打开 %d 个文件（LimitNOFILE），MQTT 只接受 %d 台设备，而非 %d 台。",
			a.places.descriptors, a.places.mqtt, a.cfg.MQTT.MaxClients))
	}
	return check("connections", state, strings.Join(en, " "), strings.Join(zh, ""))
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

// known is told by the API of a request whose caller is known.
func known(ctx context.Context) { listen.Known(ctx) }
