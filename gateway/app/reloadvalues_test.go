package app_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// recorded is the API's response about how long things are kept.
type recorded struct {
	PictureHours float64 `json:"picture_hours"`
	HistoryDays  int     `json:"history_days"`
}

// TestReloadChangesHowLongThingsAreKept: the new periods apply at once, and the API shows them.
func TestReloadChangesHowLongThingsAreKept(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts+"media: {keep_for: 24h}\nhistory: {keep_for: 720h}\n")
	s.write(t, "gatehouse.yaml", reloadBase+anyPorts+
		"media: {keep_for: 2h}\nhistory: {keep_for: 48h}\nfaces: {threshold: 0.7, margin: 0.2}\n")
	got, err := x.a.Reload(t.Context(), false)
	ok(t, err)
	want := []string{"faces.margin", "faces.threshold", "history.keep_for", "media.keep_for"}
	if k := keys(got, false); !slices.Equal(k, want) {
		t.Errorf("in force %v, want %v", k, want)
	}
	if k := keys(got, true); len(k) != 0 {
		t.Errorf("for a restart %v, want nothing", k)
	}
	now, err := get[recorded](t.Context(), s, x.a.URL()+"/v1/recorded")
	ok(t, err)
	if now.PictureHours != 2 || now.HistoryDays != 2 {
		t.Errorf("the API says %+v, want 2 hours and 2 days", now)
	}
}

// TestReloadSaysWhatIsWrongInTheReadersLanguage: the API reports a mistake in the file, in a rule
// and in a driver's entry in the requested language.
func TestReloadSaysWhatIsWrongInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	for _, c := range []struct{ config, rule, en, zh string }{
		{
			anyPorts + "log: {level: loud}\n", "",
			`gatehouse.yaml:6: log.level: "loud" is no level`, "不是日志级别",
		},
		{
			anyPorts + "faces: {threshold: many}\n", "",
			"a number is wanted here", "这里应为 数字",
		},
		{anyPorts, "rules:\n  - {id: broken, title: Broken}\n", "broken.yaml:2", "缺少"},
	} {
		s.write(t, "gatehouse.yaml", reloadBase+c.config)
		s.write(t, "rules/broken.yaml", c.rule)
		for language, want := range map[string]string{"en": c.en, "zh-CN": c.zh} {
			got, err := postReload(t, s, x.a.URL(), language)
			ok(t, err)
			if !strings.Contains(got, want) {
				t.Errorf("%q, %q in %s: got %s, want %q in it", c.config, c.rule, language, got,
					want)
			}
		}
	}
}

// postReload requests a reload that fails, and returns the response.
func postReload(t *testing.T, s *school, url, language string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url+"/v1/reload", nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Accept-Language", language)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusUnprocessableEntity {
		err = fmt.Errorf("%s: %s, want 422", resp.Status, b)
	}
	return strings.ReplaceAll(string(b), `\"`, `"`), err
}
