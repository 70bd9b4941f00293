package main

import (
	"context"

	"studio-onboarding/internal/specfile"

	"github.com/spf13/cobra"
)

func newSchema(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the spec, for editors",
		Long: `Print the JSON Schema of the spec. Editors with a YAML language server complete and check a spec that begins with

  # yaml-language-server: $schema=spec.schema.json`,
		Example: `  starter schema > spec.schema.json`,
		Args:    exactly(),
	}
	return a.runs(command, func(context.Context, []string) error {
		schema, err := specfile.Schema()
		if err != nil {
			return err
		}
		_, err = a.io.Out.Write(schema)
		return err
	})
}
