package gate

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// document begins the OpenAPI 3.1 document with what all operations share.
func (gt *Gate) document() {
	format := huma.Format{
		Marshal:   marshal,
		Unmarshal: unmarshalCarried,
	}
	cfg := huma.Config{
		OpenAPI:       gt.opt.Document,
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{transform},
	}
	parts := gt.opt.Document.Components
	parts.Parameters = map[string]*huma.Param{
		"IdempotencyKey": {
			Name: idemHeader,
			In:   "header",
			Schema: &huma.Schema{
				Type:      "string",
				MaxLength: new(idemKey),
			},
			Description: "A key of the caller's choice. The same key with the same request " +
				"within 24 " +
				"hours is answered again as before, " +
				"with the header `Idempotent-Replayed: true`, and done once; with another " +
				"request it " +
				"is a conflict.",
		},
	}
	parts.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {
			Type:         "http",
			Scheme:       "bearer",
			BearerFormat: "ghk_…",
			Description:  "An API key, made in the console or with POST /v1/keys.",
		},
		"browser": {
			Type: "apiKey",
			In:   "cookie",
			Name: CookieName,
			Description: "The console's sign-in. Changes also need the header " + csrfHeader +
				" with csrf of GET /v1/me.",
		},
	}
	parts.Responses = map[string]*huma.Response{}
	problem := parts.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	for status, words := range map[int]string{
		http.StatusBadRequest: "The body is no valid JSON, or is missing.",
		http.StatusUnauthorized: "Nobody is signed in, or the key is wrong, ended or " +
			"revoked.",
		http.StatusForbidden: "The caller lacks the permission, or a page's change " +
			"came without its CSRF header.",
		http.StatusNotFound: "There is nothing by that name in the caller's schools.",
		http.StatusConflict: "It exists already, is in use, or has changed meanwhile.",
		http.StatusGone: "The list has changed since this walk began, and its " +
			"order is no longer kept: begin again without a cursor.",
		http.StatusPreconditionFailed: "It is not what If-Match names: somebody changed it " +
			"meanwhile. Read it again.",
		http.StatusRequestEntityTooLarge: "The body is over the stated bound.",
		http.StatusUnsupportedMediaType:  "The body's content type is not taken here.",
		http.StatusRequestTimeout:        "The body did not come in time.",
		http.StatusUnprocessableEntity:   "The input is wrong; errors names the fields.",
		http.StatusTooManyRequests:       "Too many requests; Retry-After says when to come back.",
		http.StatusInternalServerError: "The gateway's own fault; its log has the cause under " +
			"request_id.",
		http.StatusServiceUnavailable: "A part that is needed is down or full; try again.",
	} {
		parts.Responses[answerName(status)] = &huma.Response{Description: words,
			Content: map[string]*huma.MediaType{problemType: {Schema: problem}}}
	}
	gt.api = huma.NewAPI(cfg, &gated{gt.mux, gt})
}

// answerName is the name of a status's response in the document's components.
func answerName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }
