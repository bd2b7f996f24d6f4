package gatehouse_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// document is a Markdown file of the repository.
type document struct{ name, text string }

func documents(t *testing.T) []document {
	t.Helper()
	var out []document
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base == "node_modules" || base == "bin" || base == "data" ||
				strings.HasPrefix(base, ".") && base != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		b, err := os.ReadFile(name)
		out = append(out, document{name, string(b)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("%d documents were found, want at least 10", len(out))
	}
	return out
}

var (
	fence  = regexp.MustCompile("(?ms)^```.*?^```")
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	head   = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	coded  = regexp.MustCompile("`([^`\n]+)`")
	inRepo = regexp.MustCompile(`^(api|deploy|drivers|gateway|registry|rules|vision)/[\w./-]+$`)
)

// TestLinksLeadSomewhere follows every relative link of every document, to the file and to
// the heading in it.
func TestLinksLeadSomewhere(t *testing.T) {
	followed := 0
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(d.text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			followed++
			file, anchor, _ := strings.Cut(m[1], "#")
			to := d.name
			if file != "" {
				to = filepath.Join(filepath.Dir(d.name), filepath.FromSlash(file))
			}
			b, err := os.ReadFile(to)
			if info, serr := os.Stat(to); serr == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s links to %s: %v", d.name, m[1], err)
				continue
			}
			if anchor != "" && !anchors(string(b))[anchor] {
				t.Errorf("%s links to %s, and %s has no such heading", d.name, m[1], to)
			}
		}
	}
	if followed < 20 {
		t.Errorf("%d links were followed, want at least 20", followed)
	}
}

// anchors are the anchors that repository browsers generate for headings.
func anchors(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range head.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		out[strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, strings.TrimSpace(m[1]))] = true
	}
	return out
}

// TestDocumentsNameWhatIsThere checks that the paths, make targets and commands named in the
// documents at the top and in deploy exist.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	makefile, program := read(t, "Makefile"), read(t, "gateway/main.go")
	target := regexp.MustCompile(`(?:^|[\s;&])make ([a-z]+)`)
	command := regexp.MustCompile(`(?:^|[\s/;&|])gateway ([a-z]+)`)
	for _, d := range documents(t) {
		if dir := filepath.Dir(d.name); dir != "." && dir != "deploy" {
			continue
		}
		code := fence.FindAllString(d.text, -1)
		for _, m := range coded.FindAllStringSubmatch(fence.ReplaceAllString(d.text, ""), -1) {
			code = append(code, m[1])
			if _, err := os.Stat(m[1]); inRepo.MatchString(m[1]) && err != nil {
				t.Errorf("%s names %s: %v", d.name, m[1], err)
			}
		}
		for _, c := range code {
			for _, m := range target.FindAllStringSubmatch(c, -1) {
				if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
					t.Errorf("%s says make %s: the Makefile has no such target", d.name, m[1])
				}
			}
			for _, m := range command.FindAllStringSubmatch(c, -1) {
				if !strings.Contains(program, `{"`+m[1]+`", "`) {
					t.Errorf("%s says gateway %s: there is no such command", d.name, m[1])
				}
			}
		}
	}
}

// TestBothReadmesShowTheSame checks that the commands and examples in the Chinese README equal
// those in the English one, apart from comments.
func TestBothReadmesShowTheSame(t *testing.T) {
	blocks := func(name string) []string {
		var out []string
		for _, b := range fence.FindAllString(read(t, name), -1) {
			out = append(out, regexp.MustCompile(`(?m)[ \t]*#.*$`).ReplaceAllString(b, ""))
		}
		return out
	}
	got, want := blocks("README.zh-CN.md"), blocks("README.md")
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("got %d blocks of code in README.zh-CN.md, want the %d of README.md", len(got),
			len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("README.zh-CN.md, block %d: got\n%s\nwant\n%s", i+1, got[i], want[i])
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
