package gatehouse_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gatehouse-iot/gatehouse"

// floors lists for each top folder the folders that it may import. It applies to every package and
// every test; "" is the root package.
var floors = map[string][]string{
	"":         {},
	"drivers":  {""},
	"vision":   {"", "drivers"},
	"rules":    {""},
	"registry": {""},
	"api":      {"", "registry", "rules"},
	"deploy":   {},
	"gateway":  {"", "api", "registry", "rules", "drivers", "vision", "deploy"},
}

// room is one package: the packages of this module and the third parties that it imports, by name.
type room struct{ name, uses, others string }

// house is the plan: one line for each package, with exactly what it imports. "root" is the root
// package. A missing package, a line without a package and an unused import all fail. Tests are
// checked against floors only.
var house = []room{
	// The domain types and Admit. No I/O, no clock; the standard library only.
	{"root", "", ""},

	// Pure decisions: no I/O, no clock.
	{"rules", "root rules/calendar", "yaml"},
	{"rules/attend", "root", ""},
	{"rules/muster", "root rules/presence", ""},
	{"rules/presence", "root", ""},
	{"rules/calendar", "root", ""},
	{"rules/quality", "root", ""},
	{"rules/timetable", "root rules/calendar", ""},

	// Storage. Only registry/store uses SQL drivers, and only registry/sheet reads workbooks. The
	// store knows no aggregate; an aggregate may call those above it here, never those below; deeds
	// and views span them. registry/law_test.go checks that each uses its own tables only.
	{"registry/change", "", ""},
	{"registry/store", "root registry/change", "pgx sqlite x/text"},
	{"registry/places", "root registry/change registry/store", ""},
	{
		"registry/people",
		"root registry/change registry/places registry/roster registry/sheet " +
			"registry/store",
		"",
	},
	{
		"registry/access",
		"root registry/change registry/places registry/store",
		"otp webauthn x/crypto zxcvbn",
	},
	{"registry/hooks", "root registry/access registry/change registry/store", ""},
	{"registry/fleet", "root registry/change registry/places registry/store", "yaml"},
	{"registry/history", "root registry/fleet registry/people registry/store", ""},
	{"registry/sessions", "root registry/change registry/people registry/places registry/store", ""},
	{"registry/rules", "root registry/change registry/store", ""},
	{
		"registry/alerts",
		"root registry/access registry/change registry/fleet registry/people registry/places " +
			"registry/procedures registry/rota registry/rules registry/store",
		"",
	},
	{"registry/procedures", "root registry/change registry/places registry/store", ""},
	{"registry/calendar", "root registry/change registry/store", ""},
	{"registry/exceptions", "root registry/change registry/store", ""},
	{"registry/musters", "root registry/change registry/people registry/store", ""},
	{"registry/meals", "root registry/change registry/people registry/places registry/sessions registry/store", ""},
	{"registry/visits", "root registry/change registry/people registry/places registry/store", ""},
	{"registry/timetable", "root registry/change registry/people registry/places registry/store", ""},
	{
		"registry/messages",
		"root registry/access registry/change registry/people registry/places registry/store",
		"",
	},
	{"registry/collect", "root registry/change registry/people registry/sessions registry/store", ""},
	{"registry/guardians", "root registry/change registry/messages registry/people registry/store", ""},
	{
		"registry/leave",
		"root registry/access registry/change registry/people registry/places registry/sessions registry/store",
		"",
	},
	{
		"registry/oncall",
		"root registry/access registry/change registry/messages registry/places registry/rota " +
			"registry/store",
		"",
	},
	{
		"registry/lockdown",
		"root registry/access registry/alerts registry/change registry/fleet registry/messages " +
			"registry/people registry/places registry/store",
		"",
	},
	{
		"registry/deeds",
		"root registry/access registry/alerts registry/change registry/people registry/places " +
			"registry/store",
		"",
	},
	{
		"registry/views",
		"root registry/alerts registry/fleet registry/lockdown registry/messages registry/oncall " +
			"registry/people registry/places registry/store",
		"",
	},
	{"registry",
		"root registry/access registry/alerts registry/calendar registry/collect registry/deeds " +
			"registry/exceptions registry/fleet registry/guardians registry/history registry/hooks " +
			"registry/leave registry/lockdown registry/meals registry/messages registry/musters " +
			"registry/oncall registry/people " +
			"registry/places registry/procedures registry/rules registry/sessions " +
			"registry/store registry/timetable registry/views registry/visits", ""},
	{"registry/sheet", "", "excelize x/text"},
	{"registry/roster", "root registry/sheet", "x/text"},
	{"registry/lessons", "root registry/sheet", ""},
	{"registry/rota", "root", ""},
	{"registry/almanac", "root", "ical"},
	{"registry/historybench", "root registry registry/history registry/people", "pgx"},
	{"registry/passkeytest", "", ""},

	// The driver contract and its host. Driver programs do not import each other.
	{"drivers", "root drivers/driverpb", "go-hclog go-plugin grpc protobuf x/sync x/time"},
	{"drivers/driverpb", "root", "grpc protobuf"},
	{"drivers/confine", "", "x/sys"},
	{"drivers/listen", "", ""},
	{
		"drivers/host",
		"root drivers drivers/confine drivers/driverpb",
		"go-hclog go-plugin grpc protobuf x/sys",
	},
	{"drivers/drivertest", "root drivers drivers/host", ""},
	{"drivers/sim", "root", "gortsplib mp4ff paho yaml"},
	{"drivers/sim/equipment", "drivers/sim", "x/sync"},
	{"drivers/example", "root drivers", ""},
	{"drivers/example/gate", "root drivers", ""},
	{"drivers/modbus", "root drivers", "goburrow-modbus goburrow-serial yaml"},
	{"drivers/mqtt", "root drivers", "paho yaml"},
	{"drivers/counter", "root drivers drivers/listen", "websocket x/time yaml"},
	{"drivers/zkteco", "root drivers drivers/listen", "yaml"},

	// Vision. Only vision/opencv uses cgo.
	{"vision", "root", "gonum"},
	{"vision/opencv", "root vision", "go-astiav gocv mediacommon mp4ff onnxruntime"},
	{"vision/camera", "root drivers vision vision/opencv", "gortsplib pion-rtp x/sync x/sys"},
	{"vision/measure", "root vision vision/opencv", "gonum x/sync"},

	// What every request passes: HTTP, identity, permission, document. Only here is huma.
	{
		"api",
		"root api/access api/alerts api/attendance api/calendar api/fleet api/gate api/guardians " +
			"api/live api/lockdown api/meals api/messages api/oncall api/people api/places api/rules " +
			"api/timetable api/visits api/webhooks registry registry/change registry/deeds registry/messages",
		"huma",
	},
	{"api/gate", "root api/texts registry registry/access", "huma x/time"},

	// The areas of the API, each given only what it uses. They import neither each other nor the
	// gateway.
	{
		"api/access",
		"root api/gate registry registry/access registry/deeds registry/views",
		"qrcode",
	},
	{
		"api/alerts",
		"root api/gate registry registry/alerts registry/procedures registry/views",
		"",
	},
	{
		"api/attendance",
		"root api/gate api/texts registry registry/exceptions registry/history registry/people registry/sessions " +
			"rules/calendar rules/muster rules/presence",
		"excelize",
	},
	{"api/visits", "root api/gate api/texts registry registry/visits", "qrcode x/time"},
	{
		"api/guardians",
		"root api/gate api/texts registry registry/collect registry/guardians registry/leave " +
			"registry/sessions rules/presence",
		"qrcode x/time",
	},
	{"api/meals", "root api/gate", ""},
	{
		"api/timetable",
		"root api/gate registry registry/almanac registry/lessons registry/people registry/sheet " +
			"registry/timetable rules/calendar rules/timetable",
		"huma",
	},
	{"api/calendar", "root api/gate registry/almanac registry/calendar rules/calendar", ""},
	{
		"api/fleet",
		"root api/gate registry registry/fleet registry/history rules/quality",
		"huma x/time",
	},
	{"api/live", "root api/gate registry/history", "huma"},
	{"api/lockdown", "root api/gate registry registry/lockdown", ""},
	{
		"api/oncall",
		"root api/gate api/texts registry registry/alerts registry/oncall registry/rota rules/calendar",
		"x/time",
	},
	{
		"api/people",
		"root api/gate registry registry/alerts registry/deeds registry/people registry/roster",
		"huma",
	},
	{"api/places", "root api/gate registry registry/alerts registry/places registry/views", ""},
	{"api/rules", "root api/gate registry registry/alerts registry/rules rules", ""},
	{"api/webhooks", "root api/gate registry registry/hooks", ""},
	{"api/messages", "root api/gate registry registry/messages", ""},

	// The catalogue of texts in both languages, and the console.
	{"api/texts", "root", "x/text"},
	{"api/console", "", ""},

	// A school's initial rules, procedures and profiles, and the commented configuration.
	{"deploy", "", ""},

	// The path of an observation, from a socket or a driver to the journal.
	{"gateway/ingest/directory", "root registry registry/change registry/fleet", ""},
	{"gateway/ingest/flapping", "root", ""},
	{"gateway/ingest/identify", "root registry registry/change registry/people vision", ""},
	{"gateway/ingest/levels", "root registry registry/change registry/lockdown", ""},
	{"gateway/ingest/strangers", "root", ""},
	{
		"gateway/ingest/intake",
		"root gateway/event gateway/ingest/directory gateway/ingest/strangers " +
			"registry/lockdown registry/meals registry/people",
		"",
	},
	{
		"gateway/ingest/pace",
		"root api drivers/host gateway/follow gateway/ingest/directory " +
			"gateway/ingest/mqttfront gateway/selfwatch",
		"x/time",
	},
	{
		"gateway/ingest/mqttback",
		"root gateway/event gateway/follow gateway/ingest/directory " +
			"gateway/ingest/intake gateway/ingest/mqttfront gateway/journal registry " +
			"registry/change registry/fleet",
		"",
	},
	{
		"gateway/ingest/outbox",
		"root gateway/event gateway/follow gateway/journal registry",
		"",
	},
	{
		"gateway/ingest/states",
		"root gateway/follow gateway/follow/twins gateway/ingest/directory " +
			"gateway/ingest/flapping gateway/ingest/intake gateway/selfwatch registry " +
			"registry/alerts",
		"",
	},
	{
		"gateway/ingest/presence",
		"root drivers gateway/ingest/intake gateway/ingest/mqttfront",
		"",
	},
	{"gateway/journal", "", "x/sys"},
	{"gateway/journal/faultfs", "gateway/journal", ""},
	{"gateway/ingest/mqttfront", "root drivers/listen gateway/journal", "x/sys"},

	// Notifications: one queue that knows no channel, and its channels, which know only the queue.
	{"gateway/notify", "root registry registry/change registry/hooks", ""},
	{"gateway/notify/webhook", "root gateway/notify gateway/notify/outward", ""},
	{"gateway/notify/outward", "root", "x/text"},

	// Messages to people: one queue that knows no channel, and its channels, which know only it.
	{"gateway/notify/post", "root gateway/notify/outward registry registry/change registry/messages", ""},
	{"gateway/notify/smtp", "root gateway/notify/post", "go-mail"},
	{"gateway/notify/sms", "root gateway/notify/outward gateway/notify/post registry/messages", ""},
	{
		"gateway/notify/smpp",
		"root gateway/notify/outward gateway/notify/post registry/messages",
		"gosmpp",
	},
	{"gateway/notify/voice", "gateway/notify/outward gateway/notify/post", ""},
	{"gateway/notify/webpush", "root gateway/notify/outward gateway/notify/post", "webpush"},
	{"gateway/notify/dingtalk", "root gateway/notify/outward gateway/notify/post", ""},
	{"gateway/notify/wecom", "root gateway/notify/outward gateway/notify/post", ""},
	{"gateway/notify/feishu", "root gateway/notify/outward gateway/notify/post", ""},
	{"gateway/notify/http", "root gateway/notify/outward gateway/notify/post registry/messages", ""},

	// The readers of the journal: the common loop, and one package a reader. They do not import
	// each other.

	// After the journal. Only telemetry uses Prometheus' storage, and only influx the InfluxDB
	// client.
	{"gateway/event", "root", ""},
	{"gateway/live", "root gateway/event gateway/journal", ""},
	{"gateway/media", "root gateway/media/drawing registry registry/change", ""},
	{"gateway/media/drawing", "root", ""},
	{"gateway/follow", "root gateway/event gateway/journal gateway/live", ""},
	{
		"gateway/follow/alerting",
		"root gateway/follow gateway/ingest/directory gateway/ingest/strangers " +
			"gateway/media registry registry/alerts registry/fleet registry/messages " +
			"rules rules/calendar",
		"",
	},
	{
		"gateway/follow/attendance",
		"root gateway/follow gateway/ingest/directory registry registry/change " +
			"registry/alerts registry/history registry/sessions rules/attend",
		"x/sync",
	},
	{
		"gateway/follow/escalate",
		"root registry registry/alerts registry/change registry/messages registry/oncall " +
			"registry/rota rules/calendar",
		"",
	},
	{
		"gateway/follow/guardians",
		"root gateway/follow registry registry/alerts registry/change registry/leave registry/messages",
		"",
	},
	{"gateway/follow/history", "root gateway/follow registry", ""},
	{"gateway/follow/lapse", "gateway/follow registry registry/change", ""},
	{
		"gateway/follow/lockdown",
		"root registry registry/alerts registry/change registry/lockdown registry/messages",
		"",
	},
	{
		"gateway/follow/visits",
		"root gateway/follow registry registry/alerts registry/change registry/messages registry/visits",
		"",
	},
	{
		"gateway/follow/quality",
		"root gateway/event gateway/follow gateway/ingest/directory gateway/journal " +
			"registry registry/history rules/quality",
		"",
	},
	{
		"gateway/follow/resolve",
		"root gateway/follow gateway/ingest/directory gateway/ingest/identify registry " +
			"registry/change registry/history",
		"",
	},
	{
		"gateway/follow/timetable",
		"root api/timetable gateway/follow registry registry/change rules/timetable",
		"",
	},
	{"gateway/follow/twins", "root gateway/follow registry", ""},
	{
		"gateway/follow/telemetry",
		"root gateway/ingest/directory",
		"line-protocol prometheus prometheus-common",
	},
	{"gateway/follow/telemetry/influx", "root gateway/follow/telemetry", "influxdb prometheus"},
	{"gateway/follow/telemetry/victoria", "root gateway/follow/telemetry", "prometheus-common"},
	{"gateway/follow/telemetry/telemetrytest", "root gateway/follow/telemetry", "go-cmp"},

	// One list of checks for alerts about the gateway itself, status page and metrics. Only here is
	// client_golang.
	{
		"gateway/selfwatch",
		"root api api/texts drivers/host drivers/listen gateway/follow/telemetry " +
			"gateway/ingest/mqttfront gateway/journal gateway/notify/post registry registry/alerts " +
			"registry/history",
		"client_golang x/sys",
	},

	// The gateway's key, its archive, and where the end of its audit log is written down.
	{"gateway/keys", "", ""},
	{"gateway/anchor", "root api registry", ""},
	{"gateway/backup", "gateway/journal gateway/keys registry", ""},

	// What a gateway can do, each package given only what it uses. They do not import each other, but
	// that control serves as listeners do.
	{
		"gateway/fleet",
		"root api/fleet drivers drivers/host gateway/ingest/directory " +
			"gateway/ingest/mqttfront registry registry/fleet",
		"",
	},
	{
		"gateway/command",
		"root api/fleet drivers drivers/host gateway/ingest/directory " +
			"gateway/ingest/mqttfront gateway/selfwatch registry registry/fleet",
		"",
	},
	{
		"gateway/faces",
		"root drivers drivers/host gateway/ingest/identify gateway/media registry/deeds vision",
		"",
	},
	{
		"gateway/rulebook",
		"root api/rules gateway/event gateway/follow/alerting gateway/ingest/directory " +
			"gateway/journal registry registry/alerts registry/change registry/fleet registry/rules rules " +
			"rules/calendar",
		"",
	},
	{"gateway/parts", "", ""},
	{"gateway/retention", "root gateway/media registry", ""},
	{"gateway/listeners", "root drivers/listen gateway/ingest/mqttfront", ""},
	{"gateway/control", "root api api/texts gateway/listeners", ""},

	{
		"gateway/rulesdesk",
		"root api/rules api/texts gateway/control gateway/follow/alerting rules",
		"",
	},

	// The configuration file. Only the commands and what assembles the gateway may know it.
	{"gateway/config", "root drivers drivers/host gateway/ingest/flapping rules/quality", "yaml"},

	// The assembled gateway, and its commands.
	{
		"gateway/app",
		"root api api/gate api/guardians api/oncall api/people api/places api/visits deploy " +
			"drivers/host drivers/listen " +
			"gateway/anchor gateway/backup gateway/command gateway/config gateway/control " +
			"gateway/faces gateway/fleet gateway/follow gateway/follow/alerting " +
			"gateway/follow/attendance gateway/follow/escalate " +
			"gateway/follow/guardians gateway/follow/history gateway/follow/lapse gateway/follow/lockdown " +
			"gateway/follow/quality " +
			"gateway/follow/resolve gateway/follow/telemetry " +
			"gateway/follow/telemetry/influx gateway/follow/telemetry/victoria " +
			"gateway/follow/timetable gateway/follow/twins gateway/follow/visits gateway/ingest/directory " +
			"gateway/ingest/flapping gateway/ingest/identify gateway/ingest/intake gateway/ingest/levels " +
			"gateway/ingest/mqttback gateway/ingest/mqttfront gateway/ingest/outbox gateway/ingest/pace " +
			"gateway/ingest/presence gateway/ingest/states gateway/journal gateway/keys " +
			"gateway/listeners gateway/live gateway/media gateway/notify " +
			"gateway/notify/dingtalk gateway/notify/feishu gateway/notify/http " +
			"gateway/notify/post gateway/notify/smpp gateway/notify/sms gateway/notify/smtp gateway/notify/voice " +
			"gateway/notify/webhook gateway/notify/webpush gateway/notify/wecom gateway/parts " +
			"gateway/retention gateway/rulebook gateway/selfwatch " +
			"registry registry/change vision",
		"",
	},
	{"gateway/demo", "root gateway/app gateway/config gateway/ingest/mqttfront registry registry/places", "yaml"},
	{
		"gateway",
		"root api/console api/texts deploy drivers/confine gateway/anchor " +
			"gateway/app gateway/backup gateway/config gateway/control gateway/demo " +
			"gateway/event gateway/fleet gateway/journal gateway/keys gateway/rulesdesk registry",
		"x/sys",
	},

	// Measuring programs, not part of the product.
	{
		"gateway/bench",
		"root deploy gateway/app gateway/bench/measure gateway/config gateway/event " +
			"gateway/ingest/mqttfront gateway/journal gateway/keys gateway/notify/post " +
			"gateway/notify/smtp registry registry/fleet registry/messages",
		"go-smtp pgx sqlite x/sys",
	},
	{"gateway/bench/measure", "", ""},
	{
		"gateway/ingest/mqttfront/bench",
		"root gateway/bench/measure gateway/journal gateway/ingest/mqttfront",
		"x/sys",
	},
}

