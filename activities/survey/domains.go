package survey

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"golang.org/x/sync/errgroup"

	"studio-onboarding/activities/people"
	"studio-onboarding/activities/provider"
	"studio-onboarding/onboarding"
)

// CodeDomains is the code of what is said of Studio domains.
const CodeDomains = "stock-studio-domains"

// maxProfiles is of how many profiles of a domain the role is looked at; each costs a call.
const maxProfiles = 200

// Studio is the Studio account, with the directory behind its domains.
type Studio struct {
	Config aws.Config
	// Directory opens the directory of Identity Center; nil while there is none.
	Directory func(context.Context) (people.IdentityStore, error)
}

// Domains looks at the Studio domains of the account and Region, and at who is assigned to them. The verdicts say it in words.
func Domains(ctx context.Context, studio Studio, state State) ([]onboarding.SurveyedDomain, []onboarding.Verdict, error) {
	d := domains{Studio: studio, State: state, client: provider.NewSageMaker(studio.Config)}
	var found []onboarding.SurveyedDomain
	pages := sagemaker.NewListDomainsPaginator(d.client, &sagemaker.ListDomainsInput{MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			trouble, err := provider.Trouble(err)
			if err != nil {
				return nil, nil, err
			}
			return nil, []onboarding.Verdict{unknown(*trouble, CodeDomains)}, nil
		}
		for _, one := range page.Domains {
			domain := onboarding.SurveyedDomain{ID: aws.ToString(one.DomainId), Name: aws.ToString(one.DomainName), Status: string(one.Status)}
			if err := d.domain(ctx, &domain); err != nil {
				return nil, nil, err
			}
			found = append(found, domain)
		}
	}
	verdicts := []onboarding.Verdict{keep(CodeDomains, "%s in the Studio account.", plural(len(found), "Studio domain", "Studio domains"))}
	for i, domain := range found {
		if i == onboarding.MaxExamples {
			break
		}
		verdicts = append(verdicts, keep(CodeDomains, "Studio domain %q (%s, %s, sign-in %s): %s; %s and %s assigned.", domain.Name, domain.ID,
			domain.Status, domain.AuthMode, plural(domain.Profiles, "profile", "profiles"), plural(len(domain.Groups), "group", "groups"),
			plural(domain.People, "person", "people")))
	}
	return found, verdicts, nil
}

type domains struct {
	Studio
	State
	client *provider.SageMaker
}

func (d domains) domain(ctx context.Context, domain *onboarding.SurveyedDomain) error {
	unread := func(what string, err error) error {
		trouble, err := provider.Trouble(err)
		if trouble != nil {
			domain.Unread = append(domain.Unread, what+" unknown: "+trouble.Text())
		}
		return err
	}
	described, err := d.client.DescribeDomain(ctx, &sagemaker.DescribeDomainInput{DomainId: &domain.ID})
	if err != nil {
		return unread("its settings are", err)
	}
	domain.AuthMode, domain.ApplicationARN = string(described.AuthMode), aws.ToString(described.SingleSignOnApplicationArn)
	if described.DefaultUserSettings != nil {
		domain.ExecutionRole = aws.ToString(described.DefaultUserSettings.ExecutionRole)
	}
	roles, err := d.profiles(ctx, domain)
	if err != nil {
		return unread("its profiles are", err)
	}
	if domain.ApplicationARN == "" {
		return nil
	}
	at := slices.IndexFunc(d.Applications, func(a Application) bool { return a.ARN == domain.ApplicationARN })
	if at < 0 {
		domain.Unread = append(domain.Unread, "who is assigned to it is unknown: its application was not listed")
		return nil
	}
	names := d.names()
	for _, principal := range d.Applications[at].Assignments {
		if principal.Type != "GROUP" {
			domain.People++
			continue
		}
		name := names[principal.ID]
		if name == "" {
			domain.Unread = append(domain.Unread, "a group without a name that could be read is assigned to it: "+principal.ID)
			continue
		}
		group := onboarding.SurveyedGroup{Name: name}
		if len(roles) > 0 && d.Directory != nil {
			group.ExecutionRole, err = d.roleOf(ctx, principal.ID, roles)
			if err := unread("the roles of the members of "+name+" are", err); err != nil {
				return err
			}
		}
		domain.Groups = append(domain.Groups, group)
	}
	slices.SortFunc(domain.Groups, func(a, b onboarding.SurveyedGroup) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// profiles counts the profiles, and answers with the role of each by user name; with none where there are too many to look at.
func (d domains) profiles(ctx context.Context, domain *onboarding.SurveyedDomain) (map[string]string, error) {
	var listed []sagemakertypes.UserProfileDetails
	pages := sagemaker.NewListUserProfilesPaginator(d.client, &sagemaker.ListUserProfilesInput{DomainIdEquals: &domain.ID,
		MaxResults: aws.Int32(listPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		domain.Profiles += len(page.UserProfiles)
		if len(listed) <= maxProfiles {
			listed = append(listed, page.UserProfiles...)
		}
	}
	if domain.Profiles > maxProfiles {
		domain.Unread = append(domain.Unread, "the roles of its profiles were not looked at, as there are more than 200")
		return nil, nil
	}
	type owned struct{ user, role string }
	owners := make([]owned, len(listed))
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(atOnce)
	for i, profile := range listed {
		reading.Go(func() error {
			out, err := d.client.DescribeUserProfile(ctx, &sagemaker.DescribeUserProfileInput{DomainId: &domain.ID,
				UserProfileName: profile.UserProfileName})
			if err != nil {
				return err
			}
			owners[i].user, owners[i].role = aws.ToString(out.SingleSignOnUserValue), domain.ExecutionRole
			if out.UserSettings != nil && aws.ToString(out.UserSettings.ExecutionRole) != "" {
				owners[i].role = *out.UserSettings.ExecutionRole
			}
			return nil
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	roles := map[string]string{}
	for _, one := range owners {
		if one.user != "" {
			roles[one.user] = one.role
		}
	}
	return roles, nil
}

// roleOf is the role that the profiles of all members have; empty where they don't agree, and where nobody has a profile.
func (d domains) roleOf(ctx context.Context, groupID string, roles map[string]string) (string, error) {
	store, err := d.Directory(ctx)
	if err != nil {
		return "", err
	}
	members, err := store.Members(ctx, groupID)
	if err != nil {
		return "", err
	}
	agreed := ""
	for _, user := range d.Users {
		role, has := roles[user.UserName]
		switch {
		case !members[user.ID] || !has:
		case agreed != "" && agreed != role:
			return "", nil
		default:
			agreed = role
		}
	}
	return agreed, nil
}
