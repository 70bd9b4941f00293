// Package oktaorg is the client of the Okta org: okta-sdk-golang v2 behind a guarded transport, with the calls that
// onboarding makes and one classifier for its errors.
package oktaorg
