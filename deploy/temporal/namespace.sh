#!/bin/sh
# Makes the namespace and the search attributes of onboarding runs, and waits until they are visible. May run at every start.
# The temporal command takes TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE from the environment.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}" "${RETENTION:?}"

# try COMMAND...: repeats a command until it succeeds, for at most two minutes.
try() {
	attempts=60
	until "$@"; do
		attempts=$((attempts - 1))
		if [ "$attempts" -le 0 ]; then
			echo "Gave up on: $*" >&2
			return 1
		fi
		sleep 2
	done
}

namespace_exists() {
	temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1
}

namespace_made() {
	namespace_exists || temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
}

attribute_exists() {
	temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" | grep -qw "$1"
}

attribute_made() {
	attribute_exists "$1" || temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$1" --type Keyword
}

# Servers learn of new search attributes within a minute; until then they refuse what names one.
attributes_usable() {
	temporal workflow count --namespace "$TEMPORAL_NAMESPACE" --query "OnboardingState = 'x' OR OnboardingStep = 'x'" >/dev/null 2>&1
}

echo "Waiting for Temporal at $TEMPORAL_ADDRESS"
try temporal operator cluster health
echo "Namespace $TEMPORAL_NAMESPACE"
try namespace_made
for attribute in OnboardingState OnboardingStep; do
	echo "Search attribute $attribute"
	try attribute_made "$attribute"
	try attribute_exists "$attribute"
done
echo "Waiting until the search attributes are in use"
try attributes_usable
echo "The namespace is ready"
