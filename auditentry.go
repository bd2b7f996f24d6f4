package gatehouse

// AuditChange is one changed field. Values are JSON or plain text, cut after 500 characters, and
// never secret.
type AuditChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}
