package specfile

import (
	"encoding/json"
	"fmt"
	"reflect"

	"studio-onboarding/onboarding"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaName is the name under which the schema is compiled; it shows up nowhere.
const schemaName = "spec.schema.json"

// patternMessage is the keyword that editors show instead of a regular expression, and that Decode's findings quote.
const patternMessage = "patternErrorMessage"

// maxTags leaves room for the tags that a run adds: AWS allows 50 on a resource.
const maxTags = 45

// Schema returns the JSON Schema (2020-12) of a spec file, indented, as kept in docs/spec.schema.json. It is generated
// from the types at each call; nothing is prepared when the program starts.
func Schema() ([]byte, error) {
	data, err := json.MarshalIndent(specSchema(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of the spec: %w", err)
	}
	return append(data, '\n'), nil
}

// specSchema reflects the types into one tree without references, which is easy to walk and to read.
func specSchema() *jsonschema.Schema {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true, Mapper: schemaOfType}
	schema := reflector.Reflect(onboarding.Spec{})
	schema.Title = "Onboarding of SageMaker Studio"
	schema.Description = "What to onboard: an Okta org, an Identity Center instance, a Studio domain, and who has access."
	moveMessagesToItems(schema)
	return schema
}

// schemaOfType describes the types whose JSON form the reflector cannot know.
func schemaOfType(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[onboarding.Duration]():
		return &jsonschema.Schema{
			Type:    "string",
			Pattern: `^([0-9]{1,4}d|([0-9]{1,6}[hms])+)$`,
			Extras:  map[string]any{patternMessage: "a duration such as 30m, 4h or 14d"},
		}
	case reflect.TypeFor[map[string]string]():
		// AWS: "Tagging your AWS resources"; keys that begin with aws: are AWS's own, and ours are written by the run.
		keyMin, keyMax, valueMax, count := uint64(1), uint64(128), uint64(256), uint64(maxTags)
		return &jsonschema.Schema{
			Type:          "object",
			MaxProperties: &count,
			PropertyNames: &jsonschema.Schema{
				MinLength: &keyMin, MaxLength: &keyMax, Pattern: `^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`,
				Not: &jsonschema.Schema{Pattern: `^([aA][wW][sS]|studio-onboarding):`},
				Extras: map[string]any{patternMessage: "a key of 1 to 128 letters, digits, spaces and _ . : / = + - @, which does not begin " +
					"with aws: or studio-onboarding:"},
			},
			AdditionalProperties: &jsonschema.Schema{
				Type: "string", MaxLength: &valueMax, Pattern: `^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`,
				Extras: map[string]any{patternMessage: "at most 256 letters, digits, spaces and _ . : / = + - @"},
			},
		}
	}
	return nil
}

// moveMessagesToItems puts the message of a list's tag where the pattern is: with the items.
func moveMessagesToItems(schema *jsonschema.Schema) {
	if schema.Items != nil {
		if message, ok := schema.Extras[patternMessage]; ok {
			delete(schema.Extras, patternMessage)
			schema.Items.Extras = map[string]any{patternMessage: message}
		}
		moveMessagesToItems(schema.Items)
	}
	if schema.Properties == nil {
		return
	}
	for property := schema.Properties.Oldest(); property != nil; property = property.Next() {
		moveMessagesToItems(property.Value)
	}
}

// compileSchema makes a validator of the very document that editors use.
func compileSchema(schema *jsonschema.Schema) (*validator.Schema, error) {
	data, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource(schemaName, document); err != nil {
		return nil, err
	}
	return compiler.Compile(schemaName)
}
