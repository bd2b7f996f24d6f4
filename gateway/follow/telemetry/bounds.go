package telemetry

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/strutil"
)

// Limits of one request. A short expression can be expensive, so it is checked before it is parsed,
// after that, and while it runs.
const (
	maxExpression = 16 << 10  // bytes of an expression or a selector
	maxDepth      = 32        // brackets within brackets, and operators before one operand
	maxNodes      = 1000      // of a parsed expression
	maxSelectors  = 64        // of an expression, and match[] of a request
	maxPattern    = 1 << 10   // bytes of a regular expression
	maxSteps      = 4000      // of a regular expression with its repeats written out
	maxTouched    = 50_000    // series that one query reads
	maxSamples    = 5_000_000 // in memory at a time, of one query
	maxResult     = 1_000_000 // samples of an answer
	maxTime       = time.Minute / 2
)

// checkText looks at an expression before anything parses it. The error says where.
func checkText(text string) error {
	if len(text) > maxExpression {
		return fmt.Errorf("it has %d bytes; at most %d are taken: ask for less at a time, or use "+
			"fewer alternatives",
			len(text), maxExpression)
	}
	depth, signs, pattern := 0, 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '#':
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return nil
			}
			i += end
			continue
		case c == '"' || c == '\'' || c == '`':
			end := quoted(text[i:])
			if end == 0 {
				return nil // the parser says better what is wrong with it
			}
			if pattern {
				p, err := strutil.Unquote(text[i : i+end])
				if err != nil {
					return nil // the parser says better what is wrong with it
				}
				if err := checkPattern(p); err != nil {
					return fmt.Errorf("at byte %d: %w", i, err)
				}
			}
			i, signs, pattern = i+end-1, 0, false
			continue
		case strings.IndexByte("([{", c) >= 0:
			depth++
			signs = 0
		case strings.IndexByte(")]}", c) >= 0:
			depth = max(0, depth-1)
			signs = 0
		case c == '-' || c == '+':
			signs++
		case c == '~':
			pattern = i > 0 && (text[i-1] == '=' || text[i-1] == '!')
		case c > ' ' && c != '=' && c != '!':
			signs = 0
		}
		if depth > maxDepth || signs > maxDepth {
			return fmt.Errorf("at byte %d: it is nested more than %d deep; write it flatter", i,
				maxDepth)
		}
	}
	return nil
}

// quoted is the length of the string literal that text begins with; 0 where it does not end.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return i + 1
		case text[i] == '\\' && text[0] != '`':
			i++
		}
	}
	return 0
}

// checkPattern bounds what a regular expression costs to build and to match.
func checkPattern(p string) error {
	if len(p) > maxPattern {
		return fmt.Errorf("the regular expression has %d bytes; at most %d are taken: match "+
			"several label values with several selectors",
			len(p), maxPattern)
	}
	re, err := syntax.Parse(p, syntax.Perl|syntax.DotNL)
	if err != nil {
		return fmt.Errorf("the regular expression: %w", err)
	}
	if n := steps(re); n > maxSteps {
		return fmt.Errorf("the regular expression has %d steps with its repeats written out; at "+
			"most %d are taken: repeat less",
			n, maxSteps)
	}
	return nil
}

// steps is about how many instructions the expression compiles to.
func steps(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return n
}

// parse parses an expression within the bounds.
func parse(text string) (parser.Expr, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	expr, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	return expr, checkExpr(expr)
}

// checkExpr limits what a parsed expression may cost, however short it is.
func checkExpr(expr parser.Expr) error {
	nodes, selectors := 0, 0
	var wrong error
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if n == nil {
			return nil
		}
		nodes++
		switch n := n.(type) {
		case *parser.VectorSelector:
			selectors++
		case *parser.SubqueryExpr:
			step := n.Step
			if step == 0 {
				step = subqueryStep
			}
			if n.Range/step > maxPoints && wrong == nil {
				wrong = fmt.Errorf("at byte %d: the subquery has more than %d points; use a "+
					"longer step or a shorter range",
					n.PositionRange().Start, maxPoints)
			}
		case *parser.Call:
			if p, ok := pattern(n); ok && wrong == nil {
				if err := checkPattern(p); err != nil {
					wrong = fmt.Errorf("at byte %d: %w", n.PositionRange().Start, err)
				}
			}
		}
		return nil
	})
	switch {
	case wrong != nil:
		return wrong
	case selectors > maxSelectors:
		return fmt.Errorf("it has %d selectors; at most %d are taken: ask in several queries",
			selectors, maxSelectors)
	case nodes > maxNodes:
		return fmt.Errorf("it has %d parts; at most %d are taken: ask in several queries", nodes,
			maxNodes)
	}
	return nil
}

// pattern returns the regular expression that label_replace compiles while it runs.
func pattern(c *parser.Call) (string, bool) {
	if c.Func.Name != "label_replace" || len(c.Args) < 5 {
		return "", false
	}
	e := c.Args[4]
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			break
		}
		e = p.Expr
	}
	s, ok := e.(*parser.StringLiteral)
	if !ok {
		return "", false
	}
	return s.Val, true
}

// subqueryStep is the step of a subquery that names none.
const subqueryStep = time.Minute

// selector parses one match[] within the bounds.
func selector(text string) ([]*labels.Matcher, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	return parser.ParseMetricSelector(text)
}

// budget counts the series that one query reads, over all of its selectors. A query reads
// them one selector after the other.
type budget struct{ series int }

var errTouched = fmt.Errorf(
	"the query reads more than %d series: narrow its selectors, or ask for one school at a time",
	maxTouched)

// counted is a set of series that ends with an error once the budget is used up.
type counted struct {
	storage.SeriesSet
	b   *budget
	err error
}

func (c *counted) Next() bool {
	if c.err != nil || !c.SeriesSet.Next() {
		return false
	}
	if c.b.series++; c.b.series > maxTouched {
		c.err = errTouched
		return false
	}
	return true
}

func (c *counted) Err() error {
	if c.err != nil {
		return c.err
	}
	return c.SeriesSet.Err()
}

// size is how many samples an answer has.
func size(v parser.Value) int {
	switch v := v.(type) {
	case promql.Vector:
		return len(v)
	case promql.Matrix:
		n := 0
		for i := range v {
			n += len(v[i].Floats) + len(v[i].Histograms)
		}
		return n
	}
	return 1
}

var errResult = fmt.Errorf(
	"the answer has more than %d values: use a longer step, a shorter range, or aggregate",
	maxResult)
