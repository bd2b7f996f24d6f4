// Command lint combines the linters of make check in one program, which builds quickly and parses
// each package once: those of Staticcheck, and some that look for resources left open. It is a
// module of its own, to keep their dependencies out of the gateway's.
//
// Intended findings are marked in the code: //lint:ignore CHECK reason.
package main

import (
	"go/ast"
	"go/parser"
	"os"
	"strings"

	"github.com/gordonklaus/ineffassign/pkg/ineffassign"
	"github.com/jingyugao/rowserrcheck/passes/rowserr"
	"github.com/ryanrolds/sqlclosecheck/pkg/analyzer"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"honnef.co/go/tools/analysis/lint"
	"honnef.co/go/tools/lintcmd"
	"honnef.co/go/tools/quickfix"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

// taste lists the checks of Staticcheck that this project does not use.
var taste = map[string]bool{
	"ST1000": true, // a comment on every package
	"ST1003": true, // spelling of initialisms
	"ST1005": true, // capitalisation of errors: ours are shown to people
	"ST1016": true, // one name for a type's receivers
	"ST1020": true, // how comments begin
	"ST1021": true,
	"ST1022": true,
	"QF1001": true, // De Morgan
	"QF1008": true, // embedded fields in a selector
}

func main() {
	cmd := lintcmd.NewCommand("lint")
	for _, group := range [][]*lint.Analyzer{
		simple.Analyzers,
		staticcheck.Analyzers,
		stylecheck.Analyzers,
		quickfix.Analyzers,
	} {
		for _, a := range group {
			if !taste[a.Analyzer.Name] {
				cmd.AddAnalyzers(a)
			}
		}
	}
	cmd.AddAnalyzers(unused.Analyzer)
	cmd.AddBareAnalyzers(
		resolved(ineffassign.Analyzer),
		outsideTests(bodyclose.Analyzer), // a test's stream is closed by its reader
		rowserr.NewAnalyzer(),
		analyzer.NewAnalyzer(),
		noInit,
	)
	cmd.ParseFlags(os.Args[1:])
	cmd.Run()
}

// noInit forbids init functions.
var noInit = &analysis.Analyzer{
	Name: "noinit",
	Doc:  "no init functions",
	Run: func(p *analysis.Pass) (any, error) {
		for _, f := range p.Files {
			if ast.IsGenerated(f) {
				continue
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					p.Reportf(fn.Pos(), "no init functions: say it where it is used")
				}
			}
		}
		return nil, nil
	},
}

// outsideTests drops an analyzer's findings in test files.
func outsideTests(a *analysis.Analyzer) *analysis.Analyzer {
	some := *a
	some.Run = func(p *analysis.Pass) (any, error) {
		quiet := *p
		quiet.Report = func(d analysis.Diagnostic) {
			if !strings.HasSuffix(p.Fset.Position(d.Pos).Filename, "_test.go") {
				p.Report(d)
			}
		}
		return a.Run(&quiet)
	}
	return &some
}

// resolved gives an analyzer syntax trees with resolved identifiers (ast.Object), which those of
// Staticcheck lack.
func resolved(a *analysis.Analyzer) *analysis.Analyzer {
	some := *a
	some.Run = func(p *analysis.Pass) (any, error) {
		own := *p
		own.Files = nil
		for _, f := range p.Files {
			name := p.Fset.Position(f.Package).Filename
			again, err := parser.ParseFile(p.Fset, name, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			own.Files = append(own.Files, again)
		}
		return a.Run(&own)
	}
	return &some
}
