package specfile_test

// brokenSpec is a spec with mistakes; testdata/broken-specs.txt has what is said about them.
type brokenSpec struct{ name, spec string }

func brokenSpecs() []brokenSpec {
	return []brokenSpec{
		{"empty", ""},
		{"only a comment", "# nothing\n"},
		{"null document", "---\n"},
		{"list", "- a\n"},
		{"text", "hello"},
		{"not YAML", "name: a\nregion: [us-east-1\n"},
		{"tab", "name: a\nokta:\n\tassignmentGroup: x\n"},
		{"bad indentation", "name: a\n  region: b\n"},
		{"two documents", smallest + "---\nname: other\n"},
		{"control character", "name: \x01\n"},
		{"not UTF-8", "name: \xff\xfe\n"},

		{"everything missing", "name: a\n"},
		{"nested missing", "name: a\nregion: us-east-1\nokta: {}\naccess:\n  groups:\n    - executionRole: x\n"},
		{"misspelt field", smallest + "domian:\n  name: x\n"},
		{"snake case", "name: a\nregion: us-east-1\nokta:\n  assignment_group: x\naccess:\n  people:\n    - login: ada@example.com\n"},
		{"field of another place", smallest + "domain:\n  vpc: vpc-1\n  subnets: [subnet-1]\n"},
		{"other case", "name: a\nRegion: us-east-1\nokta:\n  assignmentGroup: x\nACCESS: [nobody]\n"},
		{"unknown field", smallest + "colour: blue\n"},
		{"duplicate field", smallest + "name: other\n"},

		{"unquoted account", smallest + "studio:\n  account: 012345678901\n"},
		{"unquoted account in words of YAML", smallest + "studio:\n  account: 222222222222\n"},
		{"short account", smallest + "studio:\n  account: 1234\n"},
		{"duration without a unit", smallest + "operator:\n  deadline: 14\n"},
		{"duration in words", smallest + "operator:\n  deadline: two weeks\n"},
		{"duration beyond all bounds", smallest + "operator:\n  deadline: 9999d\n"},
		{"zero duration", smallest + "operator:\n  remindEvery: 0h\n"},
		{"reminders every second", smallest + "operator:\n  remindEvery: 1s\n"},
		{"deadline before the first reminder", smallest + "operator:\n  deadline: 1h\n"},
		{"reminder after the deadline", smallest + "operator:\n  remindEvery: 15d\n"},
		{"a guard that guards nothing", smallest + "  guard:\n    share: 0\n    people: 0\n    window: 5m\n    quarantine: 400d\n"},
		{"a canary who is nobody", smallest + "  canary: {}\n"},
		{"a canary who is two", smallest + "  canary: {person: ada@example.com, group: sagemaker-studio-users}\n"},
		{"a canary without access", smallest + "  canary: {group: others}\n"},
		{"a canary whom nobody names", smallest + "  rollout: canary-first\n"},
		{"a guard in words", smallest + "  guard:\n    share: 20 %\n    window: a week\n"},
		{"idle shutdown too soon", smallest + "domain:\n  idleShutdown: 30m\n"},
		{"idle shutdown in words", smallest + "domain:\n  idleShutdown: never\n"},
		{"idle shutdown beyond all bounds", smallest + "domain:\n  idleShutdown: 366d\n"},
		{"idle shutdown with seconds", smallest + "domain:\n  idleShutdown: 90m30s\n"},
		{"instance types and apps that are none", smallest + "domain:\n  instanceTypes: [t3.medium]\n  hiddenApps: [Jupyter]\n"},
		{"storage of a kind", smallest + "domain:\n  spaceStorage:\n    default: much\n    maximum: 3\n"},
		{"storage beyond its maximum", smallest + "domain:\n  spaceStorage:\n    default: 100\n    maximum: 10\n"},
		{"storage without a maximum", smallest + "domain:\n  spaceStorage:\n    default: 100\n"},
		{"boolean", smallest + "domain:\n  homeFileSystem: true\n"},
		{"YAML 1.1 boolean", smallest + "domain:\n  homeFileSystem: off\n"},
		{"date as a tag", smallest + "domain:\n  tags:\n    since: 2026-11-01\n    build: 17\n    empty:\n"},
		{"no value", smallest + "domain:\n"},
		{"misspelt value", smallest + "domain:\n  network:\n    access: vpconly\n"},
		{"text for fields", smallest + "studio: 222222222222\n"},
		{"text for fields with one", "name: a\nregion: us-east-1\nokta: everybody\naccess:\n  groups: [users]\n"},
		{"text for a list", "name: a\nregion: us-east-1\nokta:\n  assignmentGroup: e\naccess:\n  groups: users\n"},
		{"text for a list of text", smallest + "domain:\n  network:\n    vpc: vpc-1\n    subnets: subnet-1\n"},
		{"fields for a list", "name: a\nregion: us-east-1\nokta:\n  assignmentGroup: e\naccess:\n  groups:\n    name: users\n"},
		{"list for text", "name: [a]\n" + smallest[len("name: data-science\n"):]},
		{"foreign tag", "name: !secret a\n" + smallest[len("name: data-science\n"):]},
		{"circle", smallest + "domain: &d\n  network: *d\n"},
		{"merge of text", smallest + "domain:\n  <<: text\n"},
		{"key that is no text", smallest + "domain:\n  ? [a]\n  : b\n"},

		{"impossible names", "name: Data_Science\nregion: us-east-1a\nokta:\n  assignmentGroup: ' e '\naccess:\n  people:\n    - " +
			"login: ada lovelace\n"},
		{"long name", "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" +
			smallest[len("name: data-science\n"):]},
		{"bad ARN", smallest + "studio:\n  assumeRole: arn:aws:iam::2222:role/x\n"},
		{"role of another account", smallest + `studio:
  account: "222222222222"
  assumeRole: arn:aws:iam::333333333333:role/x
domain:
  executionRole: arn:aws:iam::333333333333:role/y
`},
		{"group role of another account than the assumed role", smallest + `      executionRole: arn:aws:iam::333333333333:role/y
studio:
  assumeRole: arn:aws:iam::222222222222:role/x
`},
		{"partition", smallest + "studio:\n  assumeRole: arn:aws-cn:iam::222222222222:role/x\n"},
		{"key of another Region", smallest + "domain:\n  kmsKey: arn:aws:kms:eu-west-1:222222222222:alias/x\n"},
		{"vpc without subnets", smallest + "domain:\n  network:\n    vpc: vpc-1\n"},
		{"vpc with no subnets", smallest + "domain:\n  network:\n    vpc: vpc-1\n    subnets: []\n"},
		{"subnets without vpc", smallest + "domain:\n  network:\n    subnets: [subnet-1]\n"},
		{"security groups without vpc", smallest + "domain:\n  network:\n    securityGroups: [sg-1]\n"},
		{"vpc-only without a network", smallest + "domain:\n  network:\n    access: vpc-only\n"},
		{"subnets of a kind and twice", smallest + "domain:\n  network:\n    vpc: vpc-1\n    subnets: [subnet-1, eni-1, subnet-1]\n"},
		{"too many security groups", smallest + "domain:\n  network:\n    vpc: vpc-1\n    subnets: [subnet-1]\n    securityGroups: " +
			"[sg-1, sg-2, sg-3, sg-4, sg-5]\n"},

		{"nobody", "name: a\nregion: us-east-1\nokta:\n  assignmentGroup: e\naccess:\n  profiles: eager\n"},
		{"empty lists", "name: a\nregion: us-east-1\nokta:\n  assignmentGroup: e\naccess:\n  groups: []\n  people: []\n"},
		{"assignment group is pushed", "name: a\nregion: us-east-1\nokta:\n  assignmentGroup: e\naccess:\n  groups:\n    - name: e\n"},
		{"twice", smallest + `    - name: sagemaker-studio-users
  people:
    - login: ada@example.com
    - login: Ada@Example.com
`},
		{"tags", smallest + "domain:\n  tags:\n    aws:x: a\n    studio-onboarding:run: b\n    'semi;colon': c\n    ok: 'a;b'\n"},
	}
}