// parties are the third parties by their names in house: a module, or a part of one.
var parties = map[string]string{
	"client_golang":     "github.com/prometheus/client_golang",
	"excelize":          "github.com/xuri/excelize/v2",
	"ical":              "github.com/emersion/go-ical",
	"go-astiav":         "github.com/asticode/go-astiav",
	"go-cmp":            "github.com/google/go-cmp",
	"go-hclog":          "github.com/hashicorp/go-hclog",
	"go-plugin":         "github.com/hashicorp/go-plugin",
	"goburrow-modbus":   "github.com/goburrow/modbus",
	"goburrow-serial":   "github.com/goburrow/serial",
	"gocv":              "gocv.io/x/gocv",
	"gonum":             "gonum.org/v1/gonum",
	"gortsplib":         "github.com/bluenviron/gortsplib/v5",
	"grpc":              "google.golang.org/grpc",
	"huma":              "github.com/danielgtaylor/huma/v2",
	"influxdb":          "github.com/influxdata/influxdb-client-go/v2",
	"line-protocol":     "github.com/influxdata/line-protocol",
	"mediacommon":       "github.com/bluenviron/mediacommon/v2",
	"mp4ff":             "github.com/Eyevinn/mp4ff",
	"onnxruntime":       "github.com/yalue/onnxruntime_go",
	"go-mail":           "github.com/wneessen/go-mail",
	"gosmpp":            "github.com/linxGnu/gosmpp",
	"otp":               "github.com/pquerna/otp",
	"paho":              "github.com/eclipse/paho.mqtt.golang",
	"go-smtp":           "github.com/emersion/go-smtp",
	"pgx":               "github.com/jackc/pgx/v5",
	"pion-rtp":          "github.com/pion/rtp",
	"prometheus":        "github.com/prometheus/prometheus",
	"prometheus-common": "github.com/prometheus/common",
	"protobuf":          "google.golang.org/protobuf",
	"qrcode":            "github.com/skip2/go-qrcode",
	"sqlite":            "modernc.org/sqlite",
	"webauthn":          "github.com/go-webauthn/webauthn",
	"webpush":           "github.com/SherClockHolmes/webpush-go",
	"x/crypto":          "golang.org/x/crypto",
	"x/sync":            "golang.org/x/sync",
	"x/sys":             "golang.org/x/sys",
	"x/text":            "golang.org/x/text",
	"x/time":            "golang.org/x/time",
	"yaml":              "go.yaml.in/yaml/v3",
	"websocket":         "github.com/gorilla/websocket",
	"zxcvbn":            "github.com/trustelem/zxcvbn",
}

