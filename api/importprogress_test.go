package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// Whoever imports many people sees how far it is while it lasts, and nobody else does.
func TestImportTellsHowFarItIs(t *testing.T) {
	w := newWorld(t).schools()
	c, other := w.user(w.a, g.RoleAdmin), w.user(w.b, g.RoleAdmin)
	var file strings.Builder
	file.WriteString("kind,number,name,class\n")
	for i := range 6000 {
		fmt.Fprintf(&file, "student,n-%d,Pupil %d,8-1\n", i, i)
	}
	const path = "/v1/people/import/progress/mine"
	c.do("GET", path, nil).want(404)
	done := make(chan reply, 1)
	go func() {
		done <- c.do("POST", "/v1/people/import?progress=mine", []byte(file.String()),
			"Content-Type", "text/csv")
	}()
	var shares []float64
	for {
		select {
		case r := <-done:
			var report people.ImportReport
			r.want(200).into(&report)
			if report.Created != 6000 {
				t.Errorf("got %d made, want 6000", report.Created)
			}
			if len(shares) == 0 {
				t.Error("got no share of an import of 6000 lines, want how far it is")
			}
			c.do("GET", path, nil).want(404)
			return
		default:
		}
		r := c.do("GET", path, nil)
		if r.status != http.StatusOK {
			continue
		}
		var p struct{ Share float64 }
		r.into(&p)
		if p.Share < 0 || p.Share > 1 || len(shares) > 0 && p.Share < shares[len(shares)-1] {
			t.Errorf("got %v after %v, want a share that grows", p.Share, shares)
		}
		shares = append(shares, p.Share)
		other.do("GET", path, nil).want(404)
	}
}
