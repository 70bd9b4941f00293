package okta

// Operations are all that the org knows: its API's, and the pages of its admin console.
func Operations() []string {
	operations := []string{}
	for operation := range routes() {
		operations = append(operations, "okta "+operation)
	}
	for page := range (&Org{}).consolePages() {
		operations = append(operations, "console okta "+page)
	}
	return operations
}
