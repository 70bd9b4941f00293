package agreement

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/provider"
	"studio-onboarding/internal/worldtest"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

// change is one thing that is otherwise than usual, in the world or in the spec.
type change struct {
	name string
	make func(*site)
}

// before are changes of a world in which nothing has been onboarded, by what they are about. One of each list can be combined
// with one of each other.
func before() map[string][]change {
	return map[string][]change{
		"instance": instances(), "domain": domains(), "role": roles(), "app": apps(), "groups": groups(), "people": people(),
		"network": networks(), "quota": quotas(), "worker": workers(),
	}
}

func instances() []change {
	return []change{
		{"identity center is enabled", func(s *site) { s.enable(here) }},
		{"identity center is in another region", func(s *site) { s.enable("eu-central-1") }},
		{"there is no organization", func(s *site) {
			require.NoError(s, s.ChangeAWS(s.Context(), sandbox.AWSSettings{NoOrganization: aws.Bool(true)}))
		}},
	}
}

func domains() []change {
	existing := func(name string, make func(*site, *sagemaker.CreateDomainInput)) change {
		return change{name, func(s *site) {
			s.enable(here)
			s.domain(func(in *sagemaker.CreateDomainInput) {
				if make != nil {
					make(s, in)
				}
			})
		}}
	}
	return []change{
		existing("a domain is there", nil),
		existing("the domain has iam authentication",
			func(_ *site, in *sagemaker.CreateDomainInput) { in.AuthMode = sagemakertypes.AuthModeIam }),
		existing("the domain is in another vpc than the spec says", func(s *site, in *sagemaker.CreateDomainInput) {
			_, other := s.places()
			in.VpcId, in.SubnetIds = &other.vpc, other.subnets
			s.network(nil)
		}),
		existing("the domain is in another vpc than the default one", func(s *site, in *sagemaker.CreateDomainInput) {
			_, other := s.places()
			in.VpcId, in.SubnetIds = &other.vpc, other.subnets
		}),
		existing("the domain has fewer subnets", func(s *site, in *sagemaker.CreateDomainInput) { in.SubnetIds = in.SubnetIds[:1] }),
		existing("the domain is public and the spec says vpc-only", func(s *site, _ *sagemaker.CreateDomainInput) {
			s.network(func(standard, _ place) {
				s.Spec.Domain.Network.Access, s.Spec.Domain.Network.SecurityGroups = onboarding.NetworkVPCOnly, []string{standard.group}
			})
		}),
		existing("the domain is vpc-only and the spec says public", func(s *site, in *sagemaker.CreateDomainInput) {
			standard, _ := s.places()
			in.AppNetworkAccessType = sagemakertypes.AppNetworkAccessTypeVpcOnly
			in.DefaultUserSettings.SecurityGroups = []string{standard.group}
			s.Spec.Domain.Network.Access = onboarding.NetworkPublic
		}),
		existing("the domain has no key and the spec names one",
			func(s *site, _ *sagemaker.CreateDomainInput) { s.Spec.Domain.KMSKey = "alias/studio" }),
		existing("the domain has a file system and the spec wants none", func(s *site, in *sagemaker.CreateDomainInput) {
			s.Spec.Domain.HomeFileSystem = onboarding.FileSystemDisabled
			in.HomeEfsFileSystemCreation = sagemakertypes.HomeEfsFileSystemCreationEnabled
		}),
		existing("the domain has none and the spec wants a file system", func(s *site, _ *sagemaker.CreateDomainInput) {
			s.Spec.Domain.HomeFileSystem = onboarding.FileSystemEnabled
		}),
		existing("the domain has other tags", func(s *site, in *sagemaker.CreateDomainInput) {
			in.Tags = []sagemakertypes.Tag{{Key: aws.String("team"), Value: aws.String("research")}}
			s.Spec.Domain.Tags = map[string]string{"team": "data-science", "cost-center": "4711"}
		}),
		existing("the domain has another execution role", func(s *site, _ *sagemaker.CreateDomainInput) {
			s.Spec.Domain.ExecutionRole = "SageMakerStudio-new"
		}),
		{"the domain has failed", func(s *site) {
			s.enable(here)
			s.Faults(sandbox.Fault{Service: "sagemaker", Operation: "CreateDomain", Kind: sandbox.FaultFails})
			s.domain(nil)
			s.Faults()
		}},
	}
}

