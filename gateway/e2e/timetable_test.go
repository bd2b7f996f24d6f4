package e2e

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestATermInTheBrowser: an office enters a term and a day off, makes the usual day, reads the term's
// timetable from a workbook, after one that says where its mistake is, cancels a lesson and takes
// that back, and has an early dismissal; the gateway makes the sessions of it.
func TestATermInTheBrowser(t *testing.T) {
	t.Parallel()
	o := &ownSchool{root: root(t), zones: map[string]g.ZoneID{}}
	o.dir = programs(t, o.root)
	config := o.write(t, "gatehouse.yaml",
		"data_dir: data\nhttp: {listen: \"127.0.0.1:0\"}\nmqtt: {listen: \"127.0.0.1:0\"}\n")
	o.h = start(t, o.dir, "serve", "--config", config)
	o.begin(t)
	for i, class := range []string{"7-1", "7-2"} {
		o.admin.do("POST", "/v1/people", map[string]any{
			"kind":  g.Student,
			"name":  fmt.Sprintf("Pupil %d", i+1),
			"class": class,
		}, nil)
	}
	head := []any{"班级", "节次", "周一", "周二", "周三"}
	term := o.workbook(t, "term.xlsx", head,
		[]any{"7-1", 1, "数学", "语文", "体育"}, []any{"", "第2节", "英语", "", ""},
		[]any{"7-2", 1, "语文", "数学", ""}, []any{"7-2", 2, "", "英语", "美术"})
	bad := o.workbook(t, "bad.xlsx", head, []any{"7-1", 1, "数学", "", ""}, []any{"7-1", 9, "语文", "", ""})
	o.browse(t, "timetable.mjs", "GATEHOUSE_TERM="+term, "GATEHOUSE_BAD="+bad)
}

// workbook writes a sheet whose first column's cells are merged downwards where they are empty.
func (o *ownSchool) workbook(t *testing.T, name string, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &row); err != nil {
			t.Fatal(err)
		}
		if row[0] == "" {
			if err := f.MergeCell("Sheet1", fmt.Sprint("A", i), fmt.Sprint("A", i+1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(o.dir, name)
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}
