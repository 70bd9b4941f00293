package knowledge

func temporalErrors() []Entry {
	return []Entry{
		{
			ID: "search-attribute-missing", Subject: Onboarding,
			Texts:  []string{"no mapping defined for search attribute"},
			Where:  "starter onboard, or the worker at its start",
			Cause:  "the Temporal namespace does not have the search attributes of the runs yet, and this connection may not create them",
			Remedy: "Have an administrator of the namespace create OnboardingState and OnboardingStep as Keyword (temporal operator search-attribute create; on Temporal Cloud: tcld namespace search-attributes add), then start again",
			Source: "Temporal documentation, \"Search Attributes\"",
		},
		{
			ID: "temporal-namespace-missing", Subject: Onboarding,
			Texts:  []string{"Namespace … is not found", "has no namespace"},
			Where:  "starter and the worker, when they connect",
			Cause:  "the Temporal server does not have the namespace that was asked for",
			Remedy: "Name another one with --namespace or TEMPORAL_NAMESPACE, or create it: temporal operator namespace create -n NAME",
			Source: "Temporal documentation, \"Namespaces\"",
		},
		{
			ID: "temporal-unreachable", Subject: Onboarding,
			Texts:  []string{"failed reaching server", "no Temporal server answers"},
			Where:  "starter and the worker, when they connect",
			Cause:  "nothing that speaks Temporal's protocol answers at the address",
			Remedy: "Check TEMPORAL_ADDRESS, TEMPORAL_TLS and TEMPORAL_API_KEY, or start a server on this machine: go run ./standalone. Runs that were started are safe",
			Source: "Temporal documentation, \"Environment configuration\"",
		},
		{
			ID: "temporal-tls", Subject: Onboarding,
			Texts:  []string{"no connection to the Temporal server at …: its certificate", "no connection to the Temporal server at …: it"},
			Where:  "starter and the worker, when they connect",
			Cause:  "a server answers, and TLS does not come about: the rest of the text says whether it is the certificate's authority, name or date, a client certificate, or TLS on one side only",
			Remedy: "Do what follows the arrow. The variables are TEMPORAL_TLS, TEMPORAL_TLS_SERVER_CA_CERT_PATH, TEMPORAL_TLS_SERVER_NAME, TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH",
			Source: "Temporal documentation, \"Environment configuration\"",
		},
		{
			ID: "standalone-key", Subject: Onboarding,
			Texts:  []string{"standalone's Temporal server takes calls with its key only"},
			Where:  "starter, the worker and Temporal's own tools, when they connect to standalone",
			Cause:  "the Temporal port of standalone is its user's, and this call did not bring the key that lies in the data directory",
			Remedy: "Run starter as the user who runs standalone: it finds the key by itself. Other clients: TEMPORAL_API_KEY=$(cat DATA-DIRECTORY/temporal-key) and TEMPORAL_TLS=false",
			Source: "docs/operations.md, \"Who may connect\"",
		},
		{
			ID: "temporal-nondeterminism", Subject: Onboarding,
			Texts:  []string{"TMPRL1100", "nondeterministic workflow"},
			Where:  "the worker's log, and the Temporal UI as a failed workflow task",
			Cause:  "the worker's version carries runs out in another order than the one that began this run",
			Remedy: "Run the version of the worker that began the run until it has ended; nothing is lost meanwhile. Then upgrade, and start a run again: it adopts what is there",
			Source: "Temporal documentation, \"Workflow Definition: deterministic constraints\"",
		},
	}
}
