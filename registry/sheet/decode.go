package sheet

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	wide "golang.org/x/text/encoding/unicode"
)

// Encodings lists the encodings that can be chosen.
func Encodings() []string { return []string{"utf-8", "utf-16", "gb18030", "big5", "windows-1252"} }

// decode converts to UTF-8, and returns a Table with what is known of the encoding.
func decode(b []byte, want string) ([]byte, *Table, error) {
	switch want = strings.ToLower(want); want {
	case "", "utf-8", "utf-16", "big5", "windows-1252", "gb18030":
	case "gbk", "gb2312":
		want = "gb18030"
	default:
		return nil, nil, fault("encoding_unknown", "encoding", want)
	}
	found := marked(b)
	if found == "" && utf8.Valid(b) {
		found = "utf-8"
	}
	if want == "" && found != "" {
		want = found
	}
	if want == "" {
		return guess(b)
	}
	text, ok := as(b, want)
	if !ok {
		return nil, nil, fault("encoding_unfit", "encoding", want)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, nil, fault("file_no_text")
	}
	t := &Table{
		Encoding:  want,
		Sure:      true,
		Encodings: []string{want},
	}
	if found == "" {
		t.Encodings = fitting(b)
		t.Encoding = narrow(b, want)
	}
	return text, t, nil
}

// marked detects UTF-8 and UTF-16 by the byte order mark, or UTF-16 by half of the bytes being 0.
func marked(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return "utf-8"
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}), bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return "utf-16"
	}
	even, odd, n := 0, 0, min(len(b), 4096)
	for i, c := range b[:n] {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	if n >= 16 && (even == 0) != (odd == 0) && max(even, odd) > n/16 {
		return "utf-16"
	}
	return ""
}

// as decodes b; ok is false if it is not valid in that encoding.
func as(b []byte, name string) ([]byte, bool) {
	var e encoding.Encoding
	switch name {
	case "utf-8":
		b = bytes.TrimPrefix(b, []byte("\uFEFF"))
		return b, utf8.Valid(b)
	case "utf-16":
		order := wide.LittleEndian
		if len(b) > 1 && b[0] == 0 {
			order = wide.BigEndian
		}
		e = wide.UTF16(order, wide.UseBOM)
	case "gb18030":
		e = simplifiedchinese.GB18030
	case "big5":
		e = traditionalchinese.Big5
	case "windows-1252":
		e = charmap.Windows1252
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return nil, false
	}
	for _, r := range string(out) {
		if r >= 0x80 && r < 0xA0 {
			return nil, false // control characters that do not occur in text files
		}
	}
	return out, true
}

// narrow returns gbk instead of gb18030 if that is enough.
func narrow(b []byte, name string) string {
	if name != "gb18030" {
		return name
	}
	out, err := simplifiedchinese.GBK.NewDecoder().Bytes(b)
	if err == nil && !bytes.ContainsRune(out, utf8.RuneError) {
		return "gbk"
	}
	return name
}

func fitting(b []byte) (out []string) {
	for _, name := range []string{"gb18030", "big5", "windows-1252"} {
		if _, ok := as(b, name); ok {
			out = append(out, name)
		}
	}
	return out
}

// guess picks the encoding under which the text looks most plausible, and sets Sure if no other
// comes near.
func guess(b []byte) ([]byte, *Table, error) {
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, nil, fault("file_no_text")
	}
	fits := fitting(b)
	if len(fits) == 0 {
		return nil, nil, fault("encoding_unfit", "encoding", "UTF-8, GB18030 or Big5")
	}
	scores := map[string]float64{}
	for _, name := range fits {
		text, _ := as(b, name)
		scores[name] = likely(string(text))
	}
	if lone(b) {
		scores["windows-1252"] += 0.5
	}
	slices.SortStableFunc(fits, func(x, y string) int {
		return int(1000*scores[y]) - int(1000*scores[x])
	})
	best := fits[0]
	second := 0.0
	if len(fits) > 1 {
		second = scores[fits[1]]
	}
	text, _ := as(b, best)
	sure := len(fits) == 1 && best != "windows-1252" ||
		scores[best] > 0.25 && scores[best] > 1.5*second
	return text, &Table{
		Encoding:  narrow(b, best),
		Sure:      sure,
		Encodings: fits,
	}, nil
}

// lone reports whether most non-ASCII bytes stand alone, as accented letters do and Chinese never.
func lone(b []byte) bool {
	runs, single := 0, 0
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		from := i
		for i < len(b) && b[i] >= 0x80 {
			i++
		}
		runs++
		if i-from == 1 {
			single++
		}
	}
	return runs > 0 && single*10 >= runs*8
}

// likely is the share of the non-ASCII characters that are common in Chinese names and headings.
func likely(text string) float64 {
	n, common := 0, 0
	for _, r := range text {
		if r < 0x80 {
			continue
		}
		n++
		if strings.ContainsRune(commonest, r) || r < 0x250 && unicode.IsLetter(r) {
			common++
		}
		if n >= 4000 {
			break
		}
	}
	if n == 0 {
		return 0
	}
	share := float64(common) / float64(n)
	if latin(text) {
		share /= 4 // Chinese decoded as Latin is all letters too, but in runs that no word has
	}
	return share
}

// latin reports whether the first non-ASCII character is a western European one.
func latin(text string) bool {
	for _, r := range text {
		if r >= 0x80 {
			return r < 0x250
		}
	}
	return false
}

// commonest are characters that are frequent in rosters, simplified and traditional.
const commonest = "一二三四五六七八九十的是不人在有这个上来到时大地为子中生国年和出也得里后自以会家可下过天去能对小多于心学都好看起发当成如事用第" +
	"样道想作开美从无情面女现前所同日手行意动方期头经长儿回位分老因给名法间知世两次使身者高已亲其进此话常正姓号班级初电卡监护份性别教师住宿校男" +
	"籍类机寄走读是否王李张刘陈杨赵黄周吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶余潘杜戴夏钟汪田任姜范石姚谭廖" +
	"邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易武乔贺赖龚文明华伟芳娜敏静丽强磊军洋勇艳杰娟涛超秀霞平刚桂英梅兰红玉建春海雪雨晨欣怡" +
	"宇轩浩博子涵梓豪思佳嘉俊婷慧凤志云飞鹏凯琳倩雯妍妹娥芝月" +
	"學號級電話長監護類師機陳張劉楊趙黃吳孫馬羅鄭謝韓馮鄧許呂蘇盧蔣蔡賈葉餘鍾譚陸範鄒國華偉麗強軍勇艷傑濤霞剛蘭紅鳳雲飛鵬凱寧個這時來說為會後對發" +
	"當還樣學開現動頭經兒愛班姓名卡證籍貫男女屆數碼性別身份德志家雄文惠美玲淑芬建宏俊詩雅婷怡君宜庭冠宇承恩翔"
