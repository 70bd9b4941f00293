package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// exactly asks for positional arguments by name.
func exactly(names ...string) cobra.PositionalArgs { return between(len(names), names...) }

// between asks for at least the first few of the named arguments, and allows the others.
func between(least int, names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s is missing", names[len(args)])
		case len(args) > len(names):
			return fmt.Errorf("%q is one argument too many", args[len(names)])
		}
		return nil
	}
}
