package gatehouse_test

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// widest is the most columns of a line of Go; a tab counts as four.
const widest = 120

// TestLines refuses longer lines, except raw strings (field tags, SQL, test files) and compiler
// directives, which cannot be broken.
func TestLines(t *testing.T) {
	for _, s := range readSources(t) {
		if strings.HasSuffix(s.file, ".pb.go") {
			continue
		}
		src, err := os.ReadFile(filepath.FromSlash(s.file))
		if err != nil {
			t.Fatal(err)
		}
		raw := rawLines(src)
		n := 0
		for line := range strings.Lines(string(src)) {
			n++
			line = strings.TrimSuffix(line, "\n")
			columns := utf8.RuneCountInString(line) + 3*strings.Count(line, "\t")
			if columns > widest && !raw[n] && !strings.HasPrefix(line, "//go:") {
				t.Errorf("%s:%d has %d columns; %d at most", s.file, n, columns, widest)
			}
		}
	}
}

// rawLines are the lines that contain raw strings.
func rawLines(src []byte) map[int]bool {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, src, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return lines
		}
		if tok != token.STRING || text[0] != '`' {
			continue
		}
		first := file.Line(pos)
		for i := range 1 + strings.Count(text, "\n") {
			lines[first+i] = true
		}
	}
}
