package roster

import (
	"maps"
	"strconv"

	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// english returns the message of a code; {read} is the cell's text, {field} the field.
func english(code string) string {
	switch code {
	// of the file as a whole
	case "field_unmapped":
		return "no column is the {field}: say which one is, or add a heading such as kind, " +
			"number, name, class"
	case "kind_missing":
		return "no column says the kind of each person: choose one for the whole file ({kinds}), " +
			"or map a column"
	case "column_twice":
		return "two columns are the {field}: leave one out"
	case "column_ignored":
		return "the column {heading} is left out"
	case "title_lines":
		return "what stands above the headings is left out: {n} of the file's lines"
	case "encoding_unsure":
		return "the encoding cannot be told for certain; it reads as {encoding}: look at the " +
			"names and choose the encoding"
	case "formula_values":
		return "{n} cells hold formulas: the values that the spreadsheet saved are taken, " +
			"nothing is computed"
	case "merged_filled":
		return "{n} cells got the value of the merged cell that they belong to"
	case "hidden_rows":
		return "{n} rows are hidden in the spreadsheet and are read all the same"
	case "sheet_chosen":
		return "the workbook has the sheets {sheets}; {sheet} is read"
	case "full_unsure":
		return "line {line} is left out and its number cannot be read, so it is not known who is " +
			"missing: mend the line, or do not import the file as a full roster"
	case "no_lines":
		return "below the headings stands no line"
	// of a row
	case "missing":
		return "the {field} is missing"
	case "kind_unknown":
		return "{read} is no kind of person; use one of {kinds}"
	case "flag_unknown":
		return "{read} is neither yes nor no"
	case "date_unknown":
		return "{read} is no day that can be read one way only; write it as 2026-09-01"
	case "rounded":
		return "the spreadsheet has rounded it to {read}: format the column as text, enter it " +
			"again and save"
	case "digits_lost":
		return "{read} ends in zeros that the spreadsheet put there: it keeps 15 digits. Format " +
			"the column as text and enter it again"
	case "zeros_lost":
		return "{read} has lost its leading zeros; others in the column have {width} digits. It " +
			"was probably {guess}: say so, or mend the file"
	case "zeros_added":
		return "{read} was completed to {guess}"
	case "class_date":
		return "the spreadsheet has made a date of the class; {read} was probably {guess}: say " +
			"so, or format the column as text"
	case "class_mended":
		return "{read} was read as {guess}"
	case "class_odd":
		return "{read} is no class: it reads like a number of a telephone or a card. Is the " +
			"column the right one?"
	case "lost_character":
		return "{read} has lost a character on the way: write it again and save as .xlsx or CSV " +
			"UTF-8"
	case "formula":
		return "the cell holds a formula, {read}, which is not computed: paste the value instead"
	case "formula_text":
		return "{read} was read as {guess}"
	case "extra_cell":
		return "{read} belongs to no column: a separator too many, or a missing quote"
	case "duplicate_number":
		return "the number stands in line {first} too: every person has one line"
	case "duplicate_card":
		return "the card stands in line {first} too: every card is one person's"
	case "duplicate_first":
		return "the number stands in line {first} too, so neither line is taken"
	case "section":
		return "{read} is a heading between the lines; the lines below belong to it"
	case "section_ignored":
		return "{read} is a remark and is left out"
	case "hidden_characters":
		return "characters that cannot be seen were taken out of {read}"
	case "full_width":
		return "{read} was written in wide characters and was read as {guess}"
	case "newline":
		return "a line break inside the cell was read as a space: {guess}"
	case "line_broken", "line_quote_open", "line_wide":
		return (&sheet.Fault{Code: code}).Error()
	// of a row, after comparison with the people of the school
	case "too_long":
		return "{read} is longer than {n} characters"
	case "unusable":
		return "{read} holds characters that cannot be used"
	case "card_unusable":
		return "the card number is not usable: give 4 to 256 characters"
	case "card_taken":
		return "somebody else of the school has this card"
	case "guardian_unknown":
		return "nobody of the school or the file has the number {read}"
	case "guardians_many":
		return "the person would have {n} guardians; at most 10 are kept"
	case "unknown_number":
		return "nobody of the school has this number; only those who are here are changed"
	case "exists":
		return "somebody of the school has this number already and stays as they are; only new " +
			"people are added"
	case "zeros_lost_known":
		return "{read} has lost its leading zeros: the school knows {guess}. Say so, or mend the " +
			"file"
	case "kept_by_hand":
		return "it was corrected by hand and is kept; change it by hand if the file is right"
	case "consent_withdrawn":
		return "the consent was withdrawn by hand and stays withdrawn; record it by hand if it " +
			"was given again"
	case "returned":
		return "had left, and is back"
	}
	return ""
}

// Values returns the values in the message, by name.
func (p Remark) Values() map[string]string {
	values := map[string]string{
		"read":    p.Read,
		"field":   string(p.Field),
		"heading": p.Heading,
		"line":    strconv.Itoa(p.Line),
	}
	maps.Copy(values, p.Params)
	return values
}

func text(p Remark) string {
	params := p.Values()
	for _, name := range []string{"read", "heading"} {
		if _, own := p.Params[name]; !own {
			params[name] = quoted(params[name])
		}
	}
	if p.Heading == "" && p.Params["heading"] == "" {
		params["heading"] = "without a heading"
	}
	if t := english(p.Code); t != "" {
		return sheet.Render(t, params)
	}
	return p.Code
}

func quoted(s string) string { return `"` + s + `"` }

// Say fills in the English message of a remark.
func Say(p Remark) Remark {
	p.Message = text(p)
	return p
}
