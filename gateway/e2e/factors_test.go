package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestSecondFactors goes through authenticator codes and passkeys in a browser with a security key.
func TestSecondFactors(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t)}
	o.dir = programs(t, o.root)
	port := freePort(t)
	address := fmt.Sprintf("http://localhost:%d", port)
	config := o.write(t, "gatehouse.yaml",
		fmt.Sprintf("data_dir: data\nhttp: {listen: \"127.0.0.1:%d\", base_url: %q}\nmqtt: "+
			"{listen: \"127.0.0.1:0\"}\n",
			port, address))
	o.h = start(t, o.dir, "serve", "--config", config)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, base: o.h.url, http: &http.Client{Jar: jar, Timeout: time.Minute}}
	var me struct{ CSRF string }
	c.do("POST", "/v1/setup",
		map[string]string{
			"admin":     "principal",
			"full_name": "Test Principal",
			"password":  ownPassword,
			"school":    "Hillside School",
			"timezone":  "Asia/Shanghai",
			"language":  "en",
		},
		&me)
	c.csrf = me.CSRF
	c.do("POST", "/v1/users",
		map[string]string{
			"name":      "guard",
			"full_name": "Test Guard",
			"password":  "four-more-quiet-words",
			"role":      string(g.RoleSecurity),
			"language":  "en",
		},
		nil)

	shots := filepath.Join(o.root, ".cache", "screenshots")
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node",
		filepath.Join(o.root, "api", "console", "e2e", "factors.mjs"))
	cmd.Env = append(os.Environ(), "GATEHOUSE_URL="+address, "GATEHOUSE_USER=principal",
		"GATEHOUSE_PASSWORD="+ownPassword,
		"GATEHOUSE_GUARD=guard", "GATEHOUSE_GUARD_PASSWORD=four-more-quiet-words",
		"GATEHOUSE_SHOTS="+shots)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the browser test: %v\n%s", err, tail(string(out), 6000))
	}
	t.Logf("%s\nscreenshots in %s", tail(string(out), 3000), shots)
}
