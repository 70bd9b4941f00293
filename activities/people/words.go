package people

import (
	"fmt"
	"strings"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

// Exceptions counts people with a problem and lists the first onboarding.MaxListed of them.
type Exceptions struct {
	Listed []onboarding.PersonException
	Total  int
}

// Add counts one more.
func (l *Exceptions) Add(person string, problem Problem) {
	l.Total++
	if len(l.Listed) < onboarding.MaxListed {
		l.Listed = append(l.Listed, Exception(person, problem))
	}
}

// Exception is a person with their problem, as reports tell it.
func Exception(person string, problem Problem) onboarding.PersonException {
	return onboarding.PersonException{
		Person: person, Code: problem.Code, Reason: fault.Trim(problem.Reason, maxText), Remedy: fault.Trim(problem.Remedy, maxText),
	}
}

const (
	// maxText bounds a reason or a remedy of one person in a report, in bytes.
	maxText = 300
)

// Quoted lists at most five names of groups.
func Quoted(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i == onboarding.MaxExamples {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", fault.Trim(name, 60))
	}
	return b.String()
}

// persons counts persons, with the verb that fits.
func persons(n int, one, many string) string {
	noun, verb := "people", many
	if n == 1 {
		noun, verb = "person", one
	}
	return fmt.Sprintf("%d %s %s", n, noun, verb)
}
