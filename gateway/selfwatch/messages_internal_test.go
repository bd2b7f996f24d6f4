package selfwatch

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// A channel that fails is on the status page at once, and an alert once it has failed for a minute.
func TestAChannelThatFailsIsTold(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	var failing []post.Failing
	s := Messages(func() []post.Failing { return failing })
	look := func() (api.Check, []Trouble) {
		return s.Check(t.Context(), now, &api.Status{}), s.Troubles(now, nil)
	}
	if c, told := look(); c.State != "ok" || len(told) != 0 {
		t.Errorf("got %+v, %+v, want all well", c, told)
	}
	failing = []post.Failing{{Name: "Mail", Since: now.Add(-30 * time.Second), Why: "smtp 451"}}
	if c, told := look(); c.State != "warning" || !strings.Contains(c.Message, "Mail: smtp 451") || len(told) != 0 {
		t.Errorf("got %+v, %+v, want a line and no alert yet", c, told)
	}
	now = now.Add(time.Minute)
	failing = append(failing, post.Failing{Name: "SMS", Why: "no such kind"}, post.Failing{Name: "Robot", Since: now})
	_, told := look()
	if len(told) != 1 || told[0].Rule != g.GatewayRule+"messages" || told[0].Severity != g.Major ||
		told[0].Title != "Messages do not go out: Mail, SMS" {
		t.Errorf("got %+v, want an alert that names the two that fail for a minute", told)
	}
}
