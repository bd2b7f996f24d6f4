package texts

import (
	"errors"
	"fmt"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

func TestAccept(t *testing.T) {
	for header, want := range map[string]Language{
		"":                         English,
		"zh-CN":                    Chinese,
		"zh":                       Chinese,
		"zh-Hant-TW":               Chinese,
		"zh-CN,zh;q=0.9,en;q=0.8":  Chinese,
		"en-GB,en;q=0.9,zh;q=0.1":  English,
		"en;q=0.1, zh;q=0.9":       Chinese,
		"de, fr;q=0.8, zh;q=0.1":   Chinese,
		"de":                       English,
		"*":                        English,
		"not a language at all !!": English,
	} {
		if got := Accept(header); got != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
}

func TestLocale(t *testing.T) {
	for _, one := range []struct {
		env  map[string]string
		want Language
	}{
		{map[string]string{}, English},
		{map[string]string{"LANG": "zh_CN.UTF-8"}, Chinese},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, English},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN"}, Chinese},
	} {
		if got := Locale(func(name string) string { return one.env[name] }); got != one.want {
			t.Errorf("%v: got %s, want %s", one.env, got, one.want)
		}
	}
}

// Texts inside of texts, errors inside of errors, and words that only English has.
func TestRender(t *testing.T) {
	inner := g.FieldErrorf("zone", "the school has no zone %q", "zon_1")
	missing := g.Errorf(g.NotFound, "there is no %s %q here", g.Noun("zone"), "zon_1")
	list := g.Texts{Items: []g.Text{g.Word("card"), g.Word("pin")}, Between: g.Word(" and ")}
	for _, one := range []struct {
		err    error
		en, zh string
	}{
		{inner, `zone: the school has no zone "zon_1"`, `zone: 本校没有区域 "zon_1"`},
		{missing, `there is no zone "zon_1" here`, `这里没有区域 "zon_1"`},
		{fmt.Errorf("read the file: %w", inner),
			`read the file: zone: the school has no zone "zon_1"`,
			`read the file: zone: 本校没有区域 "zon_1"`},
		{errors.Join(missing, errors.New("a disk's words"),
			g.Errorf(g.Invalid, "the password is wrong")),
			"there is no zone \"zon_1\" here\na disk's words\nthe password is wrong",
			"这里没有区域 \"zon_1\"\na disk's words\n密码错误"},
		{
			g.FieldErrorf("a", "%v", missing),
			`a: there is no zone "zon_1" here`,
			`a: 这里没有区域 "zon_1"`,
		},
		{g.Errorf(g.Conflict, "somebody of the school has this %s already", list),
			`somebody of the school has this card and pin already`, `本校已有人使用此卡和PIN 码`},
		{
			g.Because(g.ReasonNoRoute, "address", "10.1.4.9").Err(g.Unavailable),
			"there is no way to 10.1.4.9: check the address and the network",
			"网络无法到达 10.1.4.9：请检查地址和网络",
		},
		{&g.Error{Code: g.Invalid, Message: "a driver's own 100% words"},
			"a driver's own 100% words", "a driver's own 100% words"},
	} {
		if got := English.Error(one.err); got != one.en || one.err.Error() != one.en {
			t.Errorf("got %q and %q, want %q", got, one.err, one.en)
		}
		if got := Chinese.Error(one.err); got != one.zh {
			t.Errorf("got %q, want %q", got, one.zh)
		}
	}
}
