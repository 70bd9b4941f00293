package network_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"studio-onboarding/activities/activitytest"
	"studio-onboarding/activities/network"
	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
	"studio-onboarding/sandbox"
)

func spec(named onboarding.NetworkSpec) onboarding.Spec {
	return onboarding.Spec{Name: "demo", Region: "us-east-1", Domain: onboarding.DomainSpec{
		Name: "demo", Network: named, HomeFileSystem: onboarding.FileSystemDisabled,
	}}
}

func subnet(id string, change ...func(*network.Subnet)) network.Subnet {
	s := network.Subnet{ID: id, VPC: "vpc-1", Zone: "a", State: "available"}
	for _, one := range change {
		one(&s)
	}
	return s
}

// found is a default VPC with one subnet.
func found(change ...func(*network.State)) network.State {
	s := network.State{VPC: &network.VPC{ID: "vpc-1", Default: true}, Subnets: []network.Subnet{subnet("subnet-1")}}
	for _, one := range change {
		one(&s)
	}
	return s
}

func existing(s *network.State) {
	s.VPC = &network.VPC{ID: "vpc-2"}
	s.Domain = &network.Domain{ID: "d-1", VPC: "vpc-2", Subnets: []string{"subnet-2"}, SecurityGroups: []string{"sg-2"},
		Access: onboarding.NetworkPublic, HomeFileSystem: onboarding.FileSystemDisabled}
	s.Subnets = []network.Subnet{subnet("subnet-2", func(s *network.Subnet) { s.VPC = "vpc-2" })}
	s.Groups = []network.SecurityGroup{{ID: "sg-2", VPC: "vpc-2", NFSIn: true, NFSOut: true}}
}

func grouped(s *network.State) {
	s.Groups = []network.SecurityGroup{{ID: "sg-1", VPC: "vpc-1", NFSIn: true, NFSOut: true}}
}

