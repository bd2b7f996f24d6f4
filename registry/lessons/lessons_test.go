package lessons_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/gatehouse-iot/gatehouse/registry/lessons"
	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

func read(t *testing.T, file []byte, o lessons.Options) string {
	t.Helper()
	table, err := sheet.Read(file, sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := lessons.Read(table, o)
	var b strings.Builder
	for _, l := range f.Lessons {
		fmt.Fprintf(&b, "%d %s %s %s %s %s %s", l.Line, l.Class, l.Weekday, l.Period, l.Subject, l.Teacher, l.Room)
		if l.Weeks != "" {
			b.WriteString(" " + string(l.Weeks))
		}
		b.WriteString("\n")
	}
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "! %d %s\n", p.Line, p.Error)
	}
	return b.String()
}

// TestRead: lists and grids, in both languages, and what is wrong by line.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, file, want string
		o                lessons.Options
	}{
		{"a list", "class,weekday,period,subject,teacher,room\n7-1,mon,1,Maths,Chen Jing,Lab 1\n7-1,Tuesday,2,,,\n",
			"2 7-1 mon 1 Maths Chen Jing Lab 1\n", lessons.Options{}},
		{"a list in Chinese, below a title", "2026年秋季课表\n班级,星期,节次,课程,任课教师\n7-1,星期一,第1-2节,数学,陈静\n" +
			"７-１,周天,3、4,体育,\n",
			"3 7-1 mon 1 数学 陈静 \n3 7-1 mon 2 数学 陈静 \n4 7-1 sun 3 体育  \n4 7-1 sun 4 体育  \n", lessons.Options{}},
		{"a grid", "班级,节次,周一,周二,周三\n7-1,1,数学,,语文\n7-1,早读,,英语,\n",
			"2 7-1 mon 1 数学  \n2 7-1 wed 1 语文  \n3 7-1 tue 早读 英语  \n", lessons.Options{}},
		{"odd and even weeks", "class,weekday,period,subject,weeks\n7-1,mon,1,Maths,odd\n7-1,mon,1,Art,双周\n" +
			"7-1,mon,1,Music,单\n7-1,tue,1,Music,\n7-1,tue,1,Art,even\n7-1,wed,1,Art,some\n",
			"2 7-1 mon 1 Maths   odd\n3 7-1 mon 1 Art   even\n5 7-1 tue 1 Music  \n" +
				"! 4 period: class 7-1 has a lesson in period 1 on this day already, in line 2\n" +
				"! 6 period: class 7-1 has a lesson in period 1 on this day already, in line 5\n" +
				"! 7 weeks: \"some\" are no weeks; write odd, even, 单周 or 双周, or nothing for each week\n",
			lessons.Options{}},
		{"odd and even weeks in a grid", "班级,节次,周一,周二\n7-1,1,数学（单周）/美术（双周）,体育(单)\n7-1,2,物理/化学,语文(一)\n",
			"2 7-1 mon 1 数学   odd\n2 7-1 mon 1 美术   even\n2 7-1 tue 1 体育   odd\n3 7-1 mon 2 物理/化学  \n" +
				"3 7-1 tue 2 语文(一)  \n", lessons.Options{}},
		{"columns are said", "a,b,c,d\n7-1,1,2,Art\n", "2 7-1 mon 2 Art  \n", lessons.Options{
			HeadingLine: 1,
			Columns:     []lessons.Field{lessons.Class, lessons.Weekday, lessons.Period, lessons.Subject},
		}},
		{"what is wrong", "class,weekday,period,subject\n7-1,someday,1,Art\n,mon,1,Art\n7-1,mon,,Art\n" +
			"7-1,mon,1,Art\n7-1,1,1,Music\n",
			"5 7-1 mon 1 Art  \n! 2 weekday: \"someday\" is no weekday; write mon, Monday, 1 or 周一\n" +
				"! 3 class: the class is missing\n! 4 period: \"\" is no period; write 1, 第1节 or 1-2\n" +
				"! 6 period: class 7-1 has a lesson in period 1 on this day already, in line 5\n", lessons.Options{}},
		{"no period", "class,weekday,subject\n7-1,mon,Art\n",
			"! 0 period: no column is \"period\": say which one is, or give it a heading\n", lessons.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, read(t, []byte(c.file), c.o)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestWorkbook: the class's cell is merged over its lines; one with more than 12,000 lines is refused.
func TestWorkbook(t *testing.T) {
	f := excelize.NewFile()
	for i, row := range [][]any{{"班级", "节次", "周一"}, {"7-1", 1, "数学"}, {"", 2, "语文"}, {"7-2", 1, "英语"}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.MergeCell("Sheet1", "A2", "A3"); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	want := "2 7-1 mon 1 数学  \n3 7-1 mon 2 语文  \n4 7-2 mon 1 英语  \n"
	if diff := cmp.Diff(want, read(t, b.Bytes(), lessons.Options{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	long := "class,weekday,period,subject\n" + strings.Repeat("7-1,mon,1,Art\n", lessons.MaxLines+1)
	if got := read(t, []byte(long), lessons.Options{}); !strings.Contains(got, "at most 12000 are read") {
		t.Errorf("got %.200q, want it refused", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("class,weekday,period,subject\n7-1,mon,1-2,Art\n")
	f.Add("班级,节次,周一\n7-1,第1-2节,数学\n")
	f.Fuzz(func(t *testing.T, s string) {
		table, err := sheet.Read([]byte(s), sheet.Options{})
		if err != nil {
			return
		}
		for _, l := range lessons.Read(table, lessons.Options{}).Lessons {
			if l.Class == "" || l.Period == "" || l.Subject == "" || l.Weekday == "" {
				t.Errorf("got %+v, want all of a lesson", l)
			}
		}
	})
}
