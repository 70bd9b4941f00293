// Package examples holds spec files that run as they are.
package examples

import _ "embed"

// DataScience is data-science.yaml, which fits the simulated world of the demo.
//
//go:embed data-science.yaml
var DataScience []byte
