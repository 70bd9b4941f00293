package awsworld

// Operations are all that this side knows: those of the services, of SCIM, and the console's pages.
func Operations() []string {
	w := &World{}
	operations := []string{}
	for service, routes := range w.services() {
		for operation := range routes {
			operations = append(operations, service+" "+operation)
		}
	}
	for _, operation := range s3Operations() {
		operations = append(operations, s3Service+" "+operation)
	}
	for page := range w.consolePages() {
		operations = append(operations, "console aws "+page)
	}
	for _, operation := range []string{
		"GET /Users", "POST /Users", "GET /Users/{id}", "PUT /Users/{id}", "PATCH /Users/{id}", "DELETE /Users/{id}",
		"GET /Groups", "POST /Groups", "GET /Groups/{id}", "PATCH /Groups/{id}", "DELETE /Groups/{id}",
		"GET /ServiceProviderConfig", "GET /Schemas", "GET /Schemas/{id}", "GET /ResourceTypes", "GET /ResourceTypes/{id}",
	} {
		operations = append(operations, "scim "+operation)
	}
	return operations
}
