package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// TestSampleIsTheDefault compares the commented file, which is the manual, with Default.
func TestSampleIsTheDefault(t *testing.T) {
	b, err := os.ReadFile("../../deploy/gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Parse("gatehouse.yaml", b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, config.Default(), cmpopts.IgnoreUnexported(config.Config{}),
		cmpopts.EquateEmpty()); d != "" {
		t.Errorf("the sample differs from the defaults (sample, default):\n%s", d)
	}
}

func TestConfigErrorsNameThePlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"log:\n  levl: info\n", "c.yaml:2: levl: there is no such key here"},
		{
			"log:\n  level: loud\n",
			`c.yaml:2: log.level: "loud" is no level; use debug, info, warn or error`,
		},
		{
			"mqtt:\n  max_clients: many\n",
			"c.yaml:2: `many` does not fit: a whole number is wanted here",
		},
		{"mqtt:\n  device_rate: -1\n", "c.yaml:2: mqtt.device_rate: -1 is out of range"},
		{"mqtt:\n  client_ca: ca.pem\n", "c.yaml:2: mqtt.client_ca: needs mqtt.listen_tls"},
		{
			"mqtt:\n  require_certificate: true\n",
			"c.yaml:2: mqtt.require_certificate: needs mqtt.client_ca",
		},
		{
			"journal: {max_age: 1x}\n",
			"c.yaml:1: `1x` does not fit: a duration such as 90s, 12h is wanted here",
		},
		{"http:\n  listen: \"8080\"\n", `c.yaml:2: http.listen: "8080" is no address`},
		{
			"http:\n  listen: 127.0.0.1:99999\n",
			`c.yaml:2: http.listen: "99999" is no port; use 1 to 65535`,
		},
		{"mqtt:\n  listen: \":mqtt\"\n", `c.yaml:2: mqtt.listen: "mqtt" is no port`},
		{"mqtt:\n  listen: my host:1883\n", `c.yaml:2: mqtt.listen: "my host" is no host`},
		{
			"mqtt:\n  listen: 127.0.0.1:8080\n",
			`c.yaml:2: mqtt.listen: "127.0.0.1:8080" is http.listen already`,
		},
		{"mqtt:\n  max_clients: 2000000\n", "c.yaml:2: mqtt.max_clients: 2000000 is out of range"},
		{
			"http:\n  base_url: gatehouse.school.example\n",
			`c.yaml:2: http.base_url: "gatehouse.school.example" is no address of a page`,
		},
		{
			"http:\n  base_url: https://gatehouse.school.example:99999/\n",
			`c.yaml:2: http.base_url: "99999" is no port`,
		},
		{
			"telemetry: {store: victoria, url: 'http://host:99999'}\n",
			`c.yaml:1: telemetry.url: "99999" is no port`,
		},
		{"http: {listen: '127.0.0.1:0'}\nmqtt: {listen: '127.0.0.1:0'}\n", ""},
		{"http:\n  tls: {key: k.pem}\n", "c.yaml:2: http.tls: name both certificate and key"},
		{
			"drivers:\n  - {name: a, path: x}\n  - name: a\n    path: y\n",
			`c.yaml:3: drivers[1].name: "a" is taken`,
		},
		{"drivers:\n  - name: a\n", "c.yaml:2: drivers[0].path: is missing"},
		{
			"drivers:\n  - {name: a, path: x, sha256: abc}\n",
			"c.yaml:2: drivers[0].sha256: is no SHA-256",
		},
		{"faces:\n  threshold: 2\n", "c.yaml:2: faces.threshold: 2 is out of range"},
		{"telemetry:\n  classes: {default: 1h}\n", "c.yaml:2: telemetry.classes: "},
		{
			"telemetry:\n  store: influxdb\n",
			`c.yaml:2: telemetry.store: "influxdb" is no store; use embedded, influx or victoria`,
		},
		{"telemetry: {store: victoria}\n", "c.yaml:1: telemetry.url: is no address"},
		{
			"telemetry:\n  store: influx\n  url: http://me:secret@host:8086\n",
			"c.yaml:3: telemetry.url: holds a user or a password",
		},
		{
			"telemetry:\n  store: influx\n  url: http://host:8086\n  bucket: \"\"\n",
			"c.yaml:4: telemetry.bucket: is empty",
		},
		{
			"telemetry: {store: victoria, url: 'https://host/prefix', username: me, token_file: " +
				"t}\n",
			"",
		},
		{"a: [\n", "c.yaml:1: this line, or the one before it, is not YAML"},
		{"mqtt: [1]\n", "c.yaml:1: a list does not fit: a group of keys or list is wanted here"},
		{"log： {level: debug}\n", `c.yaml:1:4: "：" is full-width punctuation`},
		{"log: {level: debug，format: text}\n", "c.yaml:1:19: \"，\" is full-width punctuation"},
		{"log:\n\tlevel: debug\n", "c.yaml:2:1: a tab indents this line"},
		{"log: {}\nlog: {}\n", `c.yaml:2: the key "log" is on line 1 already`},
		{"# \xc4\xe3\n", "c.yaml: the file is not UTF-8"},
		{"log: {}\n---\nlog: {}\n", "c.yaml: holds more than one YAML document"},
	} {
		_, err := config.Parse("c.yaml", []byte(c.text))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: got %v, want no error", c.text, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%q: got %v, want %q…", c.text, err, c.want)
		}
	}
}

// TestErrorsSpeakTheReadersLanguage: every error, also one in a driver's
// own file, exists in Chinese.
func TestErrorsSpeakTheReadersLanguage(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ text, driver, want string }{
		{"log:\n  level: loud\n", "", "yaml:2: log.level: \"loud\" 不是日志级别"},
		{"mqtt:\n  max_clients: many\n", "", "yaml:2：`many` 不合适：这里应为 整数"},
		{"drivers_dir: d\n", "name: a\n", "a.yaml: path: 缺少此项"},
		{"drivers_dir: d\n", "name: a\npath: b\nsha256: a.yaml\n", "a.yaml 中没有 b 对应的行"},
	} {
		write(t, dir, map[string]string{"gatehouse.yaml": c.text, "d/a.yaml": c.driver})
		_, err := config.Load(filepath.Join(dir, "gatehouse.yaml"))
		if err == nil {
			t.Errorf("%q, %q: got no error", c.text, c.driver)
			continue
		}
		if got := texts.Chinese.Error(err); !strings.Contains(got, c.want) {
			t.Errorf("%q, %q: got %s, want %s in it", c.text, c.driver, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("log:\n  level: info\n")
	f.Add("drivers: [{name: a, path: b, settings: {x: y}}]")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := config.Parse("c.yaml", []byte(text)); err == nil && c.Validate() != nil {
			t.Errorf("accepted a configuration that does not validate: %q", text)
		}
	})
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
