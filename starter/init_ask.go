package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// errNoAnswer ends an interview whose input ended.
var errNoAnswer = errors.New("the answers ended early; nothing was written → starter init --help shows the flags")

// interview asks for what flags did not say. Questions go to standard error, as the spec may go to standard output.
type interview struct {
	app   *app
	draft *draft
	lines chan string
}

func newInterview(a *app, d *draft) *interview { return &interview{app: a, draft: d} }

// question is one question about a field of the spec.
type question struct {
	field, text string
	// preset is what an empty answer means; "" where it means nothing. Required questions without one are asked again.
	preset   string
	required bool
	given    bool
	// take puts the answer into the draft.
	take func(answer string)
}

func (i *interview) ask(ctx context.Context) error {
	// Reading does not end when the context does, so it has a goroutine of its own, which ends with the input or the program.
	i.lines = make(chan string)
	go func() {
		defer close(i.lines)
		in := bufio.NewScanner(i.app.io.In)
		for in.Scan() {
			select {
			case i.lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	d := i.draft
	region, _ := i.app.io.Env.LookupEnv("AWS_REGION")
	asked := []func() question{
		func() question {
			return question{field: "name", text: "Name of the run and of the Studio domain", required: true, given: d.name != "", take: set(&d.name)}
		},
		func() question {
			return question{field: "region", text: "Primary Region of Identity Center", preset: region, required: true, given: d.region != "",
				take: set(&d.region)}
		},
		func() question {
			return question{field: "okta.assignmentGroup", text: "Okta group whose members are assigned to the app", preset: "aws-identity-center",
				given: d.assignmentGroup != "", take: set(&d.assignmentGroup)}
		},
		func() question {
			return question{field: "access", text: "Okta groups with access to Studio, with commas between; NAME=ROLE for an execution " +
				"role of their own",
				preset: "sagemaker-studio-users", given: len(d.groups)+len(d.people) > 0, take: setList(&d.groups)}
		},
		func() question {
			return question{field: "studio.account", text: "Account ID of the Studio domain (empty: that of the worker's credentials)",
				given: d.studioAccount != "" || d.studioRole != "", take: set(&d.studioAccount)}
		},
		func() question {
			return question{field: "studio.assumeRole", text: "Role in it that the worker assumes, name or ARN (- for none)",
				preset: "StudioOnboarding", given: d.studioAccount == "" || d.studioRole != "", take: func(answer string) {
					d.studioRole = strings.TrimPrefix(answer, "-")
					d.complete()
				}}
		},
		func() question {
			return question{field: "domain.network", text: "VPC of the domain (empty: the default VPC)",
				given: d.vpc != "" || len(d.subnets) > 0, take: func(answer string) {
					d.vpc, d.subnets = answer, nil
					if answer != "" {
						d.subnets = []string{"subnet-0"} // asked for next
					}
				}}
		},
		func() question {
			return question{field: "domain.network.subnets", text: "Its subnets, with commas between", required: true,
				given: d.vpc == "" || len(d.subnets) > 0 && d.subnets[0] != "subnet-0", take: setList(&d.subnets)}
		},
		func() question {
			return question{field: "domain.network.securityGroups", text: "Security groups of the apps, with commas between (empty: none)",
				required: d.vpcOnly, given: d.vpc == "" || len(d.securityGroups) > 0, take: setList(&d.securityGroups)}
		},
		func() question {
			return question{field: "domain.network.access", text: "May apps reach the internet directly? yes or no", preset: "yes",
				given: d.vpc == "" || d.vpcOnly || len(d.securityGroups) == 0,
				take:  func(answer string) { d.vpcOnly = strings.HasPrefix(strings.ToLower(answer), "n") }}
		},
		func() question {
			return question{field: "domain.executionRole", text: "Default execution role, name (found or created) or ARN", preset: roleFor(d.name),
				given: d.executionRole != "", take: set(&d.executionRole)}
		},
	}
	for _, next := range asked {
		if q := next(); !q.given {
			if err := i.put(ctx, q); err != nil {
				return err
			}
		}
	}
	return nil
}

func set(field *string) func(string) { return func(answer string) { *field = answer } }

func setList(field *[]string) func(string) {
	return func(answer string) {
		*field = nil
		for item := range strings.SplitSeq(answer, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*field = append(*field, item)
			}
		}
	}
}

// put asks until the answer is one that a spec accepts.
func (i *interview) put(ctx context.Context, q question) error {
	for {
		prompt := q.text
		if q.preset != "" {
			prompt += " [" + q.preset + "]"
		}
		fmt.Fprint(i.app.io.Err, prompt+": ")
		var answer string
		select {
		case line, ok := <-i.lines:
			if !ok {
				fmt.Fprintln(i.app.io.Err)
				return errNoAnswer
			}
			answer = strings.TrimSpace(line)
		case <-ctx.Done():
			fmt.Fprintln(i.app.io.Err)
			return ctx.Err()
		}
		if answer == "" {
			answer = q.preset
		}
		if answer == "" && q.required {
			continue
		}
		before := *i.draft
		q.take(answer)
		findings, err := i.draft.filled().wrong(q.field)
		if err != nil {
			return err
		}
		if len(findings) == 0 {
			return nil
		}
		*i.draft = before
		for _, finding := range findings {
			finding.Field = ""
			fmt.Fprintln(i.app.io.Err, "  "+finding.String())
		}
	}
}
