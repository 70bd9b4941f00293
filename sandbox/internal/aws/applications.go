package awsworld

import (
	"fmt"
	"time"
)

// The providers of applications: Studio's, and those of applications that customers make.
const (
	applicationProvider = "sagemaker-studio"
	customProvider      = "custom"
	samlProvider        = "custom-saml"
)

// The statuses of applications: people get into those that are enabled.
const (
	enabled  = "ENABLED"
	disabled = "DISABLED"
)

// application is an Identity Center application: of a Studio domain, or one that a customer made.
type application struct {
	ordinal
	arn, name, account, region, url                           string
	provider, description, status, visibility, origin, client string
	// open applications let everybody in, without assignments.
	open        bool
	tags        []tag
	instance    *instance
	created     time.Time
	assignments assignments
}

// addApplication makes the application of a domain, as SageMaker's service-linked role does.
func (w *World) addApplication(i *instance, d *domain) *application {
	a := &application{
		ordinal: ordinal(w.next()), name: fmt.Sprintf("Amazon SageMaker Studio (%s)", d.id), account: d.account, region: d.region, url: d.url,
		arn:      w.arn("sso", "", d.account, "application/"+i.id+"/apl-"+w.digest(16, "application", d.account, d.id)),
		instance: i, created: w.clock.Now(), provider: applicationProvider, status: enabled, visibility: enabled, origin: "APPLICATION",
	}
	w.applications[a.arn] = a
	return a
}

// applicationHere finds an application by ARN in the Region of the call.
func (c *call) applicationHere(arn string) (*application, error) {
	c.world.allDomains() // an application comes and goes with its domain
	a := c.world.applications[arn]
	if a == nil || !a.instance.in(c.region) {
		return nil, failure("ResourceNotFoundException", "The application %s was not found.", arn)
	}
	if c.account != a.account && !c.administers(a.instance) {
		return nil, c.denied(c.action, arn)
	}
	return a, nil
}

func (a *application) providerARN() string {
	return providerARN(partitionOf(a.instance.region), a.provider)
}

func providerARN(p partition, name string) string {
	return p.arn("sso", "", "aws", "applicationProvider/"+name)
}

type applicationOutput struct {
	ApplicationArn, ApplicationProviderArn, Name, ApplicationAccount, InstanceArn, IdentityStoreArn, Status, CreatedFrom string
	Description                                                                                                          string `json:",omitempty"`
	CreatedDate                                                                                                          stamp
	PortalOptions                                                                                                        portalOptions
}

type portalOptions struct {
	Visibility    string         `json:",omitempty"`
	SignInOptions *signInOptions `json:",omitempty"`
}

type signInOptions struct {
	Origin         string
	ApplicationUrl string `json:",omitempty"`
}

func (a *application) output() applicationOutput {
	out := applicationOutput{
		ApplicationArn: a.arn, ApplicationProviderArn: a.providerARN(), Name: a.name, ApplicationAccount: a.account,
		InstanceArn: a.instance.arn, IdentityStoreArn: a.instance.storeARN(), Status: a.status, Description: a.description, CreatedFrom: a.region, CreatedDate: stamp{a.created},
	}
	out.PortalOptions.Visibility = a.visibility
	if a.origin != "" {
		out.PortalOptions.SignInOptions = &signInOptions{a.origin, a.url}
	}
	return out
}

type applicationInput struct {
	ApplicationArn, InstanceArn, PrincipalId, PrincipalType, NextToken string
	MaxResults                                                         int
	Filter                                                             struct{ ApplicationAccount, ApplicationProvider, ApplicationArn string }
}

func (c *call) describeApplication(in applicationInput) (any, error) {
	a, err := c.applicationHere(in.ApplicationArn)
	if err != nil {
		return nil, err
	}
	return a.output(), nil
}

// sortedApplications are those of an instance in the order in which they were made.
func (w *World) sortedApplications(i *instance) []*application {
	w.allDomains() // an application comes and goes with its domain
	var found []*application
	for _, a := range w.applications {
		if a.instance == i {
			found = append(found, a)
		}
	}
	sortByNumber(found)
	return found
}

func (c *call) listApplications(in applicationInput) (any, error) {
	i, err := c.instanceHere(in.InstanceArn)
	if err != nil {
		return nil, err
	}
	var matching []*application
	for _, a := range c.world.sortedApplications(i) {
		if (in.Filter.ApplicationAccount == "" || in.Filter.ApplicationAccount == a.account) &&
			(in.Filter.ApplicationProvider == "" || in.Filter.ApplicationProvider == a.providerARN()) &&
			(c.administers(i) || c.account == a.account) {
			matching = append(matching, a)
		}
	}
	cut, next, err := page(c, matching, in.MaxResults, 100, in.NextToken)
	out := struct {
		Applications []applicationOutput
		NextToken    string `json:",omitempty"`
	}{Applications: []applicationOutput{}, NextToken: next}
	for _, a := range cut {
		out.Applications = append(out.Applications, a.output())
	}
	return out, err
}
