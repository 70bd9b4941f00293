package survey

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"studio-onboarding/activities/people"
	"studio-onboarding/internal/oktaorg/model"
	"studio-onboarding/onboarding"
)

// The files of a rollback pack.
const (
	readmeFile = "README.md"
	usersFile  = "users.csv"
	cutOffFile = "cut-off.csv"
	// restoreFile are AWS CLI commands that make assignments again.
	accountsFile     = "account-assignments.csv"
	applicationsFile = "application-assignments.csv"
	restoreFile      = "restore-assignments.sh"
	// recordsFile is what the state after a change is compared with, a record a line.
	recordsFile = "stock.jsonl"
	// missingFile is what a comparison did not find again.
	missingFile = "missing.csv"

	// chunk bounds a piece of a file, so that a page has room for one.
	chunk = 64 << 10
)

// pack is what a rollback pack is made of.
type pack struct {
	state  State
	impact Impact
	run    string
	region string
	// metadata is Okta's for each app, by its ID.
	metadata map[string]string
}

// record is one thing that was there before a change, as it is looked for afterwards: by what it is called, as IDs may change.
type record struct {
	// Kind is one of the kinds below, Key says which thing, and Name which person or group.
	Kind string `json:"kind"`
	Key  string `json:"key,omitempty"`
	Name string `json:"name"`
}

// The kinds of records.
const (
	recordUser        = "user"
	recordAccount     = "account-assignment"
	recordApplication = "application-assignment"
	recordOkta        = "okta-assignment"
)

// records are everybody and everything that hangs on the instance. exceptApp is the app of the run, whose people may change meanwhile.
func (s State) records(exceptApp string) iter.Seq[record] {
	names := s.names()
	named := func(p Principal) string {
		if name := names[p.ID]; name != "" {
			return name
		}
		return p.ID
	}
	return func(yield func(record) bool) {
		for _, user := range s.Users {
			if user.Enabled && !yield(record{recordUser, "", user.UserName}) {
				return
			}
		}
		for _, set := range s.PermissionSets {
			for _, one := range set.Assignments {
				if !yield(record{recordAccount, one.Account + " " + set.ARN + " " + one.Type, named(one.Principal)}) {
					return
				}
			}
		}
		for _, application := range s.Applications {
			for _, one := range application.Assignments {
				if !yield(record{recordApplication, application.ARN + " " + one.Type, named(one)}) {
					return
				}
			}
		}
		for _, app := range s.Apps {
			if app.ID == exceptApp {
				continue
			}
			for _, user := range app.Users {
				if !yield(record{recordOkta, app.ID, user.UserName}) {
					return
				}
			}
		}
	}
}

// lines are the pack's, the README first.
func (p pack) lines(appID string) iter.Seq[onboarding.PackLine] {
	return func(yield func(onboarding.PackLine) bool) {
		files := []struct{ name, text string }{
			{readmeFile, p.readme()},
			{usersFile, p.users(p.state.Users)},
			{cutOffFile, p.users(p.impact.CutOff)},
			{accountsFile, p.accounts()},
			{applicationsFile, p.applications()},
			{restoreFile, p.restore()},
		}
		for _, app := range p.state.Apps {
			folder := path.Join("okta-apps", app.ID)
			files = append(files, struct{ name, text string }{path.Join(folder, "app.json"), appJSON(app)},
				struct{ name, text string }{path.Join(folder, "people.csv"), appPeople(app)})
			if xml := p.metadata[app.ID]; xml != "" {
				files = append(files, struct{ name, text string }{path.Join(folder, "idp-metadata.xml"), xml})
			}
		}
		for _, file := range files {
			for _, line := range chunks(file.name, file.text) {
				if !yield(line) {
					return
				}
			}
		}
		for one := range p.state.records(appID) {
			text, err := json.Marshal(one)
			if err != nil {
				continue // texts can be encoded
			}
			if !yield(onboarding.PackLine{File: recordsFile, Text: string(text) + "\n"}) {
				return
			}
		}
	}
}

func chunks(file, text string) []onboarding.PackLine {
	var lines []onboarding.PackLine
	for len(text) > chunk {
		// Not within a character, which would not survive JSON.
		end := chunk
		for end > 0 && text[end]&0xC0 == 0x80 {
			end--
		}
		lines = append(lines, onboarding.PackLine{File: file, Text: text[:end]})
		text = text[end:]
	}
	return append(lines, onboarding.PackLine{File: file, Text: text})
}

func table(header []string, rows [][]string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell // a spreadsheet would take it for a formula
			}
		}
		_ = w.Write(row) // to memory
	}
	w.Flush()
	return b.String()
}

