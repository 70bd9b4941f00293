package awsworld

import (
	"maps"
	"slices"
)

func (c *call) updateInstance(in instanceInput) (any, error) {
	i, err := c.ownInstance(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	i.name, c.effect = in.Name, changed
	return nil, nil
}

// ownInstance finds an instance that the caller's account owns: nobody else may change it.
func (c *call) ownInstance(arn string) (*instance, error) {
	i, err := c.instanceHere(arn)
	if err == nil && i.owner != c.account {
		return nil, c.denied(c.action, arn)
	}
	return i, err
}

// deleteInstance takes the identity store and the applications with it, and says nothing about an instance that isn't there,
// as its reference has no ResourceNotFoundException.
func (c *call) deleteInstance(in instanceInput) (any, error) {
	i, err := c.ownInstance(in.InstanceArn)
	if i == nil {
		if refused, ok := err.(*apiError); ok && refused.code == "ResourceNotFoundException" {
			return nil, nil
		}
		return nil, err
	}
	maps.DeleteFunc(c.world.applications, func(_ string, a *application) bool { return a.instance == i })
	c.world.instances = without(c.world.instances, i)
	c.effect = deleted
	return nil, nil
}

type providerOutput struct {
	ApplicationProviderArn, FederationProtocol string
	DisplayData                                struct{ DisplayName, Description string }
}

func (w *World) providers() []providerOutput {
	make := func(id, protocol, name, description string) providerOutput {
		p := providerOutput{ApplicationProviderArn: providerARN(partitionOf(w.region), id), FederationProtocol: protocol}
		p.DisplayData.DisplayName, p.DisplayData.Description = name, description
		return p
	}
	return []providerOutput{
		make(customProvider, "OAUTH", "Custom application", "Customer managed OAuth 2.0 application"),
		make(samlProvider, "SAML", "Custom SAML 2.0 application", "Customer managed SAML 2.0 application"),
		make(applicationProvider, "OAUTH", "Amazon SageMaker Studio", "Integrated development environment for machine learning"),
	}
}

type providerInput struct {
	ApplicationProviderArn, NextToken string
	MaxResults                        int
}

type numberedProvider struct {
	ordinal
	providerOutput
}

func (c *call) listProviders(in providerInput) (any, error) {
	var all []numberedProvider
	for i, p := range c.world.providers() {
		all = append(all, numberedProvider{ordinal(i + 1), p})
	}
	cut, next, err := page(c, all, in.MaxResults, 100, in.NextToken)
	out := struct {
		ApplicationProviders []providerOutput
		NextToken            string `json:",omitempty"`
	}{ApplicationProviders: []providerOutput{}, NextToken: next}
	for _, p := range cut {
		out.ApplicationProviders = append(out.ApplicationProviders, p.providerOutput)
	}
	return out, err
}

func (c *call) describeProvider(in providerInput) (any, error) {
	for _, p := range c.world.providers() {
		if p.ApplicationProviderArn == in.ApplicationProviderArn {
			return p, nil
		}
	}
	return nil, failure("ResourceNotFoundException", "The application provider %s was not found.", in.ApplicationProviderArn)
}

type customInput struct {
	ApplicationArn, InstanceArn, ApplicationProviderArn, ResourceArn, Status, ClientToken, NextToken string
	Name, Description                                                                                *string
	PortalOptions                                                                                    *portalOptions
	AssignmentRequired                                                                               bool
	Tags                                                                                             []tag
	TagKeys                                                                                          []string
}

// portal takes the options over that are given.
func (a *application) portal(options *portalOptions) error {
	if options == nil {
		return nil
	}
	if options.Visibility != "" {
		a.visibility = options.Visibility
	}
	if s := options.SignInOptions; s != nil {
		if (s.Origin == "APPLICATION") != (s.ApplicationUrl != "") {
			return invalid("ApplicationUrl must be given if, and only if, the Origin is APPLICATION.")
		}
		a.origin, a.url = s.Origin, s.ApplicationUrl
	}
	return nil
}

func (w *World) applicationNamed(i *instance, account, name string) *application {
	for _, a := range w.applications {
		if a.instance == i && a.account == account && a.name == name {
			return a
		}
	}
	return nil
}

// newCustomApplication is an application that a customer makes; it isn't there before it is among those of the world.
func (w *World) newCustomApplication(i *instance, account, region, name string) *application {
	return &application{
		ordinal: ordinal(w.next()), name: name, account: account, region: region, instance: i, created: w.clock.Now(), provider: customProvider,
		arn:    w.arn("sso", "", account, "application/"+i.id+"/apl-"+w.digest(16, "application", account, name)),
		status: enabled, visibility: enabled,
	}
}

// createApplication makes customer managed OAuth 2.0 applications only, as its reference says.
func (c *call) createApplication(in customInput) (any, error) {
	i, err := c.instanceHere(in.InstanceArn)
	switch {
	case err != nil:
		return nil, err
	case !slices.ContainsFunc(c.world.providers(), func(p providerOutput) bool { return p.ApplicationProviderArn == in.ApplicationProviderArn }):
		return nil, failure("ResourceNotFoundException", "The application provider %s was not found.", in.ApplicationProviderArn)
	case in.ApplicationProviderArn != providerARN(partitionOf(i.region), customProvider):
		return nil, invalid("Applications of the provider %s can't be created through the API.", in.ApplicationProviderArn)
	}
	w := c.world
	type answer struct{ ApplicationArn, InstanceArn, IdentityStoreArn string }
	for _, a := range w.applications {
		if a.client != "" && a.client == in.ClientToken {
			return answer{a.arn, i.arn, i.storeARN()}, nil
		}
	}
	if w.applicationNamed(i, c.account, *in.Name) != nil {
		return nil, failure("ConflictException", "An application with the name %s already exists.", *in.Name)
	}
	a := w.newCustomApplication(i, c.account, c.region, *in.Name)
	a.client, a.tags = in.ClientToken, in.Tags
	if in.Status != "" {
		a.status = in.Status
	}
	if in.Description != nil {
		a.description = *in.Description
	}
	if err := a.portal(in.PortalOptions); err != nil {
		return nil, err
	}
	w.applications[a.arn] = a
	c.effect = created
	return answer{a.arn, i.arn, i.storeARN()}, nil
}

// ownApplication finds an application that a customer made. Those of Studio come and go with their domain.
func (c *call) ownApplication(arn string) (*application, error) {
	a, err := c.applicationHere(arn)
	if err == nil && a.provider != customProvider {
		return nil, invalid("The application %s belongs to an AWS service and can't be changed here.", arn)
	}
	return a, err
}

func (c *call) updateApplication(in customInput) (any, error) {
	a, err := c.ownApplication(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	if err := a.portal(in.PortalOptions); err != nil {
		return nil, err
	}
	if in.Name != nil {
		a.name = *in.Name
	}
	if in.Description != nil {
		a.description = *in.Description
	}
	if in.Status != "" {
		a.status = in.Status
	}
	c.effect = changed
	return nil, nil
}

func (c *call) deleteApplication(in customInput) (any, error) {
	a, err := c.ownApplication(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	delete(c.world.applications, a.arn)
	c.effect = deleted
	return nil, nil
}

func (c *call) getAssignmentConfiguration(in customInput) (any, error) {
	a, err := c.applicationHere(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	return struct{ AssignmentRequired bool }{!a.open}, nil
}

func (c *call) putAssignmentConfiguration(in customInput) (any, error) {
	a, err := c.applicationHere(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	a.open, c.effect = !in.AssignmentRequired, changed
	return nil, nil
}

// ssoTags are the tags of an instance or an application.
func (c *call) ssoTags(in customInput) (*[]tag, error) {
	if i, err := c.instanceHere(in.ResourceArn); err == nil {
		return &i.tags, nil
	}
	a, err := c.applicationHere(in.ResourceArn)
	if err != nil {
		return nil, failure("ResourceNotFoundException", "The resource %s was not found.", in.ResourceArn)
	}
	return &a.tags, nil
}

func (c *call) listSSOTags(in customInput) (any, error) {
	tags, err := c.ssoTags(in)
	if err != nil {
		return nil, err
	}
	var all []numberedTag
	for i, t := range *tags {
		all = append(all, numberedTag{ordinal(i + 1), t})
	}
	cut, next, err := page(c, all, 0, 50, in.NextToken)
	out := struct {
		Tags      []tag
		NextToken string `json:",omitempty"`
	}{Tags: []tag{}, NextToken: next}
	for _, t := range cut {
		out.Tags = append(out.Tags, t.tag)
	}
	return out, err
}

func (c *call) tagSSO(in customInput) (any, error) {
	tags, err := c.ssoTags(in)
	if err != nil {
		return nil, err
	}
	*tags, c.effect = withTags(*tags, in.Tags), changed
	return nil, nil
}

func (c *call) untagSSO(in customInput) (any, error) {
	tags, err := c.ssoTags(in)
	if err != nil {
		return nil, err
	}
	*tags, c.effect = untagged(*tags, in.TagKeys), changed
	return nil, nil
}
