package runs

import "studio-onboarding/onboarding"

// stepOf says to which step an activity belongs, by its registered name; "" for an unknown one. The server tells of an
// activity under way by that name alone.
func stepOf(activity string) onboarding.Step {
	switch activity {
	case "RunPreflight", "MakePlan", "TakeSurvey":
		return onboarding.StepPreflight
	case "FindInstance", "AwaitInstance":
		return onboarding.StepIdentityCenter
	case "EnsureApp":
		return onboarding.StepOktaApp
	case "FetchIdPMetadata", "CheckServiceProvider", "EstablishTrust", "FindSourceChange", "SeeTrust", "TakeStock", "CheckPack",
		"CompareStock":
		return onboarding.StepSAMLExchange
	case "CheckSCIM", "ConnectProvisioning", "AwaitProvisioning", "SeeProvisioning":
		return onboarding.StepSCIM
	case "AssignGroups", "AwaitProvisioned", "PushGroups", "AwaitPushed", "AwaitMembers":
		return onboarding.StepOktaGroups
	case "CompareDirectory":
		return onboarding.StepDirectorySync
	case "EnsureRoles":
		return onboarding.StepExecutionRole
	case "ResolveNetwork":
		return onboarding.StepNetwork
	case "EnsureDomain", "AwaitDomain", "DeleteFailedDomain":
		return onboarding.StepDomain
	case "ConvergeAccess":
		return onboarding.StepAccess
	case "FindSignIns", "AwaitCanary", "CheckCanary":
		return onboarding.StepCanary
	case "VerifyAccess", "CollectSignIns", "ListAccess", "ExplainPerson":
		return onboarding.StepVerify
	}
	return ""
}
