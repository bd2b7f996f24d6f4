package roster_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

var update = flag.Bool("update", false, "write the reports anew")

// TestFilesAsSchoolsHaveThem reads each file of testdata: the options and the file that a school
// sends, above the line of dashes; the report to the clerk, below it.
func TestFilesAsSchoolsHaveThem(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 15 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"),
			func(t *testing.T) { golden(t, name) })
	}
}

const (
	fileMark   = "----- the file\n"
	reportMark = "----- the report\n"
)

func golden(t *testing.T, name string) {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(b), fileMark)
	content, want, ok2 := strings.Cut(rest, reportMark)
	if !ok1 || !ok2 {
		t.Fatal("the file needs its two marks")
	}
	chosen := map[string]string{}
	for line := range strings.Lines(head) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			chosen[k] = v
		}
	}
	got := report(encoded(t, content, chosen["saved as"]), chosen)
	if *update {
		if err := os.WriteFile(name, []byte(head+fileMark+content+reportMark+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// encoded converts the content to another encoding. In it \t stands for a tab and \z for an
// invisible character.
func encoded(t *testing.T, s, as string) []byte {
	s = strings.NewReplacer(`\t`, "\t", `\z`, "\u200b", `\n`, "\u00a0", "⏎", "\n").Replace(s)
	var out string
	var err error
	switch as {
	case "", "utf-8":
		return []byte(s)
	case "utf-8 with a mark":
		return []byte("\ufeff" + s)
	case "utf-16":
		out, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
	case "utf-16 without a mark":
		out, err = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(s)
	case "gb18030":
		out, err = simplifiedchinese.GB18030.NewEncoder().String(s)
	case "big5":
		out, err = traditionalchinese.Big5.NewEncoder().String(s)
	default:
		t.Fatalf("no encoding %q", as)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

// report is what a clerk would see.
func report(b []byte, chosen map[string]string) string {
	var out bytes.Buffer
	table, err := sheet.Read(b, sheet.Options{Encoding: chosen["encoding"]})
	if err != nil {
		return err.Error() + "\n"
	}
	fmt.Fprintf(&out, "%s, cells between %q\n", table.Encoding, table.Delimiter)
	o := roster.Options{
		Kind:   g.PersonKind(chosen["kind"]),
		Accept: map[string]bool{chosen["answer"]: true},
	}
	if chosen["columns"] != "" {
		for _, f := range strings.Split(chosen["columns"], ",") {
			o.Columns = append(o.Columns, roster.Field(f))
		}
	}
	f := roster.Read(table, o)
	for _, c := range f.Columns {
		fmt.Fprintf(&out, "column %q is %s\n", c.Heading, c.Field)
	}
	for _, p := range f.Problems {
		fmt.Fprintln(&out, p)
	}
	for _, row := range f.Rows {
		fmt.Fprintf(&out, "line %d: %s\n", row.Line, person(row))
		for _, p := range row.Problems {
			fmt.Fprintln(&out, "  "+p.String())
		}
	}
	return out.String()
}

func person(r roster.Row) string {
	out := []string{string(r.Kind), r.Number, r.Name}
	for _, f := range []struct{ what, value string }{
		{"class", r.Class},
		{"boarder", r.Boarder},
		{"phone", r.Phone},
		{"card", r.Card},
		{"consent", r.Consent},
		{"guardians", strings.Join(r.Guardians, " ")},
	} {
		if f.value != "" {
			out = append(out, f.what+" "+f.value)
		}
	}
	return strings.Join(out, ", ")
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("kind,number,name,class\nstudent,00123,A,7-1\nstudent,123,B,7月1日\n"), "", true)
	f.Add([]byte("学籍号\t学生姓名\t年级\t班级\n=\"00125\"\t李?\t七年级\t1班\n合计\n"), "gb18030", false)
	f.Add([]byte("sep=;\nid;name;card\n1;\"x\n;y\"\n"), "", true)
	f.Fuzz(func(t *testing.T, b []byte, encoding string, accept bool) {
		table, err := sheet.Read(b, sheet.Options{Encoding: encoding})
		if err != nil {
			if _, ok := err.(*sheet.Fault); !ok || err.Error() == "" {
				t.Fatalf("an error that is not for people: %v", err)
			}
			return
		}
		file := roster.Read(table,
			roster.Options{
				Kind:   g.Student,
				Accept: map[string]bool{"class_date": accept, "zeros_lost": accept},
			})
		for _, p := range file.Problems {
			if p.Message == p.Code {
				t.Fatalf("no words for %q", p.Code)
			}
		}
		for _, row := range file.Rows {
			if row.Line < 1 {
				t.Fatalf("a line without a place: %+v", row)
			}
			for _, p := range row.Problems {
				if p.Message == p.Code {
					t.Fatalf("no words for %q", p.Code)
				}
			}
		}
	})
}
