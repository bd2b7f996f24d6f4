package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// examples.json has a request and a response for each operation. A test writes it (go test ./api
// -run TestExamplesFit -update) and compares it with the document.
//
//go:embed examples.json
var examplesJSON []byte

// example is an operation's request and response; empty where there is no JSON.
type example struct {
	Request  any `json:"request,omitempty"`
	Response any `json:"response,omitempty"`
}

// documentExamples puts the examples beside the schemas of the bodies.
func documentExamples(doc *huma.OpenAPI) error {
	var all map[string]example
	d := json.NewDecoder(bytes.NewReader(examplesJSON))
	d.UseNumber() // numbers stay as they are written
	if err := d.Decode(&all); err != nil {
		return fmt.Errorf("read examples.json: %w", err)
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{
			item.Get, item.Put, item.Post, item.Patch, item.Delete,
		} {
			if op == nil {
				continue
			}
			e := all[op.OperationID]
			if op.RequestBody != nil {
				show(op.RequestBody.Content, e.Request)
			}
			for status, r := range op.Responses {
				if strings.HasPrefix(status, "2") {
					show(r.Content, e.Response)
				}
			}
		}
	}
	return nil
}

// show sets the example of a body's JSON.
func show(content map[string]*huma.MediaType, example any) {
	if m := content["application/json"]; m != nil && example != nil {
		m.Example = example
	}
}