func (p pack) users(users []people.User) string {
	var rows [][]string
	for _, user := range users {
		rows = append(rows, []string{user.UserName, user.ID, fmt.Sprint(user.Enabled), strings.Join(user.ExternalIDs, ";"), user.Issuer,
			strings.Join(user.Emails, ";")})
	}
	return table([]string{"userName", "userId", "enabled", "externalIds", "issuer", "emails"}, rows)
}

func (p pack) accounts() string {
	names := p.state.names()
	var rows [][]string
	for _, set := range p.state.PermissionSets {
		for _, one := range set.Assignments {
			rows = append(rows, []string{one.Account, set.Name, set.ARN, one.Type, names[one.ID], one.ID})
		}
	}
	return table([]string{"account", "permissionSet", "permissionSetArn", "principalType", "principal", "principalId"}, rows)
}

func (p pack) applications() string {
	names := p.state.names()
	var rows [][]string
	for _, application := range p.state.Applications {
		for _, one := range application.Assignments {
			rows = append(rows, []string{application.ARN, application.Name, application.Account, one.Type, names[one.ID], one.ID})
		}
	}
	return table([]string{"applicationArn", "application", "account", "principalType", "principal", "principalId"}, rows)
}

// restore are commands of the AWS CLI that make the assignments again. Users and groups are found by their names, as their IDs change
// when they are made anew.
func (p pack) restore() string {
	names := p.state.names()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("#!/usr/bin/env bash")
	line("# Makes the assignments of Identity Center again as they were. An assignment that is there already stays as it is.")
	line("# Needs AWS CLI version 2 with credentials of the account that administers Identity Center. Read README.md first.")
	line("set -u")
	line("export AWS_REGION=%s", quoted(p.region))
	line("INSTANCE=%s", quoted(p.state.InstanceARN))
	line("STORE=%s  # compare it with: aws sso-admin list-instances; some changes of the source give the instance another one",
		quoted(p.state.IdentityStoreID))
	line("failed=0")
	line(`user() { aws identitystore get-user-id --identity-store-id "$STORE" --query UserId --output text \`)
	line(`  --alternate-identifier "$(jq -nc --arg v "$1" '{UniqueAttribute:{AttributePath:"userName",AttributeValue:$v}}')"; }`)
	line(`group() { aws identitystore get-group-id --identity-store-id "$STORE" --query GroupId --output text \`)
	line(`  --alternate-identifier "$(jq -nc --arg v "$1" '{UniqueAttribute:{AttributePath:"displayName",AttributeValue:$v}}')"; }`)
	line(`account() { aws sso-admin create-account-assignment --instance-arn "$INSTANCE" --target-type AWS_ACCOUNT --target-id "$1" \`)
	line(`  --permission-set-arn "$2" --principal-type "$3" --principal-id "$4" || failed=1; }`)
	line(`application() { aws sso-admin create-application-assignment --application-arn "$1" --principal-type "$2" --principal-id "$3" \`)
	line(`  || failed=1; }`)
	principal := func(one Principal) string {
		name := names[one.ID]
		if name == "" {
			return quoted(one.ID)
		}
		return fmt.Sprintf(`"$(%s %s)"`, strings.ToLower(one.Type), quoted(name))
	}
	for _, set := range p.state.PermissionSets {
		for _, one := range set.Assignments {
			line("account %s %s %s %s", quoted(one.Account), quoted(set.ARN), quoted(one.Type), principal(one.Principal))
		}
	}
	for _, app := range p.state.Applications {
		for _, one := range app.Assignments {
			line("application %s %s %s", quoted(app.ARN), quoted(one.Type), principal(one))
		}
	}
	line(`exit "$failed"`)
	return b.String()
}

// quoted is a text as one word of a shell, whatever is in it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func appJSON(app App) string {
	text, err := json.MarshalIndent(map[string]any{
		"id": app.ID, "label": app.Label, "status": app.Status, "signOnMode": app.SignOnMode, "acsURL": app.ACSURL, "entityID": app.EntityID,
		"signingKey": app.KeyID, "userNameTemplate": app.UserNameTemplate, "features": app.Features, "groups": app.Groups,
	}, "", "  ")
	if err != nil {
		return "" // texts can be encoded
	}
	return string(text) + "\n"
}

func appPeople(app App) string {
	var rows [][]string
	users := slices.SortedFunc(slices.Values(app.Users), func(a, b model.AppUser) int { return strings.Compare(a.UserName, b.UserName) })
	for _, user := range users {
		rows = append(rows, []string{user.UserName, user.ID, user.Status, user.Scope, user.ExternalID})
	}
	return table([]string{"userName", "oktaUserId", "status", "scope", "identityCenterUserId"}, rows)
}
