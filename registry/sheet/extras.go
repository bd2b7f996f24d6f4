package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// place is a cell: its line from 1, its column from 0.
type place struct{ line, column int }

// block is a merged range: lines from 1, columns from 0.
type block struct{ top, left, bottom, right int }

// extras is what a sheet has besides its values.
type extras struct {
	formulas map[place]bool
	merges   []block
}

const maxMerges = 5000

// readExtras reads formulas and merged ranges in one pass over the sheet's part.
func readExtras(parts *zip.Reader, sheet string) (extras, error) {
	e := extras{formulas: map[place]bool{}}
	b, err := part(parts, sheetPart(parts, sheet))
	if err != nil {
		return e, err
	}
	if !bytes.Contains(b, []byte("<f")) && !bytes.Contains(b, []byte("mergeCell ")) {
		return e, nil
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	at := place{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "c":
			if column, line, err := excelize.CellNameToCoordinates(attr(start, "r")); err == nil {
				at = place{line, column - 1}
			}
		case "f":
			e.formulas[at] = true
		case "mergeCell":
			if m, ok := blockOf(attr(start, "ref")); ok && len(e.merges) < maxMerges {
				e.merges = append(e.merges, m)
			}
		}
	}
}

func blockOf(ref string) (block, bool) {
	from, to, ok := strings.Cut(ref, ":")
	left, top, err1 := excelize.CellNameToCoordinates(from)
	right, bottom, err2 := excelize.CellNameToCoordinates(to)
	return block{top, left - 1, bottom, right - 1}, ok && err1 == nil && err2 == nil &&
		top <= bottom && left <= right
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// sheetPart is the sheet's path in the archive: the workbook names a relation, and the relations
// name the part.
func sheetPart(parts *zip.Reader, sheet string) string {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var relations struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	b, err1 := part(parts, "xl/workbook.xml")
	r, err2 := part(parts, "xl/_rels/workbook.xml.rels")
	if err1 != nil || err2 != nil || xml.Unmarshal(b, &book) != nil ||
		xml.Unmarshal(r, &relations) != nil {
		return ""
	}
	for _, s := range book.Sheets {
		for _, rel := range relations.Relationship {
			if s.Name != sheet || rel.ID != s.ID {
				continue
			}
			if strings.HasPrefix(rel.Target, "/") {
				return strings.TrimPrefix(rel.Target, "/")
			}
			return path.Join("xl", rel.Target)
		}
	}
	return ""
}

// part reads one part of the archive; it is empty if there is none of that name.
func part(parts *zip.Reader, name string) ([]byte, error) {
	for _, p := range parts.File {
		if p.Name != name {
			continue
		}
		r, err := p.Open()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(io.LimitReader(r, maxUnpacked))
	}
	return nil, nil
}
