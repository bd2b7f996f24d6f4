package texts

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

const module = "github.com/gatehouse-iot/gatehouse"

// makers are the root package's functions that make a text, and which argument is its format.
var makers = map[string]int{"Errorf": 1, "FieldErrorf": 1, "Textf": 0, "Word": 0}

// said is what the source says to people.
type said struct {
	formats map[string]string // by English format: the first place
	faults  []string          // places whose format cannot be read
}

// read reads every Go file below root but tests and the folders of skip.
func (s *said) read(root string, skip []string) error {
	packages := map[string][]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && rel != "."
			if hidden || d.Name() == "node_modules" || d.Name() == "testdata" || rel == "bin" {
				return filepath.SkipDir
			}
			for _, one := range skip {
				if rel == one {
					return filepath.SkipDir
				}
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(rel)
		packages[dir] = append(packages[dir], f)
		return nil
	})
	if err != nil {
		return err
	}
	all := map[string]*pkg{}
	shared := map[string]int{}
	for dir, files := range packages {
		p := &pkg{
			dir:      dir,
			set:      set,
			consts:   map[string]ast.Expr{},
			wrappers: map[string]int{},
			shared:   shared,
			said:     s,
		}
		p.learn(files)
		all[dir] = p
	}
	for dir, files := range packages {
		for _, f := range files {
			all[dir].calls(f, false)
		}
	}
	return nil
}

// pkg is one package while it is read.
type pkg struct {
	dir      string
	set      *token.FileSet
	consts   map[string]ast.Expr
	wrappers map[string]int // functions of its own that hand a format on, and which argument it is
	shared   map[string]int // those that other packages call, as gate.Missing
	said     *said
}

// learn finds the constants and the functions that hand a format on.
func (p *pkg) learn(files []*ast.File) {
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				p.constants(g)
			}
		}
	}
	// A wrapper of a wrapper is found in the next round.
	for known := -1; known != len(p.wrappers); {
		known = len(p.wrappers)
		for _, f := range files {
			p.calls(f, true)
		}
	}
	for name, at := range p.wrappers {
		if ast.IsExported(name) {
			p.shared[path.Base(p.dir)+"."+name] = at
		}
	}
}

func (p *pkg) constants(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		v := spec.(*ast.ValueSpec)
		for i, name := range v.Names {
			if i < len(v.Values) {
				p.consts[name.Name] = v.Values[i]
			}
		}
	}
}

// calls looks at each call that makes a text. In the first rounds it learns which functions hand a
// parameter on as the format; in the last it notes the formats.
func (p *pkg) calls(f *ast.File, learn bool) {
	alias := rootAlias(f)
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			p.within(d, alias, nil, learn)
			continue
		}
		if fn.Body != nil {
			p.within(fn.Body, alias, []function{{fn.Name.Name, fn.Type}}, learn)
		}
	}
}

// function is one around a call: its name, and its parameters.
type function struct {
	name string
	kind *ast.FuncType
}

func (p *pkg) within(n ast.Node, alias string, around []function, learn bool) {
	names := map[*ast.FuncLit]string{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, right := range n.Rhs {
				if lit, ok := right.(*ast.FuncLit); ok && i < len(n.Lhs) {
					if id, ok := n.Lhs[i].(*ast.Ident); ok {
						names[lit] = id.Name
					}
				}
			}
		case *ast.FuncLit:
			p.within(n.Body, alias,
				append(around[:len(around):len(around)], function{names[n], n.Type}), learn)
			return false
		case *ast.CallExpr:
			p.call(n, alias, around, learn)
		case *ast.CompositeLit:
			p.literal(n, alias, learn)
		}
		return true
	})
}

func (p *pkg) call(c *ast.CallExpr, alias string, around []function, learn bool) {
	at, ok := p.format(c, alias)
	if !ok || at >= len(c.Args) ||
		p.dir == "." && (len(around) == 0 || makers[around[0].name] > 0) {
		return
	}
	if text, ok := p.value(c.Args[at]); ok {
		if !learn {
			p.note(text, c)
		}
		return
	}
	if id, ok := c.Args[at].(*ast.Ident); ok {
		for _, fn := range around {
			if i := parameter(fn.kind, id.Name); i >= 0 && fn.name != "" {
				p.wrappers[fn.name] = i
				return
			}
		}
	}
	if !learn {
		p.said.faults = append(p.said.faults,
			fmt.Sprintf("%s: the format is not written here", p.set.Position(c.Pos())))
	}
}

// wire rebuilds errors that crossed the wire.
const wire = "drivers/driverpb"

// literal refuses an Error that is built without a Text: no other language could say it.
func (p *pkg) literal(c *ast.CompositeLit, alias string, learn bool) {
	if learn || p.dir == "." || p.dir == wire || !isRoot(c.Type, alias, "Error") {
		return
	}
	for _, e := range c.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && fmt.Sprint(kv.Key) == "Message" {
			p.said.faults = append(p.said.faults,
				fmt.Sprintf("%s: make it with Errorf, and At for the field",
					p.set.Position(c.Pos())))
		}
	}
}

// format says which argument of a call is the format of a text.
func (p *pkg) format(c *ast.CallExpr, alias string) (int, bool) {
	for name, at := range makers {
		if isRoot(c.Fun, alias, name) {
			return at, true
		}
	}
	name := ""
	switch fn := c.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		name = fn.Sel.Name
		// a method of another package's value, such as vision.TooCostly.Refuse
		if of, ok := fn.X.(*ast.SelectorExpr); ok {
			if x, ok := of.X.(*ast.Ident); ok {
				if at, ok := p.shared[x.Name+"."+name]; ok {
					return at, true
				}
			}
		}
		if x, ok := fn.X.(*ast.Ident); ok {
			if x.Name == "fmt" || x.Name == "errors" {
				return 0, false
			}
			if at, ok := p.shared[x.Name+"."+name]; ok {
				return at, true
			}
		}
	}
	at, ok := p.wrappers[name]
	return at, ok
}

func (p *pkg) note(text string, c *ast.CallExpr) {
	if _, ok := p.said.formats[text]; !ok && worded(text) {
		p.said.formats[text] = p.set.Position(c.Pos()).String()
	}
}

// value is the text that an expression stands for: literals and constants, added.
func (p *pkg) value(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.ParenExpr:
		return p.value(e.X)
	case *ast.Ident:
		of, ok := p.consts[e.Name]
		if !ok {
			return "", false
		}
		return p.value(of)
	case *ast.BinaryExpr:
		a, aok := p.value(e.X)
		b, bok := p.value(e.Y)
		return a + b, aok && bok && e.Op == token.ADD
	}
	return "", false
}

// rootAlias is the name of the root package in a file; "." in its own files, "" where it is not
// imported.
func rootAlias(f *ast.File) string {
	if f.Name.Name == "gatehouse" {
		return "."
	}
	for _, i := range f.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == module {
			if i.Name != nil {
				return i.Name.Name
			}
			return "gatehouse"
		}
	}
	return ""
}

func isRoot(e ast.Expr, alias, name string) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return alias == "." && e.Name == name
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && alias != "" && x.Name == alias && e.Sel.Name == name
	}
	return false
}

// parameter is the place of a parameter by its name, -1 where there is none.
func parameter(fn *ast.FuncType, name string) int {
	at := 0
	for _, field := range fn.Params.List {
		for _, n := range field.Names {
			if n.Name == name {
				return at
			}
			at++
		}
		if len(field.Names) == 0 {
			at++
		}
	}
	return -1
}
