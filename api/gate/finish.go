package gate

import (
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Schemas are the document's schemas, once every operation is registered.
type Schemas struct {
	all     map[string]*huma.Schema
	lacking []string
}

// AtLast calls f once every operation is registered, to set limits that a tag cannot set, such as
// those of the entries of lists and maps. Requests are validated by them.
func (gt *Gate) AtLast(f func(*Schemas)) { gt.atLast = append(gt.atLast, f) }

// Of is a schema by its name.
func (d *Schemas) Of(name string) *huma.Schema {
	if schema := d.all[name]; schema != nil {
		return schema
	}
	d.lacking = append(d.lacking, name)
	return &huma.Schema{}
}

// Field is a field of a schema.
func (d *Schemas) Field(schema, name string) *huma.Schema {
	if p := d.Of(schema).Properties[name]; p != nil {
		return p
	}
	d.lacking = append(d.lacking, schema+"."+name)
	return &huma.Schema{}
}

// OneOf lists the values of a field whose type is a plain string.
func (d *Schemas) OneOf(schema, field string, words ...string) {
	p := d.Field(schema, field)
	p.Enum = nil
	for _, w := range words {
		p.Enum = append(p.Enum, w)
	}
	p.PrecomputeMessages()
}

// Items limits the texts of a list, in characters.
func (d *Schemas) Items(schema, field string, length int) {
	list := d.Field(schema, field)
	if list.Items == nil {
		d.lacking = append(d.lacking, "list "+schema+"."+field)
		return
	}
	boundItems(list, length)
}

// Texts limits the number of a map's entries, and their texts, in characters.
func (d *Schemas) Texts(schema, field string, most, length int) {
	p := d.Field(schema, field)
	p.MaxProperties = new(most)
	p.AdditionalProperties = TextOf(length)
	p.PrecomputeMessages()
}

func boundItems(list *huma.Schema, length int) {
	list.Items.MaxLength = new(length)
	list.PrecomputeMessages()
}

// TextOf is a text of at most so many characters, with the message that refuses a longer one.
func TextOf(most int) *huma.Schema {
	s := &huma.Schema{
		Type:      huma.TypeString,
		MaxLength: new(most),
	}
	s.PrecomputeMessages()
	return s
}

// Finish ends the registration: it sets limits and descriptions of the operations' types. Limits
// and descriptions of types that do not exist are an error.
func (gt *Gate) Finish() error {
	doc := gt.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	// huma's own error, which transform replaces
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} {
		delete(schemas, unused)
	}
	d := &Schemas{all: schemas}
	for _, f := range gt.atLast {
		f(d)
	}
	if len(d.lacking) > 0 {
		return fmt.Errorf("bounds of the document: there is no %s", strings.Join(d.lacking, ", "))
	}
	for _, item := range doc.Paths {
		boundParameters(item)
	}
	return gt.describeFields(schemas)
}

// boundParameters limits the entries of lists in queries to MaxWord.
func boundParameters(item *huma.PathItem) {
	for _, op := range []*huma.Operation{
		item.Get, item.Post, item.Put, item.Patch, item.Delete,
	} {
		if op == nil {
			continue
		}
		for _, p := range op.Parameters {
			if p.Schema != nil && p.Schema.Items != nil && len(p.Schema.Items.Enum) == 0 {
				boundItems(p.Schema, MaxWord)
			}
		}
	}
}
