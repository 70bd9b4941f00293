package awsworld

import "studio-onboarding/sandbox/internal/simulation"

// collectiveRate is how many calls per second an account has for all APIs of Identity Center together, for all of the Identity
// Store, and for all of SCIM ("IAM Identity Center quotas" in the user guide: 20 transactions per second each).
const collectiveRate = 20

// lookupRate is how often an account may call LookupEvents ("Quotas in AWS CloudTrail": 2 times a second, in each Region).
const lookupRate = 2

// DefaultSageMakerRate is how many calls per second SageMaker's control plane takes from an account here. AWS does not publish
// its number.
const DefaultSageMakerRate = 10

// Limits are the rates at which the services throttle.
type Limits struct {
	// Off lets everything through.
	Off bool
	// SageMaker is the rate of SageMaker's control plane, in calls per second and account; 0 is DefaultSageMakerRate.
	SageMaker float64
}

// limiter is what calls have left.
type limiter struct {
	Limits
	buckets simulation.Limits
}

// admits says whether an account may call a service once more. Services without a published or configured rate always may.
func (w *World) admits(account, service string) bool {
	rate := 0.0
	switch service {
	case "sso", "identitystore", "scim":
		rate = collectiveRate
	case "cloudtrail":
		rate = lookupRate
	case "sagemaker":
		rate = w.limits.SageMaker
	}
	return w.limits.Off || !w.begun || rate == 0 || w.limits.buckets.Take(account+"/"+service, w.clock.Rate(rate), w.clock.Now())
}