func TestTheJudgeOfTheNetwork(t *testing.T) {
	kept := []string{"keep network", "keep network domain.network.vpc", "keep network domain.network.subnets",
		"keep network domain.network.securityGroups", "keep network domain.network.access"}
	and := func(more ...string) []string { return append(append([]string{}, kept...), more...) }
	vpcOnly := onboarding.NetworkSpec{SecurityGroups: []string{"sg-1"}, Access: onboarding.NetworkVPCOnly}
	named := onboarding.NetworkSpec{VPC: "vpc-1", Subnets: []string{"subnet-1"}}
	endpoints := func(s *network.State) {
		for _, service := range []string{"sagemaker.api", "sagemaker.runtime", "sts", "logs", "ecr.api", "ecr.dkr", "s3"} {
			s.Endpoints = append(s.Endpoints, "com.amazonaws.us-east-1."+service)
		}
	}
	for name, test := range map[string]struct {
		named onboarding.NetworkSpec
		files string
		state network.State
		want  []string
		says  []string
	}{
		"default VPC": {state: found(), want: kept},
		"named":       {named: named, state: found(), want: kept},
		"no default VPC": {state: network.State{}, want: []string{"blocked network domain.network.vpc"},
			says: []string{"The Studio account has no default VPC in us-east-1.", "create-default-vpc"}},
		"no VPC of that ID": {named: named, state: network.State{}, want: []string{"blocked network domain.network.vpc"},
			says: []string{"There is no VPC vpc-1 in us-east-1."}},
		"no subnets named": {named: onboarding.NetworkSpec{VPC: "vpc-1"}, state: found(),
			want: []string{"blocked network domain.network.subnets"}, says: []string{"names vpc-1, but none of its subnets"}},
		"no subnets there": {state: found(func(s *network.State) { s.Subnets = nil }),
			want: []string{"blocked network domain.network.subnets"}, says: []string{"The default VPC vpc-1 has no available subnet.",
				"create-default-subnet"}},
		"too many subnets": {named: onboarding.NetworkSpec{Subnets: make([]string, 17)}, state: found(),
			want: []string{"blocked network domain.network.subnets"}, says: []string{"17 subnets", "at most 16"}},
		"subnets missing": {named: named, state: found(func(s *network.State) { s.Subnets, s.SubnetsMissing = nil, true }),
			want: []string{"blocked network domain.network.subnets"}, says: []string{"not all of the subnets subnet-1 exist"}},
		"subnet not listed": {named: named, state: found(func(s *network.State) { s.Subnets = nil }),
			want: []string{"blocked network domain.network.subnets"}, says: []string{"subnet-1 does not exist"}},
		"subnet pending": {named: named, state: found(func(s *network.State) { s.Subnets[0].State = "pending" }),
			want: []string{"blocked network domain.network.subnets"}, says: []string{"subnet-1 is pending"}},
		"subnet elsewhere": {named: named, state: found(func(s *network.State) { s.Subnets[0].VPC = "vpc-9" }),
			want: []string{"blocked network domain.network.subnets"}, says: []string{"subnet-1 belongs to vpc-9, not to vpc-1"}},
		"groups missing": {named: vpcOnly, state: found(func(s *network.State) { s.GroupsMissing = true }),
			want: []string{"blocked network domain.network.securityGroups"}, says: []string{"not all of the security groups sg-1 exist"}},
		"group elsewhere": {named: vpcOnly, state: found(grouped, func(s *network.State) { s.Groups[0].VPC = "vpc-9" }),
			want: []string{"blocked network domain.network.securityGroups"}, says: []string{"sg-1 belongs to vpc-9"}},
		"VPC-only, no group": {named: onboarding.NetworkSpec{Access: onboarding.NetworkVPCOnly}, state: found(),
			want: []string{"blocked network domain.network.securityGroups"}, says: []string{"vpc-only needs security groups"}},
		"not looked at": {state: network.State{Trouble: &onboarding.Trouble{Operation: "ec2:DescribeVpcs", Message: "no", Remedy: "allow it"}},
			want: []string{"blocked network"}, says: []string{"ec2:DescribeVpcs: no", "allow it"}},

		"domain there, nothing named": {state: found(existing), want: kept},
		"domain there, VPC-only without groups named": {named: onboarding.NetworkSpec{Access: onboarding.NetworkVPCOnly},
			state: found(existing, endpoints), want: and("keep vpc-endpoints domain.network.access")},
		"domain there, VPC-only itself, " +
			"nothing named": {state: found(existing, func(s *network.State) { s.Domain.Access = onboarding.NetworkVPCOnly }),
			want: and("warning vpc-endpoints domain.network.access"), says: []string{"subnet-2 have neither a way out"}},
		"domain there, with home directories, nothing named": {files: "as it is", state: found(existing, func(s *network.State) {
			s.Domain.HomeFileSystem, s.Groups[0].NFSIn = onboarding.FileSystemEnabled, false
		}), want: and("warning security-groups domain.network.securityGroups"), says: []string{"(TCP 2049) inbound"}},
		"domain there, its subnets gone": {state: found(existing, func(s *network.State) { s.Subnets, s.SubnetsMissing = nil, true }),
			want: and("warning network"),
			says: []string{"Not all of the subnets and security groups of the domain d-1 exist any more."}},
		"domain there, its VPC gone": {state: found(existing, func(s *network.State) { s.VPC = nil }),
			want: []string{"blocked network domain.network.vpc"},
			says: []string{"vpc-2", "in which the domain d-1 is"}},
		"no default VPC, domain not looked for": {state: network.State{DomainTrouble: &onboarding.Trouble{Operation: "sagemaker:ListDomains",
			Message: "no", Remedy: "Allow it."}},
			want: []string{"blocked network domain.network.vpc"}, says: []string{"no default VPC", "sagemaker:ListDomains: no", "Allow it."}},

		"NFS": {named: onboarding.NetworkSpec{SecurityGroups: []string{"sg-1"}}, files: onboarding.FileSystemEnabled, state: found(grouped),
			want: and("keep security-groups domain.network.securityGroups")},
		"no NFS": {named: onboarding.NetworkSpec{SecurityGroups: []string{"sg-1"}}, files: onboarding.FileSystemEnabled,
			state: found(grouped, func(s *network.State) { s.Groups[0].NFSIn, s.Groups[0].NFSOut = false, false }),
			want:  and("warning security-groups domain.network.securityGroups"),
			says:  []string{"None of the security groups sg-1 allows NFS (TCP 2049) inbound and outbound", "TCP 2049"}},
		"NFS in only": {named: onboarding.NetworkSpec{SecurityGroups: []string{"sg-1"}}, files: onboarding.FileSystemEnabled,
			state: found(grouped, func(s *network.State) { s.Groups[0].NFSOut = false }),
			want:  and("warning security-groups domain.network.securityGroups"), says: []string{"(TCP 2049) outbound"}},

		"VPC-only, NAT": {named: vpcOnly,
			state: found(grouped, func(s *network.State) { s.Tables = []network.RouteTable{{Main: true, Gateways: []string{""}}} }),
			want:  and("keep vpc-endpoints domain.network.access")},
		"VPC-only, endpoints": {named: vpcOnly, state: found(grouped, endpoints), want: and("keep vpc-endpoints domain.network.access")},
		"VPC-only, internet gateway alone": {named: vpcOnly, state: found(grouped, func(s *network.State) {
			s.Tables = []network.RouteTable{{Main: true, Gateways: []string{""}}, {Subnets: []string{"subnet-1"}, Gateways: []string{"igw-1"}}}
			s.Endpoints = []string{"com.amazonaws.us-east-1.s3"}
		}), want: and("warning vpc-endpoints domain.network.access"), says: []string{"subnet-1 have neither a way out nor all endpoints",
			"Missing in vpc-1: sagemaker.api", "NAT gateway"}},
		"VPC-only, routes not seen": {named: vpcOnly, state: found(grouped, func(s *network.State) {
			s.RoutesTrouble = &onboarding.Trouble{Operation: "ec2:DescribeRouteTables"}
		}), want: and("unknown vpc-endpoints domain.network.access"), says: []string{"do not allow ec2:DescribeRouteTables"}},
		"VPC-only, endpoints not seen": {named: vpcOnly, state: found(grouped, func(s *network.State) {
			s.EndpointsTrouble = &onboarding.Trouble{Operation: "ec2:DescribeVpcEndpoints"}
		}), want: and("unknown vpc-endpoints domain.network.access"), says: []string{"do not allow ec2:DescribeVpcEndpoints"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec(test.named)
			switch test.files {
			case "":
			case "as it is":
				s.Domain.HomeFileSystem = ""
			default:
				s.Domain.HomeFileSystem = test.files
			}
			var got []string
			said := ""
			for _, v := range network.Judge(s, test.state) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", v.Kind, v.Code, v.Field)))
				require.NotEmpty(t, v.Reason, "%+v", v)
				if v.Kind != onboarding.VerdictKeep {
					said = v.Reason + " " + v.Remedy
				}
				if v.Kind == onboarding.VerdictBlocked || v.Kind == onboarding.VerdictWarning {
					require.NotEmpty(t, v.Remedy, "%+v", v)
				}
			}
			require.Equal(t, test.want, got)
			for _, part := range test.says {
				require.Contains(t, said, part)
			}
		})
	}
}

