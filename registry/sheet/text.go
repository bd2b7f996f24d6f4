package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
)

func readText(b []byte, o Options) (*Table, error) {
	text, t, err := decode(b, o.Encoding)
	if err != nil {
		return nil, err
	}
	head := bytes.ToLower(bytes.TrimSpace(text[:min(len(text), 512)]))
	if bytes.HasPrefix(head, []byte("<")) &&
		(bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<table")) ||
			bytes.Contains(head, []byte("<!doctype"))) {
		return nil, fault("file_html")
	}
	t.Format = "csv"
	skip := 0
	comma, hinted := hint(text)
	if hinted {
		_, text, _ = bytes.Cut(text, []byte("\n"))
		skip = 1
	} else {
		comma = separator(text)
	}
	t.Delimiter = string(comma)
	text = quoteFormulas(text, byte(comma))
	return t, t.readRecords(text, comma, skip)
}

// hint parses Excel's first line "sep=;".
func hint(text []byte) (rune, bool) {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	rest, ok := strings.CutPrefix(strings.ToLower(strings.Trim(string(first), " \r\"")), "sep=")
	if !ok {
		return 0, false
	}
	switch rest {
	case ",", ";", "\t", "|":
		return rune(rest[0]), true
	case "":
		return '\t', true // an editor has removed the tab
	}
	return 0, false
}

// separator is the one that is most frequent outside quotes in the first 30 lines.
func separator(text []byte) rune {
	best, most := ',', 0
	for _, r := range ",;\t|" {
		n, quoted, lines := 0, false, 0
		for _, c := range text {
			switch {
			case c == '"':
				quoted = !quoted
			case c == '\n' && !quoted:
				lines++
			case rune(c) == r && !quoted:
				n++
			}
			if lines > 30 {
				break
			}
		}
		if n > most {
			best, most = r, n
		}
	}
	return best
}

func (t *Table) readRecords(text []byte, comma rune, skip int) error {
	c := csv.NewReader(bytes.NewReader(text))
	c.FieldsPerRecord = -1
	c.Comma = comma
	c.ReuseRecord = true
	for cells := 0; ; {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if len(t.Rows) >= MaxRows+100 || cells > maxCells {
			return fault("file_large", "n", strconv.Itoa(MaxRows)+" lines")
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			code := "line_broken"
			if errors.Is(broken.Err, csv.ErrQuote) && broken.Line > broken.StartLine {
				code = "line_quote_open"
			}
			t.Rows = append(t.Rows, Row{
				Line:   broken.StartLine + skip,
				Broken: fault(code),
			})
			continue
		}
		line, _ := c.FieldPos(0)
		row := Row{
			Line:  line + skip,
			Cells: make([]Cell, len(record)),
		}
		for i, s := range record {
			row.Cells[i].Text = trim(s)
		}
		cells += len(record)
		t.keep(row)
	}
	if len(t.Rows) == 0 {
		return fault("file_empty")
	}
	return nil
}

// keep adds a row that is not empty, without trailing empty cells.
func (t *Table) keep(row Row) {
	for n := len(row.Cells); n > 0 && row.Cells[n-1] == (Cell{}); n-- {
		row.Cells = row.Cells[:n-1]
	}
	if len(row.Cells) == 0 {
		return
	}
	if len(row.Cells) > maxWide {
		row = Row{
			Line:   row.Line,
			Broken: fault("line_wide", "n", strconv.Itoa(maxWide)),
		}
	}
	t.Rows = append(t.Rows, row)
}

// trim trims ordinary white space. Invisible characters stay, so that they can be reported.
func trim(s string) string { return strings.Trim(s, " \t\r\n") }

// quoteFormulas quotes cells such as ="00125", with which spreadsheets preserve zeros, but which
// are not valid CSV.
func quoteFormulas(text []byte, comma byte) []byte {
	if !bytes.Contains(text, []byte("=")) {
		return text
	}
	out := make([]byte, 0, len(text)+64)
	start, quoted := true, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if start && !quoted && c == '=' {
			end := formulaEnd(text[i:], comma)
			out = append(out, '"')
			out = append(out, bytes.ReplaceAll(text[i:i+end], []byte(`"`), []byte(`""`))...)
			out = append(out, '"')
			i += end - 1
			start = false
			continue
		}
		if c == '"' {
			quoted = !quoted
		}
		start = !quoted && (c == comma || c == '\n')
		out = append(out, c)
	}
	return out
}

// formulaEnd is the length of the cell at the start of text.
func formulaEnd(text []byte, comma byte) int {
	quoted := false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' || c == '\r', c == comma && !quoted:
			return i
		}
	}
	return len(text)
}
