package activities

import (
	"context"
	"slices"

	"studio-onboarding/activities/credentials"
	"studio-onboarding/activities/identitycenter"
	"studio-onboarding/activities/oktaapp"
	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/activities/survey"
	"studio-onboarding/onboarding"
)

// lookAtStock takes stock of what hangs on the instance, before a run asks anything.
func (a *assessment) lookAtStock(ctx context.Context) error {
	if a.whose.Okta.Trouble != nil || a.whose.Identity.Trouble != nil {
		return nil // said of the credentials
	}
	where := survey.Where{IdentityCenter: a.spec.IdentityCenter, Region: a.primaryRegion(), Users: a.people.Users}
	if a.instance != nil {
		where.InstanceARN, where.IdentityStoreID = a.instance.ARN, a.instance.IdentityStoreID
	}
	stock, err := survey.Look(ctx, survey.Sources{AWS: a.AWS, Okta: a.Okta}, where)
	if err != nil {
		return err
	}
	a.add(survey.Judge(stock))
	if a.exchanges {
		if consent := survey.JudgeConsent(a.spec.Okta.AppLabel, stock, a.appID()); consent != nil {
			a.add([]onboarding.Verdict{*consent})
		}
	}
	return nil
}

// TakeSurvey takes stock of an organization for a person, without a whole spec and without a run, and changes nothing. The error is a
// fault worth a retry; what may not be looked at is a verdict.
func (x *Assessor) TakeSurvey(ctx context.Context, in onboarding.SurveyInput) (onboarding.Survey, error) {
	spec := in.Spec
	result := onboarding.Survey{Region: spec.Region, OktaURL: x.Okta.URL(), Unknown: survey.NoAPITells()}
	whose, err := credentials.Look(ctx, x.AWS, x.Okta, spec)
	if err != nil {
		return onboarding.Survey{}, err
	}
	add := func(verdicts ...onboarding.Verdict) { result.Verdicts = append(result.Verdicts, verdicts...) }
	whose.Identity.Denied, whose.Studio.Denied = nil, nil // what only a run needs
	add(credentials.Judge(spec, whose)...)
	result.IdentityAccount, result.StudioAccount = whose.IdentityAccount(spec), whose.StudioAccount(spec)
	where := survey.Where{IdentityCenter: spec.IdentityCenter, Region: spec.Region}
	if whose.Identity.Trouble == nil {
		center, err := identitycenter.Look(ctx, x.AWS, spec, whose.Identity.Account)
		if err != nil {
			return onboarding.Survey{}, err
		}
		add(identitycenter.Judge(spec, center)...)
		result.ManagementAccount = center.ManagementAccount
		if instance := center.Usable(spec.Region); instance != nil {
			where.InstanceARN, where.IdentityStoreID, where.Region = instance.ARN, instance.IdentityStoreID, instance.PrimaryRegion
			result.Instance = &onboarding.SurveyedInstance{ARN: instance.ARN, IdentityStoreID: instance.IdentityStoreID,
				OwnerAccount: instance.OwnerAccount, PrimaryRegion: instance.PrimaryRegion}
			if center.Key != nil && center.Key.CustomerManaged {
				result.Instance.CustomerKey = center.Key.ARN
			}
		}
	}
	if whose.Okta.Trouble == nil && spec.Okta.AppLabel != "" {
		app, err := oktaapp.Look(ctx, x.Okta, spec, where.IdentityStoreID)
		if err != nil {
			return onboarding.Survey{}, err
		}
		add(oktaapp.Judge(spec, app)...)
	}
	stock, err := survey.Look(ctx, survey.Sources{AWS: x.AWS, Okta: x.Okta}, where)
	if err != nil {
		return onboarding.Survey{}, err
	}
	if result.Instance != nil {
		result.Instance.Regions = stock.Regions
	}
	result.Stock = stock.Stock()
	add(survey.Judge(stock)...)
	if whose.Studio.Trouble == nil {
		if err := x.surveyDomains(ctx, spec, stock, &result); err != nil {
			return onboarding.Survey{}, err
		}
	}
	result.Verdicts = slices.DeleteFunc(result.Verdicts, func(v onboarding.Verdict) bool {
		return v.Field != "" && v.Kind == onboarding.VerdictKeep
	})
	return result, nil
}

func (x *Assessor) surveyDomains(ctx context.Context, spec onboarding.Spec, stock survey.State, result *onboarding.Survey) error {
	cfg, err := x.AWS.Config(ctx, spec.Studio, spec.Region)
	if err != nil {
		_, err = provider.Trouble(err) // said of the credentials
		return err
	}
	studio := survey.Studio{Config: cfg}
	if stock.IdentityStoreID != "" {
		studio.Directory = func(ctx context.Context) (people.IdentityStore, error) {
			return people.OpenIdentityStore(ctx, x.AWS, spec.IdentityCenter, result.Instance.PrimaryRegion, stock.IdentityStoreID)
		}
	}
	domains, verdicts, err := survey.Domains(ctx, studio, stock)
	result.Domains = domains
	result.Verdicts = append(result.Verdicts, verdicts...)
	return err
}
