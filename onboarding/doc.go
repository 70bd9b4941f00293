// Package onboarding is the vocabulary that every room of the project shares: the spec a user writes, the steps of a
// run, its progress, what it asks an operator for, its report, and the names under which workflows, updates and queries
// are registered. It knows nothing of AWS, Okta or Temporal clients, so that the command line can import it and stay small.
package onboarding
