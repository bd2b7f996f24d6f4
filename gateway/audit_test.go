package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/anchor"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// TestAuditVerifyHoldsTheLogAgainstAnchors verifies a log on the command line, with anchors from a
// file and from the output of a log collector.
func TestAuditVerifyHoldsTheLogAgainstAnchors(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	key, err := keys.Master(dir)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := registry.Open(ctx,
		registry.Options{
			Dir:       dir,
			MasterKey: key,
			Now:       time.Now,
			Logger:    slog.New(slog.DiscardHandler),
		})
	if err != nil {
		t.Fatal(err)
	}
	view := reg.In(g.SystemScope("test"))
	if _, err := view.Places.CreateSchool(ctx,
		g.School{ID: "a", Kind: g.KindSchool, Name: "A", Timezone: "Asia/Shanghai", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	written, err := view.AnchorAudit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	reg.Close()
	file := filepath.Join(t.TempDir(), "anchors")
	if err := os.WriteFile(file, []byte("2026-09-01T07:00:00Z "+anchor.Text(written)+"\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	longer := written
	longer.Seq++
	for _, c := range []struct {
		name, in string
		args     []string
		code     int
		says     string
	}{
		{"alone", "", nil, 0, "Without anchors"},
		{"a file", "", []string{"--anchor", file}, 0, "goes through all 1 anchors"},
		{
			"a journal",
			`Nov 27 gate gateway[7]: level=INFO msg="the audit log's end" entry=1 anchor=` +
				anchor.Text(written),
			[]string{"--anchor", "-"},
			0,
			"goes through all 1",
		},
		{
			"JSON",
			`{"msg":"x","anchor":"` + anchor.Text(written) + `"}`,
			[]string{"--anchor", "-"},
			0,
			"goes through all 1",
		},
		{"no anchor", "nothing", []string{"--anchor", "-"}, 1, "no anchor"},
		{
			"forged",
			anchor.Text(longer),
			[]string{"--anchor", "-"},
			1,
			"not made with this gateway's key",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errout bytes.Buffer
			args := append([]string{"audit", "verify", "--data-dir", dir}, c.args...)
			code := run(ctx, args, strings.NewReader(c.in), &out, &errout)
			if said := out.String() + errout.String(); code != c.code ||
				!strings.Contains(said, c.says) {
				t.Errorf("got %d %q, want %d … %s …", code, said, c.code, c.says)
			}
		})
	}
}
