package runs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Activities are known here by name only: this package must not import theirs, which brings the AWS SDK along. So the
// names are read from the source.
func TestEveryActivityBelongsToAStep(t *testing.T) {
	files, err := filepath.Glob("../../activities/*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range parsed.Decls {
			if name, ok := activityName(declaration); ok {
				found++
				require.NotEmpty(t, stepOf(name), "%s in %s: name its step in steps.go", name, filepath.Base(file))
			}
		}
	}
	require.NotZero(t, found, "no activity was found: the reading is wrong")
}

// activityName recognises func (x *Exported) Exported(context.Context, In) (Out, error).
func activityName(declaration ast.Decl) (string, bool) {
	f, ok := declaration.(*ast.FuncDecl)
	if !ok || f.Recv == nil || !f.Name.IsExported() || f.Type.Params.NumFields() != 2 || f.Type.Results.NumFields() != 2 {
		return "", false
	}
	pointer, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return "", false
	}
	receiver, ok := pointer.X.(*ast.Ident)
	if !ok || !receiver.IsExported() {
		return "", false
	}
	selector, ok := f.Type.Params.List[0].Type.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Context" {
		return "", false
	}
	last, ok := f.Type.Results.List[1].Type.(*ast.Ident)
	return f.Name.Name, ok && last.Name == "error"
}