func TestOneSubnetOfEachZoneIsChosen(t *testing.T) {
	zone := func(z string) func(*network.Subnet) { return func(s *network.Subnet) { s.Zone = z } }
	state := found(func(s *network.State) {
		s.Subnets = []network.Subnet{
			subnet("subnet-5", zone("c")), subnet("subnet-4", zone("b"), func(s *network.Subnet) { s.Default = true }),
			subnet("subnet-3", zone("b")),
			subnet("subnet-2"), subnet("subnet-1"), subnet("subnet-0", func(s *network.Subnet) { s.Outpost = true }),
		}
	})
	require.Equal(t, network.Network{VPC: "vpc-1", Subnets: []string{"subnet-1", "subnet-4", "subnet-5"}, Access: "public", Default: true},
		network.Chosen(spec(onboarding.NetworkSpec{}), state))
}

func TestTheFieldsShowWhatIsThereAndWhatIsAsked(t *testing.T) {
	have := func(named onboarding.NetworkSpec, state network.State) map[string]string {
		fields := map[string]string{}
		for _, v := range network.Judge(spec(named), state) {
			if v.Field != "" {
				fields[v.Field] = v.Have + " → " + v.Want
			}
		}
		return fields
	}
	require.Equal(t, map[string]string{
		"domain.network.vpc": "vpc-2 → ", "domain.network.subnets": "subnet-2 → ", "domain.network.securityGroups": "sg-2 → ",
		"domain.network.access": "public → ",
	}, have(onboarding.NetworkSpec{}, found(existing)), "a domain that is there counts, and not the default VPC")
	require.Equal(t, map[string]string{
		"domain.network.vpc": "vpc-1 → vpc-1", "domain.network.subnets": "subnet-1 → subnet-1", "domain.network.securityGroups": " → ",
		"domain.network.access": "public → public",
	}, have(onboarding.NetworkSpec{VPC: "vpc-1", Subnets: []string{"subnet-1"}, Access: "public"}, found()))
}

// The sandbox's default VPC has an internet gateway and an endpoint for S3.
func TestTheLookSeesRoutesAndEndpoints(t *testing.T) {
	w := activitytest.NewWorld(t)
	n := networksOf(t, w)
	s := spec(onboarding.NetworkSpec{VPC: n.vpc, Subnets: n.subnets, SecurityGroups: []string{n.group}, Access: onboarding.NetworkVPCOnly})
	s.Studio, s.Domain.HomeFileSystem = activitytest.StudioAccount, onboarding.FileSystemEnabled
	judged := func() []onboarding.Verdict {
		state, err := network.Look(t.Context(), w.Clouds, s, nil)
		require.NoError(t, err)
		return network.Judge(s, state)
	}
	unknown := onboarding.OfKind(judged(), onboarding.VerdictUnknown)
	require.Len(t, unknown, 1, "the worker of the sandbox may not look at routes")
	require.Contains(t, unknown[0].Reason, "ec2:DescribeRouteTables")

	s.Studio = onboarding.AccountSpec{}
	state, err := network.Look(t.Context(), administratorCloud{w}, s, nil)
	require.NoError(t, err)
	warnings := onboarding.OfKind(network.Judge(s, state), onboarding.VerdictWarning)
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0].Reason, "Missing in "+n.vpc+": sagemaker.api, sagemaker.runtime, sts, logs, ecr.api, ecr.dkr.")

	s.Studio = activitytest.StudioAccount
	w.Faults(t, sandbox.Fault{Service: "ec2", Operation: "DescribeVpcs", Kind: sandbox.FaultDeny})
	blocked := onboarding.Blocked(judged())
	require.Len(t, blocked, 1)
	require.Contains(t, blocked[0].Remedy, `"Action":"ec2:DescribeVpcs"`)

	w.Faults(t, sandbox.Fault{Service: "ec2", Operation: "DescribeSubnets", Kind: sandbox.FaultThrottle})
	_, err = network.Look(t.Context(), w.Clouds, s, nil)
	require.Equal(t, fault.Throttled, fault.ClassOf(err), "%v", err)
}
