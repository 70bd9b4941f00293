package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"studio-onboarding/internal/specfile"
	"studio-onboarding/onboarding"
)

// draft is what init knows of a spec.
type draft struct {
	name, region    string
	assignmentGroup string
	// groups and people are NAME or NAME=ROLE.
	groups, people            []string
	identityAccount           string
	identityRole              string
	studioAccount, studioRole string
	executionRole             string
	vpc                       string
	subnets, securityGroups   []string
	vpcOnly                   bool
	// What only a survey knows: the label of the Okta app, the name of the domain, and what it has to say, as comments at the end.
	appLabel, domainName string
	remarks              []string
	// writtenBy is the command; starter init where it is empty.
	writtenBy string
}

// spec writes the draft as a commented spec file.
func (d draft) spec() []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Onboards SageMaker Studio with IAM Identity Center and Okta. Written by %s; change it as you like.",
		cmp.Or(d.writtenBy, "starter init"))
	line("# Every field is explained in docs/spec.md. So that your editor completes and checks this file: starter schema --help")
	line("")
	line("# Names the run, the Studio domain and, where nothing else is said, the execution role.")
	line("name: %s", scalar(d.name))
	line("")
	line("# The Region of the Studio domain: the primary Region of Identity Center, or an additional one that is active.")
	line("region: %s", scalar(d.region))
	line("")
	line("okta:")
	if d.appLabel != "" {
		line("  # The Okta app that has this Identity Center instance's values.")
		line("  appLabel: %s", scalar(d.appLabel))
	}
	line("  # Its members are provisioned to Identity Center. Okta wants another group for this than those that are pushed (below).")
	line("  assignmentGroup: %s", scalar(d.assignmentGroup))
	line("")
	line("# The management account of the AWS organization, or the delegated administrator of Identity Center.")
	line("# Without account and assumeRole: whatever account the worker's own credentials belong to.")
	d.account(line, "identityCenter", d.identityAccount, d.identityRole, "111111111111")
	line("")
	line("# The account of the Studio domain, and the role that the worker assumes to enter it.")
	d.account(line, "studio", d.studioAccount, d.studioRole, "222222222222")
	line("")
	d.domain(line)
	line("")
	line("access:")
	d.access(line)
	if len(d.remarks) > 0 {
		line("")
		line("# What a survey cannot know, or had to choose:")
		for _, remark := range d.remarks {
			line("# - %s", strings.Join(strings.Fields(remark), " "))
		}
	}
	return []byte(b.String())
}

func (d draft) account(line func(string, ...any), side, account, role, example string) {
	if account == "" && role == "" {
		line("# %s:", side)
		line("#   account: %q", example)
		line("#   assumeRole: arn:aws:iam::%s:role/StudioOnboarding", example)
		return
	}
	line("%s:", side)
	if account != "" {
		line("  account: %s", scalar(account))
	}
	if role != "" {
		line("  assumeRole: %s", scalar(role))
	}
}

func (d draft) domain(line func(string, ...any)) {
	line("domain:")
	if d.domainName != "" {
		line("  # It exists, and is adopted: what is not said here stays as it is.")
		line("  name: %s", scalar(d.domainName))
	}
	line("  # Whoever has no other role works with this one. A name is found or created, an ARN is used as it is.")
	line("  executionRole: %s", scalar(d.executionRole))
	line("  # An EFS file system for home directories can be enabled later, but never disabled again.")
	line("  # homeFileSystem: enabled")
	line("  # Apps that nobody uses are shut down after this time; a created domain has 2h.")
	line("  # idleShutdown: 2h")
	if d.vpc == "" {
		line("  # Without network: the default VPC of the Region with its subnets.")
		line("  # network:")
		line("  #   vpc: vpc-0abc1234def567890")
		line("  #   subnets: [subnet-0abc1234def567890]")
	} else {
		line("  network:")
		line("    vpc: %s", scalar(d.vpc))
		list(line, "subnets", d.subnets)
		list(line, "securityGroups", d.securityGroups)
		line("    # public: apps reach the internet directly. vpc-only: through the VPC alone, which needs NAT or VPC endpoints.")
		if d.vpcOnly {
			line("    access: %s", onboarding.NetworkVPCOnly)
		} else {
			line("    # access: %s", onboarding.NetworkPublic)
		}
	}
	line("  # tags:")
	line("  #   cost-center: \"4711\"")
}

func list(line func(string, ...any), name string, items []string) {
	if len(items) == 0 {
		return
	}
	line("    %s:", name)
	for _, item := range items {
		line("      - %s", scalar(item))
	}
}

func (d draft) access(line func(string, ...any)) {
	entries := func(title, field string, entries []string) {
		if len(entries) == 0 {
			line("  # %s:", title)
			return
		}
		line("  %s:", title)
		for _, entry := range entries {
			name, role, _ := strings.Cut(entry, "=")
			line("    - %s: %s", field, scalar(strings.TrimSpace(name)))
			if role = strings.TrimSpace(role); role != "" {
				line("      executionRole: %s", scalar(role))
			}
		}
	}
	line("  # These Okta groups are pushed to Identity Center and have access to Studio. Where somebody is in several groups that ask for")
	line("  # different roles, the first listed one counts.")
	entries("groups", "name", d.groups)
	line("  # Single people who have access without being in one of the groups, by their Okta login.")
	entries("people", "login", d.people)
	if len(d.people) == 0 {
		line("  #   - login: ada@example.com")
	}
	line("  # eager: a user profile for everybody before they first sign in. first-sign-in: Studio makes it then.")
	line("  profiles: eager")
	line("  # Whoever leaves the groups: report (nothing happens), revoke (loses access) or delete-profile (loses the profile, too).")
	line("  onRemoval: revoke")
}

// scalar writes a text as a YAML value, in quotes where it needs them.
func scalar(text string) string {
	data, err := yaml.Marshal(text)
	if err != nil {
		return fmt.Sprintf("%q", text)
	}
	return strings.TrimRight(string(data), "\n")
}

// filled has something valid wherever nothing is known yet, so that one answer can be checked on its own.
func (d draft) filled() draft {
	for _, field := range []struct {
		value    *string
		fallback string
	}{{&d.name, "x"}, {&d.region, "us-east-1"}, {&d.assignmentGroup, "the group that is assigned"}} {
		if *field.value == "" {
			*field.value = field.fallback
		}
	}
	if d.executionRole == "" {
		d.executionRole = roleFor(d.name)
	}
	if len(d.groups)+len(d.people) == 0 {
		d.groups = []string{"a group that is pushed"}
	}
	return d
}

// roleFor is the execution role that a spec without one has.
func roleFor(name string) string { return "SageMakerStudio-" + name }

// wrong are the findings about a field and what lies below it.
func (d draft) wrong(field string) ([]specfile.Finding, error) {
	_, err := specfile.Decode("", d.spec())
	findings, err := findingsOf(err)
	return slices.DeleteFunc(findings, func(f specfile.Finding) bool {
		return f.Field != field && !strings.HasPrefix(f.Field, field+".") && !strings.HasPrefix(f.Field, field+"[")
	}), err
}
