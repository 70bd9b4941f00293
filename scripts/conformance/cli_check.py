#!/usr/bin/env python3
"""The AWS CLI against the sandbox: every resource made, described, listed by pages, changed and deleted, with nothing on stderr."""

import json
import os
import shutil
import subprocess
import sys

from world import REGION, TRUST, Report, World, until

if not shutil.which("aws") or subprocess.run(["aws", "--version"], capture_output=True).returncode:
    print("aws: skipped, the AWS CLI is not installed")
    sys.exit(0)

report = Report("aws")
check = report.check
world = World(sys.argv[1] if len(sys.argv) > 1 else None)
world.enable()
base = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
base.update(AWS_ENDPOINT_URL=world.url, AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION, AWS_PAGER="", AWS_EC2_METADATA_DISABLED="true",
            AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
who = {name: {**base, **{key: world.environment(name)[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}}
       for name in ("administrator", "studio-administrator", "worker")}


def run(principal, command):
    return subprocess.run(["aws", *command, "--output", "json"], env=who[principal], text=True, capture_output=True)


def aws(principal, *command, quiet=False):
    """A command that must succeed with clean output; answers with what it printed."""
    done = run(principal, command)
    if not quiet:
        check(" ".join(command[:2]), done.returncode == 0 and not done.stderr.strip(), done.stderr.strip())
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else {}


def fails(principal, code, *command):
    """A command that must fail with that error code."""
    done = run(principal, command)
    check(f"{' '.join(command[:2])} fails with {code}", done.returncode != 0 and f"({code})" in done.stderr, done.stderr.strip())


def paged(principal, key, at_least, *command):
    """A list that the CLI must put together from pages of one, or of the smallest size."""
    found = aws(principal, *command, "--page-size", "1").get(key, [])
    check(f"{' '.join(command[:2])} has {at_least} or more", len(found) >= at_least, str(len(found)))
    first = aws(principal, *command, "--max-items", "1")
    if len(found) > 1:
        check(" ".join(command[:2]) + " --max-items leaves a token", len(first.get(key, [])) == 1 and "NextToken" in first)
    return found


M, S = "administrator", "studio-administrator"

# Who, organization, quotas
check("account", aws(S, "sts", "get-caller-identity")["Account"] == "222222222222")
aws("worker", "sts", "assume-role", "--role-arn", "arn:aws:iam::222222222222:role/StudioOnboarding", "--role-session-name", "check")
fails("worker", "AccessDeniedException", "sagemaker", "list-domains")
fails(M, "InvalidAction", "iam", "list-users")
fails(M, "UnknownOperationException", "sagemaker", "list-models")
aws(M, "organizations", "describe-organization")
paged(M, "Accounts", 2, "organizations", "list-accounts")
fails(M, "AccountNotFoundException", "organizations", "describe-account", "--account-id", "333333333333")
quota = paged(S, "Quotas", 2, "service-quotas", "list-service-quotas", "--service-code", "sagemaker")[0]["QuotaCode"]
aws(S, "service-quotas", "get-service-quota", "--service-code", "sagemaker", "--quota-code", quota)

# Secrets
for i in "01":
    aws(M, "secretsmanager", "create-secret", "--name", "cli/" + i, "--secret-string", "one")
paged(M, "SecretList", 2, "secretsmanager", "list-secrets")
aws(M, "secretsmanager", "put-secret-value", "--secret-id", "cli/0", "--secret-string", "two")
aws(M, "secretsmanager", "update-secret", "--secret-id", "cli/0", "--description", "changed")
check("the description", aws(M, "secretsmanager", "describe-secret", "--secret-id", "cli/0").get("Description") == "changed")
check("the secret", aws(M, "secretsmanager", "get-secret-value", "--secret-id", "cli/0").get("SecretString") == "two")
aws(M, "secretsmanager", "get-resource-policy", "--secret-id", "cli/0")
for i in "01":
    aws(M, "secretsmanager", "delete-secret", "--secret-id", "cli/" + i, "--force-delete-without-recovery")
fails(M, "ResourceNotFoundException", "secretsmanager", "describe-secret", "--secret-id", "cli/0")

# Roles and policies
for i in "01":
    aws(S, "iam", "create-role", "--role-name", "cli-" + i, "--assume-role-policy-document", TRUST, "--tags", "Key=n,Value=" + i)
paged(S, "Roles", 2, "iam", "list-roles")
aws(S, "iam", "update-role", "--role-name", "cli-0", "--description", "changed")
check("the role", aws(S, "iam", "get-role", "--role-name", "cli-0")["Role"]["Description"] == "changed")
document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
aws(S, "iam", "put-role-policy", "--role-name", "cli-0", "--policy-name", "inline", "--policy-document", document)
check("the inline policy", aws(S, "iam", "get-role-policy", "--role-name", "cli-0", "--policy-name", "inline")["PolicyDocument"] == json.loads(document))
policy = aws(S, "iam", "create-policy", "--policy-name", "cli", "--policy-document", document)["Policy"]["Arn"]
aws(S, "iam", "attach-role-policy", "--role-name", "cli-0", "--policy-arn", policy)
aws(S, "iam", "list-attached-role-policies", "--role-name", "cli-0")
fails(S, "DeleteConflict", "iam", "delete-role", "--role-name", "cli-0")
aws(S, "iam", "detach-role-policy", "--role-name", "cli-0", "--policy-arn", policy)
aws(S, "iam", "delete-policy", "--policy-arn", policy)
aws(S, "iam", "delete-role-policy", "--role-name", "cli-0", "--policy-name", "inline")
aws(S, "iam", "delete-role", "--role-name", "cli-1")
fails(S, "NoSuchEntity", "iam", "get-role", "--role-name", "cli-1")

# Network
vpc = aws(S, "ec2", "create-vpc", "--cidr-block", "10.50.0.0/16")["Vpc"]["VpcId"]
subnet = aws(S, "ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", "10.50.0.0/24")["Subnet"]["SubnetId"]
aws(S, "ec2", "describe-subnets", "--filters", "Name=vpc-id,Values=" + vpc)
check("pages of EC2", len(aws(S, "ec2", "describe-subnets", "--page-size", "5").get("Subnets", [])) >= 4)
group = aws(S, "ec2", "create-security-group", "--group-name", "cli", "--description", "cli", "--vpc-id", vpc)["GroupId"]
aws(S, "ec2", "authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "443", "--cidr", "10.50.0.0/16")
aws(S, "ec2", "describe-security-groups", "--group-ids", group)
aws(S, "ec2", "revoke-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "443", "--cidr", "10.50.0.0/16")
fails(S, "DependencyViolation", "ec2", "delete-vpc", "--vpc-id", vpc)
aws(S, "ec2", "delete-security-group", "--group-id", group)
aws(S, "ec2", "delete-subnet", "--subnet-id", subnet)
aws(S, "ec2", "delete-vpc", "--vpc-id", vpc)
fails(S, "InvalidVpcID.NotFound", "ec2", "describe-vpcs", "--vpc-ids", vpc)

# Directory
until("the instance", lambda: aws(M, "sso-admin", "list-instances", quiet=True)["Instances"])
instance = aws(M, "sso-admin", "list-instances")["Instances"][0]
store, arn = instance["IdentityStoreId"], instance["InstanceArn"]
users = [aws(M, "identitystore", "create-user", "--identity-store-id", store, "--user-name", f"cli{i}@example.com", "--display-name", f"CLI {i}", "--name",
             f"GivenName=CLI,FamilyName={i}", "--emails", f"Value=cli{i}@example.com,Type=work,Primary=true")["UserId"] for i in "01"]
paged(M, "Users", 2, "identitystore", "list-users", "--identity-store-id", store)
aws(M, "identitystore", "update-user", "--identity-store-id", store, "--user-id", users[0], "--operations",
    json.dumps([{"AttributePath": "displayName", "AttributeValue": "Changed"}]))
check("the user", aws(M, "identitystore", "describe-user", "--identity-store-id", store, "--user-id", users[0])["DisplayName"] == "Changed")
fails(M, "ConflictException", "identitystore", "create-user", "--identity-store-id", store, "--user-name", "CLI0@example.com", "--display-name", "x", "--name",
      "GivenName=x,FamilyName=x")
people = aws(M, "identitystore", "create-group", "--identity-store-id", store, "--display-name", "cli-users")["GroupId"]
memberships = [aws(M, "identitystore", "create-group-membership", "--identity-store-id", store, "--group-id", people, "--member-id", "UserId=" + u)["MembershipId"] for u in users]
paged(M, "GroupMemberships", 2, "identitystore", "list-group-memberships", "--identity-store-id", store, "--group-id", people)
aws(M, "identitystore", "delete-group-membership", "--identity-store-id", store, "--membership-id", memberships[1])
fails(M, "ResourceNotFoundException", "identitystore", "describe-group-membership", "--identity-store-id", store, "--membership-id", memberships[1])

# Applications
made = [aws(M, "sso-admin", "create-application", "--instance-arn", arn, "--application-provider-arn", "arn:aws:sso::aws:applicationProvider/custom", "--name",
            "cli" + i)["ApplicationArn"] for i in "01"]
paged(M, "Applications", 2, "sso-admin", "list-applications", "--instance-arn", arn)
aws(M, "sso-admin", "update-application", "--application-arn", made[0], "--status", "DISABLED")
check("the application", aws(M, "sso-admin", "describe-application", "--application-arn", made[0])["Status"] == "DISABLED")
aws(M, "sso-admin", "tag-resource", "--resource-arn", made[0], "--tags", "Key=a,Value=b")
aws(M, "sso-admin", "list-tags-for-resource", "--resource-arn", made[0])
for each in made:
    aws(M, "sso-admin", "delete-application", "--application-arn", each)
fails(M, "ResourceNotFoundException", "sso-admin", "describe-application", "--application-arn", made[0])

# Studio
network = aws(S, "ec2", "describe-vpcs", "--filters", "Name=isDefault,Values=true")["Vpcs"][0]["VpcId"]
subnets = [s["SubnetId"] for s in aws(S, "ec2", "describe-subnets", "--filters", "Name=vpc-id,Values=" + network)["Subnets"]]
role = "arn:aws:iam::222222222222:role/cli-0"
domain = aws(S, "sagemaker", "create-domain", "--domain-name", "cli", "--auth-mode", "SSO", "--vpc-id", network, "--subnet-ids", *subnets,
             "--default-user-settings", "ExecutionRole=" + role)["DomainArn"].split("/")[-1]


def status(*command):
    return aws(S, "sagemaker", *command, quiet=True).get("Status")


def serving(*command):
    until(" ".join(command), lambda: status(*command) == "InService")


serving("describe-domain", "--domain-id", domain)
aws(S, "sagemaker", "list-domains")
aws(S, "sagemaker", "update-domain", "--domain-id", domain, "--default-user-settings", f"ExecutionRole={role},StudioWebPortal=ENABLED")
serving("describe-domain", "--domain-id", domain)
described = aws(S, "sagemaker", "describe-domain", "--domain-id", domain)
aws(S, "sagemaker", "add-tags", "--resource-arn", described["DomainArn"], "--tags", "Key=a,Value=b")
check("tags", aws(S, "sagemaker", "list-tags", "--resource-arn", described["DomainArn"])["Tags"][0]["Value"] == "b")
application = described["SingleSignOnApplicationArn"]
assigned = [(users[0], "USER"), (people, "GROUP")]
for principal, kind in assigned:
    aws(M, "sso-admin", "create-application-assignment", "--application-arn", application, "--principal-id", principal, "--principal-type", kind)
paged(M, "ApplicationAssignments", 2, "sso-admin", "list-application-assignments", "--application-arn", application)
fails(M, "ConflictException", "sso-admin", "create-application-assignment", "--application-arn", application, "--principal-id", people, "--principal-type", "GROUP")
for i in "01":
    aws(S, "sagemaker", "create-user-profile", "--domain-id", domain, "--user-profile-name", "cli-" + i, "--single-sign-on-user-identifier", "UserName",
        "--single-sign-on-user-value", f"cli{i}@example.com")
    serving("describe-user-profile", "--domain-id", domain, "--user-profile-name", "cli-" + i)
paged(S, "UserProfiles", 2, "sagemaker", "list-user-profiles", "--domain-id-equals", domain)
aws(S, "sagemaker", "update-user-profile", "--domain-id", domain, "--user-profile-name", "cli-0", "--user-settings", "ExecutionRole=" + role)
aws(S, "sagemaker", "create-space", "--domain-id", domain, "--space-name", "cli", "--ownership-settings", "OwnerUserProfileName=cli-0",
    "--space-sharing-settings", "SharingType=Private", "--space-settings", "AppType=JupyterLab")
serving("describe-space", "--domain-id", domain, "--space-name", "cli")
app = ["--domain-id", domain, "--space-name", "cli", "--app-type", "JupyterLab", "--app-name", "default"]
aws(S, "sagemaker", "create-app", *app)
serving("describe-app", *app)
aws(S, "sagemaker", "list-apps", "--domain-id-equals", domain)
fails(S, "ResourceInUse", "sagemaker", "delete-space", "--domain-id", domain, "--space-name", "cli")
aws(S, "sagemaker", "delete-app", *app)
until("the app to go", lambda: status("describe-app", *app) == "Deleted")
aws(S, "sagemaker", "delete-space", "--domain-id", domain, "--space-name", "cli")
until("the space to go", lambda: not aws(S, "sagemaker", "list-spaces", quiet=True)["Spaces"])
fails(S, "ResourceInUse", "sagemaker", "delete-domain", "--domain-id", domain)
for i in "01":
    aws(S, "sagemaker", "delete-user-profile", "--domain-id", domain, "--user-profile-name", "cli-" + i)
until("the profiles to go", lambda: not aws(S, "sagemaker", "list-user-profiles", quiet=True)["UserProfiles"])
for principal, kind in assigned:
    aws(M, "sso-admin", "delete-application-assignment", "--application-arn", application, "--principal-id", principal, "--principal-type", kind)
aws(S, "sagemaker", "delete-domain", "--domain-id", domain)
until("the domain to go", lambda: not status("describe-domain", "--domain-id", domain))
fails(S, "ResourceNotFound", "sagemaker", "describe-domain", "--domain-id", domain)
check("what a domain leaves behind", len(aws(S, "ec2", "describe-security-groups", "--filters", f"Name=group-name,Values=security-group-for-*-nfs-{domain}")["SecurityGroups"]) == 2)
aws(S, "iam", "delete-role", "--role-name", "cli-0")
for user in users:
    aws(M, "identitystore", "delete-user", "--identity-store-id", store, "--user-id", user)
aws(M, "identitystore", "delete-group", "--identity-store-id", store, "--group-id", people)
paged(M, "Events", 1, "cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateGroup")
report.finish()