// source is one Go file: the package's folder ("" is the root's), and its imports.
type source struct {
	file, dir string
	test      bool
	imports   []string
}

// readSources parses every file, whatever its build tags. It is called by each test, so that no
// cached test result can hide a change.
func readSources(t *testing.T) []source {
	var out []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (skipped(d.Name()) || ownModule(name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{file: filepath.ToSlash(name), test: strings.HasSuffix(name, "_test.go")}
		if s.dir = path.Dir(s.file); s.dir == "." {
			s.dir = ""
		}
		for _, spec := range f.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			s.imports = append(s.imports, imported)
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Errorf("only %d files were looked at", len(out))
	}
	return out
}

func skipped(folder string) bool {
	return folder == "node_modules" || folder == "testdata" || folder == "bin" ||
		strings.HasPrefix(folder, ".")
}

// ownModule reports whether a folder is a separate module, such as deploy/lint.
func ownModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// TestImportsPointDown checks every file, tests too, against floors.
func TestImportsPointDown(t *testing.T) {
	for _, s := range readSources(t) {
		for _, imported := range s.imports {
			to, ours := inHouse(imported)
			switch {
			case !ours || downward(s.dir, to):
			case s.test &&
				slices.Contains([]string{"drivers/sim", "drivers/drivertest", "drivers/host"}, to):
			// the API's tests deliver through the real queue, and keep drawings in the real store
			case s.test && top(s.dir) == "api" &&
				(top(strings.TrimPrefix(to, "gateway/")) == "notify" || to == "gateway/media"):
			default:
				t.Errorf("%s imports %s: %q may import %q only", s.file, imported, top(s.dir),
					floors[top(s.dir)])
			}
		}
	}
}

// TestHouse checks every package against its line of the plan.
func TestHouse(t *testing.T) {
	used := map[string]map[string]string{} // package -> name in the plan -> a file that imports it
	for _, s := range readSources(t) {
		if s.test {
			continue
		}
		if used[s.dir] == nil {
			used[s.dir] = map[string]string{}
		}
		for _, imported := range s.imports {
			if name := planName(imported); name != "" {
				used[s.dir][name] = s.file
			}
		}
	}
	seen := map[string]bool{}
	for _, r := range house {
		dir := strings.TrimPrefix(r.name, "root")
		if seen[dir] {
			t.Errorf("%s has two lines in the plan", r.name)
		}
		seen[dir] = true
		if used[dir] == nil {
			t.Errorf("%s has a line in the plan and is no package: take the line out", r.name)
			continue
		}
		checkRoom(t, r, used[dir])
	}
	for dir := range used {
		if !seen[dir] {
			t.Errorf("package %s has no line in the plan: give it one that says what it may import",
				dir)
		}
	}
}

// TestOnlyAssemblersKnowTheWhole: a capability is given values and functions. Only the packages that
// assemble a gateway may import gateway/app and gateway/config.
func TestOnlyAssemblersKnowTheWhole(t *testing.T) {
	assemblers := []string{"gateway", "gateway/app", "gateway/demo", "gateway/bench"}
	for _, r := range house {
		for _, whole := range []string{"gateway/app", "gateway/config"} {
			if slices.Contains(strings.Fields(r.uses), whole) &&
				!slices.Contains(assemblers, r.name) {
				t.Errorf("%s is allowed %s: give it the values that it uses", r.name, whole)
			}
		}
	}
}

func checkRoom(t *testing.T, r room, used map[string]string) {
	allowed := append(strings.Fields(r.uses), strings.Fields(r.others)...)
	for name, file := range used {
		if !slices.Contains(allowed, name) {
			t.Errorf("%s imports %s: the plan does not allow it to %s", file, name, r.name)
		}
	}
	for i, name := range allowed {
		switch {
		case used[name] == "":
			t.Errorf("%s is allowed %s and does not use it: take it out of the plan", r.name, name)
		case slices.Contains(allowed[:i], name):
			t.Errorf("%s is allowed %s twice", r.name, name)
		}
	}
}

// TestParties refuses names of third parties that no line uses.
func TestParties(t *testing.T) {
	used := map[string]bool{}
	for _, r := range house {
		for _, name := range strings.Fields(r.others) {
			used[name] = true
			if parties[name] == "" {
				t.Errorf("%s uses %s, which names no third party", r.name, name)
			}
		}
	}
	for name := range parties {
		if !used[name] {
			t.Errorf("%s is in the list of third parties, and no package uses it", name)
		}
	}
}

// inHouse is the folder of an imported package of this module; "" is the root's.
func inHouse(imported string) (string, bool) {
	if imported == module {
		return "", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// planName is an import's name in the plan; "" for the standard library. A third party without a
// name there is called by its path.
func planName(imported string) string {
	if to, ours := inHouse(imported); ours {
		if to == "" {
			return "root"
		}
		return to
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return ""
	}
	for name, module := range parties {
		if imported == module || strings.HasPrefix(imported, module+"/") {
			return name
		}
	}
	return imported
}

// downward reports whether floors and the rule for driver programs let from import to.
func downward(from, to string) bool {
	if top(from) != top(to) {
		return slices.Contains(floors[top(from)], top(to))
	}
	a, b := driverProgram(from), driverProgram(to)
	return a == "" || b == "" || a == b
}

func top(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

// driverProgram is the driver program that a folder belongs to, or "" for the contract and its
// host.
func driverProgram(dir string) string {
	rest, ok := strings.CutPrefix(dir, "drivers/")
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case "driverpb", "host", "drivertest", "listen", "confine":
		return ""
	}
	return first
}
