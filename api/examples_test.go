package api_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// Every example of the document is run as a reader would run it.
func TestExamplesWork(t *testing.T) {
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	w := newWorld(t).schools()
	_, secret, err := w.reg.In(adminScope(w.a)).Access.CreateKey(t.Context(),
		g.APIKey{
			School:      w.a.ID,
			Name:        "examples",
			Purpose:     "a test asks",
			Permissions: g.RoleAdmin.Permissions(),
			Expires:     soon(),
		})
	mustDo(t, err)
	w.live.add(g.Event{
		Kind:   g.EventStatus,
		School: w.a.ID,
		Device: "lab-1-smoke",
		Status: &g.Status{State: g.StateOnline},
	})
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Description string
		}
	}
	w.nobody().do("GET", "/openapi.json", nil).want(200).into(&doc)
	ran := 0
	for _, item := range doc.Paths {
		for _, op := range item {
			for i, part := range strings.Split(op.Description, "```") {
				command, ok := strings.CutPrefix(part, "sh\n")
				if i%2 == 0 || !ok {
					continue
				}
				ran++
				cmd := exec.CommandContext(t.Context(), "bash", "-ec", command)
				cmd.Env = append(os.Environ(), "GATEHOUSE_URL="+w.url, "GATEHOUSE_KEY="+secret,
					"no_proxy=*", "http_proxy=")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("%s: %v\n%s\n%s", op.OperationID, err, command, out)
				}
			}
		}
	}
	if ran < 15 {
		t.Errorf("%d examples were run, want at least 15", ran)
	}
}
