// Package people says who should be in Identity Center and who is: it compares the people whom Okta should bring with those who
// are there, and says for each one who is missing why, and what to do about it.
//
// The comparison is pure (types.go, compare.go, lint.go, foresee.go, judge.go). look.go reads what it compares, with the readers
// of Okta (wanted.go) and of Identity Center (store.go), and act.go waits for people to arrive.
package people
