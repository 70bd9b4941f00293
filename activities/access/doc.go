// Package access makes assignments and user profiles of a Studio domain follow the directory, proves person by person that they
// do, and says of one person which link between Okta and Studio is broken.
//
// What should be and what has to change is pure: desired.go, diff.go, view.go and follow.go compute it, judge.go tells a plan of
// it, and chain.go is the only place that decides about one person. lists.go, memory.go and look.go read what is there;
// converge.go, create.go and remove.go change it, and verify.go, list.go and explain.go read it back.
package access
