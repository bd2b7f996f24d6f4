package api_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// A problem is told in the language that Accept-Language asks for; its code, its reason and its
// places are the same in both.
func TestProblemsInTheReadersLanguage(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	for _, one := range []struct {
		name, method, path string
		body               any
		en, zh             string
	}{
		{"the registry's", "GET", "/v1/zones/none", nil,
			`there is no zone "none" here`, `这里没有区域 "none"`},
		{"a field's", "POST", "/v1/zones",
			map[string]any{"name": "Hall", "kind": "hall", "building": "none"},
			`kind: expected value to be one of "gate, canteen, dorm, laboratory, classroom, office, corridor, outdoor, other"`,
			`kind: 须为 "gate, canteen, dorm, laboratory, classroom, office, corridor, outdoor, other" 之一`},
		{"a missing field's", "POST", "/v1/zones",
			map[string]any{"kind": "gate", "building": "none"},
			`body: expected required property name to be present`, `body: 缺少必填的 name`},
		{"a text's length", "POST", "/v1/zones",
			map[string]any{"name": strings.Repeat("x", 300), "kind": "gate", "building": "none"},
			`name: expected length <= 200`, `name: 最多 200 个字符`},
		{"a day's", "GET", "/v1/sessions?date=yesterday", nil,
			`date: write the day like 2026-11-27`, `date: 日期请写成 2026-11-27`},
		{"a parameter's", "GET", "/v1/devices?colour=red", nil,
			`colour: unknown query parameter`, `colour: 没有这个查询参数`},
		{"a document's", "POST", "/v1/zones", `{"name": "a", "name": "b"}`,
			`body: /name is there twice: each key once`, `body: /name 出现两次：每个键只能写一次`},
		{"a path's", "GET", "/v1/nothing", nil,
			`there is no such path; /docs lists them`, `没有这个路径；/docs 列出了全部路径`},
	} {
		english := c.do(one.method, one.path, one.body)
		chinese := c.do(one.method, one.path, one.body, "Accept-Language",
			"zh-CN,zh;q=0.9,en;q=0.8")
		en, zh := english.problem(), chinese.problem()
		if !strings.HasPrefix(en.Detail, one.en) || !strings.HasPrefix(zh.Detail, one.zh) {
			t.Errorf("%s: got %q and %q, want %q and %q", one.name, en.Detail, zh.Detail, one.en,
				one.zh)
		}
		if en.Code != zh.Code || en.Status != zh.Status || en.Reason != zh.Reason ||
			len(en.Errors) != len(zh.Errors) {
			t.Errorf("%s: got %+v and %+v, want the same for a program", one.name, en, zh)
		}
		if zh.Title == en.Title {
			t.Errorf("%s: got the title %q in both languages", one.name, zh.Title)
		}
		for r, want := range map[*reply]string{&english: "en", &chinese: "zh-CN"} {
			if got := r.header.Get("Content-Language"); got != want ||
				r.header.Get("Vary") != "Accept-Language" {
				t.Errorf("%s: got Content-Language %q and Vary %q, want %q", one.name, got,
					r.header.Get("Vary"), want)
			}
		}
	}
}

// Remarks about a file of people come in the reader's language.
func TestRemarksInTheReadersLanguage(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	const file = "kind,number,name\nstudent,1,Li\nstudent,1,Wang\n"
	remarked := func(language string) string {
		t.Helper()
		return string(c.do("POST", "/v1/people/import/preview", file, "Content-Type", "text/csv",
			"Accept-Language", language).want(200).body)
	}
	en, zh := remarked("en"), remarked("zh-CN")
	if want := "the number stands in line 2 too"; !strings.Contains(en, want) ||
		strings.Contains(zh, want) {
		t.Errorf("got %s in English and %s in Chinese, want %q in the first alone", en, zh, want)
	}
	if want := "第 2 行也有这个编号"; strings.Count(zh, want) < 2 {
		t.Errorf("got %s, want %q as message and error of the line", zh, want)
	}
}
