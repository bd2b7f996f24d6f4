package rules

import (
	"time"

	"go.yaml.in/yaml/v3"

	g "github.com/gatehouse-iot/gatehouse"
)

// Procedure is what people do about an incident, step by step.
type Procedure = g.Procedure

// ParseProcedures parses a procedure file: YAML with one key, procedures.
func ParseProcedures(name string, b []byte) ([]Procedure, error) {
	doc, root, err := openDocument(name, b)
	if err != nil {
		return nil, err
	}
	list, ok := root.object("procedures").need("procedures", g.Word("begin with procedures: and a list"))
	if !ok {
		return nil, doc.err()
	}
	var out []Procedure
	seen := map[g.ProcedureID]bool{}
	for _, n := range list.list() {
		p := parseProcedure(n)
		if p.ID != "" && seen[p.ID] {
			n.fail("the id %q is taken; choose another", p.ID)
		}
		seen[p.ID] = true
		out = append(out, p)
	}
	if err := doc.err(); err != nil {
		return nil, err
	}
	return out, nil
}

func parseProcedure(n node) Procedure {
	o := n.object("id", "title", "steps")
	var p Procedure
	if c, ok := o.need("id", g.Word("give an id that rules can name")); ok {
		if p.ID = g.ProcedureID(c.text()); p.ID != "" && !g.ValidID(string(p.ID)) {
			c.fail("%q is no id; use 1 to 64 letters, digits, '-', '_' or '.'", p.ID)
		}
	}
	if c, ok := o.need("title", g.Word("give a title that people will read")); ok {
		p.Title, p.TitleZH = c.title()
	}
	if c, ok := o.need("steps", g.Word("say what people do, step by step")); ok {
		left := g.MaxProcedureSteps
		p.Steps = parseSteps(c, 1, &left)
	}
	return p
}

func parseSteps(n node, depth int, left *int) (out []g.ProcedureStep) {
	if depth > g.MaxProcedureDepth {
		n.fail("questions stand within answers at most %d deep", g.MaxProcedureDepth)
		return nil
	}
	for _, c := range n.list() {
		if *left--; *left < 0 {
			c.fail("a procedure has at most %d steps in all", g.MaxProcedureSteps)
			return out
		}
		out = append(out, parseStep(c, depth, left))
	}
	return out
}

func parseStep(n node, depth int, left *int) (s g.ProcedureStep) {
	o, said := n.says("owner", "within", "answers")
	s.Text, s.TextZH = said.Text, said.TextZH
	if c, ok := o.get("owner"); ok {
		s.Owner = oneOf(c, g.Roles())
	}
	if c, ok := o.get("within"); ok {
		d := c.duration()
		if d > g.MaxStepTime || d > 0 && d < time.Second {
			c.fail("a step takes between 1s and %s", g.MaxStepTime)
		}
		s.Within = int(d / time.Second)
	}
	c, ok := o.get("answers")
	if !ok {
		return s
	}
	all := c.list()
	if len(all) < 2 || len(all) > g.MaxProcedureAnswers {
		c.fail("a question has between 2 and %d answers", g.MaxProcedureAnswers)
	}
	seen := map[string]bool{}
	for _, x := range all {
		a := parseAnswer(x, depth, left)
		if a.ID != "" && seen[a.ID] {
			x.fail("the id %q is taken; choose another", a.ID)
		}
		seen[a.ID] = true
		s.Answers = append(s.Answers, a)
	}
	return s
}

func parseAnswer(n node, depth int, left *int) (a g.ProcedureAnswer) {
	o, said := n.says("id", "steps")
	a.Text, a.TextZH = said.Text, said.TextZH
	if c, ok := o.need("id", g.Word("give the answer an id, such as yes")); ok {
		if a.ID = c.text(); a.ID != "" && !g.ValidID(a.ID) {
			c.fail("%q is no id; use 1 to 64 letters, digits, '-', '_' or '.'", a.ID)
		}
	}
	if c, ok := o.get("steps"); ok {
		a.Steps = parseSteps(c, depth+1, left)
	}
	return a
}

// says parses a text in both languages with other keys beside it; a scalar is the English text.
func (n node) says(more ...string) (o object, said g.StepAnswer) {
	if n.n.Kind == yaml.ScalarNode {
		said.Text = n.stepText()
		return object{node: n}, said
	}
	o = n.object(append([]string{"en", "zh-CN"}, more...)...)
	if c, ok := o.need("en", g.Word("give the English text")); ok {
		said.Text = c.stepText()
	}
	if c, ok := o.get("zh-CN"); ok {
		said.TextZH = c.stepText()
	}
	return o, said
}

// stepText is a text of a procedure, which has at most [g.MaxStepText] characters.
func (n node) stepText() string {
	s := n.text()
	if have := len([]rune(s)); have > g.MaxStepText {
		n.fail("the text has %d characters; at most %d are kept", have, g.MaxStepText)
	}
	return s
}