func roles() []change {
	const named = "arn:aws:iam::222222222222:role/ResearchNotebooks"
	return []change{
		{"the default role is there", func(s *site) { s.role("SageMakerStudio-team", studioTrust, fullAccess) }},
		{"the default role has no policy", func(s *site) { s.role("SageMakerStudio-team", studioTrust) }},
		{"the default role trusts somebody else", func(s *site) { s.role("SageMakerStudio-team", otherTrust) }},
		{"a group's role trusts somebody else", func(s *site) { s.role(worldtest.MLRole, otherTrust) }},
		{"the role is ours and has lost its policy", func(s *site) {
			name := "SageMakerStudio-team"
			s.role(name, studioTrust)
			_, err := s.iam().TagRole(s.Context(), &iam.TagRoleInput{RoleName: &name,
				Tags: []iamtypes.Tag{{Key: aws.String(provider.RunTag), Value: &s.Spec.Name}}})
			require.NoError(s, err)
		}},
		{"the spec names a role by arn", func(s *site) { s.Spec.Domain.ExecutionRole = s.role("ResearchNotebooks", studioTrust, fullAccess) }},
		{"the spec names a role by arn that is missing", func(s *site) { s.Spec.Domain.ExecutionRole = named }},
		{"the spec names a role by arn that trusts somebody else",
			func(s *site) { s.Spec.Domain.ExecutionRole = s.role("ResearchNotebooks", otherTrust) }},
	}
}

func apps() []change {
	return []change{
		{"the app is there", func(s *site) { s.MakeApp(nil) }},
		{"two apps have the label", func(s *site) { s.MakeApp(nil); s.MakeApp(nil) }},
		{"the app is inactive", func(s *site) { s.Okta("POST", "/api/v1/apps/"+s.MakeApp(nil)+"/lifecycle/deactivate", nil, nil) }},
		{"the app has another sign-on mode", func(s *site) { s.MakeApp(map[string]any{"signOnMode": "BROWSER_PLUGIN"}) }},
		{"the app has another label", func(s *site) { s.MakeApp(map[string]any{"label": "AWS"}) }},
		{"the app's certificate has expired", func(s *site) {
			require.NoError(s, s.ChangeOkta(s.Context(), sandbox.OktaSettings{CertificateDays: -10}))
			s.MakeApp(nil)
		}},
	}
}

func groups() []change {
	empty := func(groups map[string][]string) func(*site) {
		return func(s *site) {
			for group, members := range groups {
				for _, login := range members {
					s.Leave(group, login)
				}
			}
		}
	}
	return []change{
		{"there is no assignment group", func(s *site) { s.Spec.Okta.AssignmentGroup = "not-there-yet" }},
		{"there is no access group", func(s *site) {
			s.Spec.Access.Groups = append(s.Spec.Access.Groups, onboarding.GroupAccessSpec{Name: "not-there-yet"})
		}},
		{"one access group is empty", empty(map[string][]string{worldtest.MLGroup: {worldtest.Cy}})},
		{"a group was made by hand in identity center", func(s *site) {
			s.enable(here)
			require.NoError(s, s.CreateGroup(s.Context(), worldtest.PeopleGroup))
		}},
		{"okta's api refuses to push groups", func(s *site) {
			s.Faults(sandbox.Fault{Service: "okta", Operation: "POST /api/v1/apps/{id}/group-push/mappings", Kind: sandbox.FaultDeny})
		}},
		{"a person is in both groups", func(s *site) { s.Join(worldtest.MLGroup, worldtest.Ada) }},
		{"no group has a role", func(s *site) { s.Spec.Access.Groups[0].ExecutionRole = "" }},
	}
}

