package rules

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Where a rule comes from.
const (
	OfFile   = "file"
	OfSchool = "school"
)

// Rule is a rule with where it comes from and what it has found.
type Rule struct {
	ID       g.RuleID   `json:"id"`
	Title    string     `json:"title"`
	TitleZH  string     `json:"title_zh,omitempty"`
	Severity g.Severity `json:"severity"`
	YAML     string     `json:"yaml"`

	Plain      g.RuleID     `json:"plain_id"`
	Text       string       `json:"text"`
	Per        string       `json:"per,omitempty"`
	Origin     string       `json:"origin"`
	File       string       `json:"file,omitempty"`
	Line       int          `json:"line,omitempty"`
	School     g.SchoolID   `json:"school,omitempty"`
	SchoolName string       `json:"school_name,omitempty"`
	Mine       bool         `json:"mine"`
	Enabled    bool         `json:"enabled"`
	Replaces   bool         `json:"replaces"`
	Replaced   []g.SchoolID `json:"replaced,omitempty" nullable:"false"`
	Version    int          `json:"version,omitempty"`
	Template   string       `json:"template,omitempty"`
	Note       string       `json:"note,omitempty"`
	ByName     string       `json:"by_name,omitempty"`
	At         time.Time    `json:"at,omitzero"`
	Problem    string       `json:"problem,omitempty"`
	Found      int          `json:"found"`
	Firing     int          `json:"firing"`
	LastFound  time.Time    `json:"last_found,omitzero"`

	Wrong *g.Error `json:"-"` // why it is not in force, for Problem in the reader's language
}

// Draft is the text of a rule before it is kept.
type Draft struct {
	School   g.SchoolID
	ID       g.RuleID // of the rule that it changes; "" for a new one
	Text     string
	Enabled  bool
	Replaces bool
	Template string
	Note     string

	TemplateVersion string // of the template, whose text it stands on; "": see Put
}

// Checked is what a check of a draft found.
type Checked struct {
	ID       g.RuleID      `json:"id,omitempty"`
	Title    string        `json:"title,omitempty"`
	TitleZH  string        `json:"title_zh,omitempty"`
	Severity g.Severity    `json:"severity,omitempty"`
	Problems []RuleProblem `json:"problems" nullable:"false"`
	Doubts   []RuleProblem `json:"doubts" nullable:"false"`
}

// RuleProblem is something wrong, or doubtful, at a place of a text.
type RuleProblem struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Length  int    `json:"length"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Reason  string `json:"reason,omitempty"`

	Err *g.Error `json:"-"` // for Message in the reader's language
}

// RuleTemplate is a rule that ships to begin from.
type RuleTemplate struct {
	ID       string       `json:"id"`
	Group    string       `json:"group"`
	Title    string       `json:"title"`
	TitleZH  string       `json:"title_zh,omitempty"`
	Severity g.Severity   `json:"severity"`
	Text     string       `json:"text"`
	Version  string       `json:"version"`
	Uses     int          `json:"uses"`
	Schools  []g.SchoolID `json:"schools" nullable:"false"`

	SchoolCount int           `json:"school_count"`
	Rules       []TemplateUse `json:"rules" nullable:"false"`
}

// TemplateUse is a school's rule that began as a template.
type TemplateUse struct {
	Rule       g.RuleID   `json:"rule"`
	School     g.SchoolID `json:"school"`
	SchoolName string     `json:"school_name"`
	Version    string     `json:"version,omitempty"`
	Older      bool       `json:"older"`
	Changed    bool       `json:"changed"`
	Base       string     `json:"base,omitempty"`
}

// What an import does with a rule.
const (
	ImportAdded   = "added"
	ImportNewer   = "newer"
	ImportSame    = "same"
	ImportKept    = "kept"
	ImportRefused = "refused"
)

// ImportedRules is what an import did, or would do.
type ImportedRules struct {
	DryRun bool           `json:"dry_run"`
	Rules  []ImportedRule `json:"rules" nullable:"false"`
}

// ImportedRule is what an import did with one rule of the file.
type ImportedRule struct {
	ID       g.RuleID   `json:"id"`
	Title    string     `json:"title"`
	TitleZH  string     `json:"title_zh,omitempty"`
	Severity g.Severity `json:"severity"`
	What     string     `json:"what"`
	Was      string     `json:"was,omitempty"`
	Is       string     `json:"is"`
	Problem  string     `json:"problem,omitempty"`
	Reason   string     `json:"reason,omitempty"`

	Wrong *g.Error `json:"-"` // why it is refused, for Problem in the reader's language
}
