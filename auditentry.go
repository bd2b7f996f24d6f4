package gatehouse

// AuditChange is one field that a deed changed. Values are JSON, or text as it stands, and are
// cut after 500 characters; no secret is among them.
type AuditChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}