func people() []change {
	single := func(name string, people ...onboarding.PersonAccessSpec) change {
		return change{name, func(s *site) { s.Spec.Access.People = people }}
	}
	return []change{
		{"a person is not assigned to the app", func(s *site) { s.Leave(worldtest.AssignmentGroup, worldtest.Ada) }},
		{"a person has no last name", func(s *site) { s.okta(worldtest.Ada, map[string]any{"lastName": nil}) }},
		{"a person has a character that aws refuses",
			func(s *site) { s.okta(worldtest.Ada, map[string]any{"lastName": "Example <contractor>"}) }},
		{"a person is deactivated", func(s *site) { s.deactivate(worldtest.Ada) }},
		{"a user with a person's address was made by hand", func(s *site) {
			s.enable(here)
			require.NoError(s, s.CreateUser(s.Context(), "by.hand@example.com", worldtest.Ada))
		}},
		{"the person was made by hand", func(s *site) {
			s.enable(here)
			require.NoError(s, s.CreateUser(s.Context(), worldtest.Ada, worldtest.Ada))
		}},
		single("a single person", onboarding.PersonAccessSpec{Login: worldtest.Di}),
		single("a single person who is not in the assignment group", onboarding.PersonAccessSpec{Login: worldtest.Eve,
			ExecutionRole: "SageMakerStudio-eve"}),
		single("a single person in other letters", onboarding.PersonAccessSpec{Login: "Di@Example.com"}),
		single("a single person whom okta does not know", onboarding.PersonAccessSpec{Login: nobody}),
		single("a single person who is in a group, too", onboarding.PersonAccessSpec{Login: worldtest.Ada, ExecutionRole: "SageMakerStudio-ada"}),
		{"profiles come at the first sign-in", func(s *site) { s.Spec.Access.Profiles = onboarding.ProfilesFirstSignIn }},
	}
}

// nobody is a login that Okta does not know.
const nobody = "nobody@example.com"

func networks() []change {
	return []change{
		{"there are no subnets", func(s *site) {
			require.NoError(s, s.ChangeAWS(s.Context(), sandbox.AWSSettings{NoSubnets: aws.Bool(true)}))
		}},
		{"the spec names its network", func(s *site) { s.network(nil) }},
		{"the vpc does not exist", func(s *site) {
			s.network(func(place, place) { s.Spec.Domain.Network.VPC = "vpc-00000000000000000" })
		}},
		{"a subnet does not exist", func(s *site) {
			s.network(func(place, place) { s.Spec.Domain.Network.Subnets[0] = "subnet-00000000000000000" })
		}},
		{"the subnets belong to another vpc", func(s *site) {
			s.network(func(_, other place) { s.Spec.Domain.Network.VPC = other.vpc })
		}},
		{"a security group does not exist", func(s *site) {
			s.network(func(place, place) { s.Spec.Domain.Network.SecurityGroups = []string{"sg-00000000000000000"} })
		}},
		{"the spec says vpc-only", func(s *site) {
			s.network(func(standard, _ place) {
				s.Spec.Domain.Network.Access, s.Spec.Domain.Network.SecurityGroups = onboarding.NetworkVPCOnly, []string{standard.group}
			})
		}},
	}
}

func quotas() []change {
	limit := func(code string, value float64) func(*site) {
		return func(s *site) {
			require.NoError(s, s.ChangeAWS(s.Context(), sandbox.AWSSettings{Quotas: map[string]float64{code: value}}))
		}
	}
	return []change{
		{"there is no room for a domain", limit("L-B683BCB0", 0)},
		{"there is no room for all profiles", limit("L-AC46C40F", 2)},
	}
}

func workers() []change {
	return []change{
		{"the okta token is a read-only administrator's", func(s *site) { s.worker = sandbox.AsReadOnly }},
		{"the spec names another account", func(s *site) { s.Spec.IdentityCenter.Account = "333333333333" }},
		{"the spec names another account for studio", func(s *site) { s.Spec.Studio.Account = "333333333333" }},
	}
}
