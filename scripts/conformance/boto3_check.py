#!/usr/bin/env python3
"""boto3 against the sandbox: create, describe, list by pages, update and delete of everything, and errors as typed exceptions."""

import sys

try:
    import boto3
    import botocore.config
    import botocore.exceptions
except ImportError:
    print("boto3: skipped, boto3 is not installed")
    sys.exit(0)

import json
import warnings

from world import REGION, TRUST, Report, World, until

warnings.simplefilter("error")
warnings.simplefilter("ignore", ResourceWarning)
report = Report("boto3")
check = report.check
world = World(sys.argv[1] if len(sys.argv) > 1 else None)
world.enable()


def clients(principal):
    environment = world.environment(principal)
    session = boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    config = botocore.config.Config(retries={"mode": "standard", "max_attempts": 10})
    return lambda service: session.client(service, endpoint_url=world.url, config=config)


management, studio = clients("administrator"), clients("studio-administrator")


def raises(what, exception, call, **arguments):
    """The call must fail with that typed exception."""
    try:
        call(**arguments)
    except exception as error:
        meta = error.response["ResponseMetadata"]
        return check(what, meta["HTTPStatusCode"] >= 400 and error.response["Error"]["Message"], str(error))
    except botocore.exceptions.ClientError as error:
        return check(what, False, f"{type(error).__name__}: {error}")
    return check(what, False, "no error")


def refused(what, code, call, **arguments):
    """The call must fail with that code; services like EC2 model no exceptions."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return check(what, error.response["Error"]["Code"] == code, str(error))
    return check(what, False, "no error")


def pages(what, client, operation, key, at_least, size, parameter="PageSize", **arguments):
    """Pages through a list and answers with all of it; the pages must have the size."""
    all_items, number = [], 0
    for page in client.get_paginator(operation).paginate(PaginationConfig={parameter: size}, **arguments):
        check(f"{what}: page of at most {size}", len(page[key]) <= size)
        all_items += page[key]
        number += 1
    check(f"{what}: {at_least} or more in several pages", len(all_items) >= at_least and number >= at_least / size, f"{len(all_items)} in {number} pages")
    return all_items


def identities():
    sts, iam = management("sts"), management("iam")
    check("sts get-caller-identity", sts.get_caller_identity()["Account"] == "111111111111")
    session = clients("worker")("sts").assume_role(RoleArn="arn:aws:iam::222222222222:role/StudioOnboarding", RoleSessionName="check")
    check("sts assume-role", session["Credentials"]["Expiration"].year > 2000)
    check("iam get-user", iam.get_user()["User"]["UserName"] == "administrator")
    refused("sts wrong signature", "SignatureDoesNotMatch", boto3.client(
        "sts", region_name=REGION, endpoint_url=world.url, aws_access_key_id=world.environment("worker")["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong").get_caller_identity)
    refused("iam an operation that the sandbox has not", "InvalidAction", iam.list_saml_providers)
    refused("sagemaker an operation that the sandbox has not", "UnknownOperationException", management("sagemaker").list_models)
    refused("ec2 an operation that the sandbox has not", "InvalidAction", management("ec2").describe_images)
    refused("a service that the sandbox has not", "UnknownOperationException", management("dynamodb").list_tables)


def organization():
    client = management("organizations")
    check("organizations describe-organization", client.describe_organization()["Organization"]["FeatureSet"] == "ALL")
    accounts = pages("organizations list-accounts", client, "list_accounts", "Accounts", 2, 1)
    check("organizations describe-account", client.describe_account(AccountId=accounts[1]["Id"])["Account"]["Name"] == "Studio")
    raises("organizations AccountNotFoundException", client.exceptions.AccountNotFoundException, client.describe_account, AccountId="333333333333")
    raises("organizations only for the management account", studio("organizations").exceptions.AccessDeniedException, studio("organizations").list_accounts)
    check("organizations list-roots", client.list_roots()["Roots"][0]["Id"].startswith("r-"))
    check("organizations list-aws-service-access", client.list_aws_service_access_for_organization()["EnabledServicePrincipals"])
    check("organizations list-delegated-administrators", client.list_delegated_administrators()["DelegatedAdministrators"] == [])


def quotas():
    client = studio("service-quotas")
    listed = pages("service-quotas list", client, "list_service_quotas", "Quotas", 2, 1, ServiceCode="sagemaker")
    quota = client.get_service_quota(ServiceCode="sagemaker", QuotaCode=listed[0]["QuotaCode"])["Quota"]
    request = client.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=quota["QuotaCode"], DesiredValue=quota["Value"] + 5)["RequestedQuota"]
    check("service-quotas request", request["Status"] == "PENDING")
    raises("service-quotas ResourceAlreadyExistsException", client.exceptions.ResourceAlreadyExistsException, client.request_service_quota_increase,
           ServiceCode="sagemaker", QuotaCode=quota["QuotaCode"], DesiredValue=quota["Value"] + 9)
    until("the increase", lambda: client.get_requested_service_quota_change(RequestId=request["Id"])["RequestedQuota"]["Status"] == "APPROVED")
    check("service-quotas granted", client.get_service_quota(ServiceCode="sagemaker", QuotaCode=quota["QuotaCode"])["Quota"]["Value"] == quota["Value"] + 5)
    raises("service-quotas NoSuchResourceException", client.exceptions.NoSuchResourceException, client.get_service_quota, ServiceCode="sagemaker", QuotaCode="L-00000000")


def secrets():
    client = management("secretsmanager")
    for i in range(3):
        client.create_secret(Name=f"check/{i}", SecretString="one", Tags=[{"Key": "n", "Value": str(i)}])
    pages("secretsmanager list", client, "list_secrets", "SecretList", 3, 2)
    check("secretsmanager filter", len(client.list_secrets(Filters=[{"Key": "name", "Values": ["check/1"]}])["SecretList"]) == 1)
    raises("secretsmanager ResourceExistsException", client.exceptions.ResourceExistsException, client.create_secret, Name="check/0", SecretString="two")
    client.put_secret_value(SecretId="check/0", SecretString="two")
    check("secretsmanager get", client.get_secret_value(SecretId="check/0")["SecretString"] == "two")
    check("secretsmanager previous", client.get_secret_value(SecretId="check/0", VersionStage="AWSPREVIOUS")["SecretString"] == "one")
    client.update_secret(SecretId="check/0", Description="changed")
    client.tag_resource(SecretId="check/0", Tags=[{"Key": "more", "Value": "x"}])
    client.untag_resource(SecretId="check/0", TagKeys=["n"])
    described = client.describe_secret(SecretId="check/0")
    check("secretsmanager describe", described["Description"] == "changed" and [t["Key"] for t in described["Tags"]] == ["more"])
    check("secretsmanager resource policy", "ResourcePolicy" not in client.get_resource_policy(SecretId="check/0"))
    check("secretsmanager versions", len(client.list_secret_version_ids(SecretId="check/0")["Versions"]) == 2)
    client.delete_secret(SecretId="check/0")
    raises("secretsmanager InvalidRequestException", client.exceptions.InvalidRequestException, client.get_secret_value, SecretId="check/0")
    client.restore_secret(SecretId="check/0")
    for i in range(3):
        client.delete_secret(SecretId=f"check/{i}", ForceDeleteWithoutRecovery=True)
    raises("secretsmanager ResourceNotFoundException", client.exceptions.ResourceNotFoundException, client.describe_secret, SecretId="check/0")


def roles():
    client = studio("iam")
    for i in range(3):
        client.create_role(RoleName=f"check-{i}", AssumeRolePolicyDocument=TRUST, Path="/check/", Tags=[{"Key": "n", "Value": str(i)}])
    listed = pages("iam list-roles", client, "list_roles", "Roles", 3, 2, PathPrefix="/check/")
    check("iam trust policy is read", listed[0]["AssumeRolePolicyDocument"]["Version"] == "2012-10-17")
    raises("iam EntityAlreadyExistsException", client.exceptions.EntityAlreadyExistsException, client.create_role, RoleName="CHECK-0", AssumeRolePolicyDocument=TRUST)
    raises("iam MalformedPolicyDocumentException", client.exceptions.MalformedPolicyDocumentException, client.create_role, RoleName="x", AssumeRolePolicyDocument="{")
    client.update_role(RoleName="check-0", Description="a description of several words", MaxSessionDuration=7200)
    client.tag_role(RoleName="check-0", Tags=[{"Key": "more", "Value": "x"}])
    client.untag_role(RoleName="check-0", TagKeys=["n"])
    role = client.get_role(RoleName="check-0")["Role"]
    check("iam update-role", role["MaxSessionDuration"] == 7200 and role["Description"] and [t["Key"] for t in role["Tags"]] == ["more"], str(role))
    check("iam list-role-tags", len(client.list_role_tags(RoleName="check-0")["Tags"]) == 1)
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {"StringLike": {"aws:x": "a b+c"}}}]})
    client.put_role_policy(RoleName="check-0", PolicyName="inline", PolicyDocument=document)
    check("iam get-role-policy", client.get_role_policy(RoleName="check-0", PolicyName="inline")["PolicyDocument"] == json.loads(document))
    check("iam list-role-policies", client.list_role_policies(RoleName="check-0")["PolicyNames"] == ["inline"])
    policy = client.create_policy(PolicyName="check", PolicyDocument=document, Tags=[{"Key": "n", "Value": "1"}])["Policy"]["Arn"]
    client.create_policy_version(PolicyArn=policy, PolicyDocument=document, SetAsDefault=True)
    pages("iam list-policy-versions", client, "list_policy_versions", "Versions", 2, 1, PolicyArn=policy)
    check("iam get-policy-version", client.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]["Document"] == json.loads(document))
    client.attach_role_policy(RoleName="check-0", PolicyArn=policy)
    client.attach_role_policy(RoleName="check-0", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    pages("iam list-attached-role-policies", client, "list_attached_role_policies", "AttachedPolicies", 2, 1, RoleName="check-0")
    check("iam list-entities-for-policy", client.list_entities_for_policy(PolicyArn=policy)["PolicyRoles"][0]["RoleName"] == "check-0")
    pages("iam list-policies", client, "list_policies", "Policies", 5, 4)
    raises("iam DeleteConflictException", client.exceptions.DeleteConflictException, client.delete_role, RoleName="check-0")
    raises("iam DeleteConflictException of policies", client.exceptions.DeleteConflictException, client.delete_policy, PolicyArn=policy)
    raises("iam NoSuchEntityException", client.exceptions.NoSuchEntityException, client.get_role, RoleName="nobody")
    check("iam list-instance-profiles-for-role", client.list_instance_profiles_for_role(RoleName="check-0")["InstanceProfiles"] == [])
    client.detach_role_policy(RoleName="check-0", PolicyArn=policy)
    client.detach_role_policy(RoleName="check-0", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    client.delete_role_policy(RoleName="check-0", PolicyName="inline")
    client.delete_policy_version(PolicyArn=policy, VersionId="v1")
    client.delete_policy(PolicyArn=policy)
    for i in range(3):
        client.delete_role(RoleName=f"check-{i}")
    check("iam service-linked role", client.create_service_linked_role(AWSServiceName="sagemaker.amazonaws.com")["Role"]["Path"].startswith("/aws-service-role/"))
    raises("iam InvalidInputException", client.exceptions.InvalidInputException, client.create_service_linked_role, AWSServiceName="sagemaker.amazonaws.com")
    raises("iam UnmodifiableEntityException", client.exceptions.UnmodifiableEntityException, client.delete_role, RoleName="AWSServiceRoleForAmazonSageMakerNotebooks")


def network():
    client = studio("ec2")
    vpc = client.create_vpc(CidrBlock="10.30.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "check"}]}])["Vpc"]["VpcId"]
    client.get_waiter("vpc_available").wait(VpcIds=[vpc])
    client.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    check("ec2 describe-vpc-attribute", client.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"] is True)
    subnets = [client.create_subnet(VpcId=vpc, CidrBlock=f"10.30.{i}.0/24", AvailabilityZone=REGION + "ab"[i])["Subnet"]["SubnetId"] for i in range(2)]
    check("ec2 describe-subnets", {s["SubnetId"] for s in client.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]} == set(subnets))
    refused("ec2 InvalidSubnet.Conflict", "InvalidSubnet.Conflict", client.create_subnet, VpcId=vpc, CidrBlock="10.30.0.128/25")
    group = client.create_security_group(GroupName="check", Description="check", VpcId=vpc)["GroupId"]
    for number in range(5):
        client.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 8000 + number, "ToPort": 8000 + number,
                                                "IpRanges": [{"CidrIp": "10.30.0.0/16", "Description": "inside"}], "UserIdGroupPairs": [{"GroupId": group}]}])
    check("ec2 describe-security-groups", len(client.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]) == 5)
    pages("ec2 describe-security-group-rules", client, "describe_security_group_rules", "SecurityGroupRules", 11, 5, Filters=[{"Name": "group-id", "Values": [group]}])
    refused("ec2 InvalidPermission.Duplicate", "InvalidPermission.Duplicate", client.authorize_security_group_ingress, GroupId=group,
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": [{"CidrIp": "10.30.0.0/16"}]}])
    client.revoke_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": [{"CidrIp": "10.30.0.0/16"}]}])
    client.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "b"}])
    check("ec2 describe-tags", client.describe_tags(Filters=[{"Name": "resource-id", "Values": [group]}])["Tags"][0]["Value"] == "b")
    client.delete_tags(Resources=[group], Tags=[{"Key": "a"}])
    check("ec2 describe-route-tables", client.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}])["RouteTables"][0]["Routes"])
    check("ec2 describe-network-acls", client.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default", "Values": ["true"]}])["NetworkAcls"])
    check("ec2 describe-availability-zones", len(client.describe_availability_zones()["AvailabilityZones"]) == 3)
    endpoint = client.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.sagemaker.api", VpcEndpointType="Interface", SubnetIds=subnets,
                                          SecurityGroupIds=[group])["VpcEndpoint"]["VpcEndpointId"]
    check("ec2 describe-vpc-endpoints", client.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"] == "available")
    refused("ec2 DependencyViolation", "DependencyViolation", client.delete_vpc, VpcId=vpc)
    check("ec2 delete-vpc-endpoints", client.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == [])
    client.delete_security_group(GroupId=group)
    for subnet in subnets:
        client.delete_subnet(SubnetId=subnet)
    client.delete_vpc(VpcId=vpc)
    refused("ec2 InvalidVpcID.NotFound", "InvalidVpcID.NotFound", client.describe_vpcs, VpcIds=[vpc])
    refused("ec2 DryRunOperation", "DryRunOperation", client.describe_vpcs, DryRun=True)
    check("ec2 empty lists are lists", client.describe_nat_gateways()["NatGateways"] == [] and client.describe_network_interfaces()["NetworkInterfaces"] == [])


def directory():
    client, sso = management("identitystore"), management("sso-admin")
    instance = until("the instance", lambda: sso.list_instances()["Instances"])[0]
    store = instance["IdentityStoreId"]
    users = [client.create_user(IdentityStoreId=store, UserName=f"check{i}@example.com", DisplayName=f"Check {i}", Name={"GivenName": "Check", "FamilyName": str(i)},
                                Emails=[{"Value": f"check{i}@example.com", "Type": "work", "Primary": True}])["UserId"] for i in range(5)]
    pages("identitystore list-users", client, "list_users", "Users", 5, 2, IdentityStoreId=store)
    raises("identitystore ConflictException", client.exceptions.ConflictException, client.create_user, IdentityStoreId=store, UserName="CHECK0@example.com",
           DisplayName="x", Name={"GivenName": "x", "FamilyName": "x"})
    client.update_user(IdentityStoreId=store, UserId=users[0], Operations=[
        {"AttributePath": "displayName", "AttributeValue": "Changed"}, {"AttributePath": "name.givenName", "AttributeValue": "New"},
        {"AttributePath": "phoneNumbers", "AttributeValue": [{"Value": "+1 555 0100", "Type": "work"}]}])
    user = client.describe_user(IdentityStoreId=store, UserId=users[0])
    check("identitystore update-user", user["DisplayName"] == "Changed" and user["Name"]["GivenName"] == "New" and user["PhoneNumbers"][0]["Value"] == "+1 555 0100", str(user))
    for path, value in (("userName", "Check1@Example.com"), ("emails.value", "check1@example.com")):
        found = client.get_user_id(IdentityStoreId=store, AlternateIdentifier={"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}})
        check("identitystore get-user-id by " + path, found["UserId"] == users[1])
    raises("identitystore ResourceNotFoundException", client.exceptions.ResourceNotFoundException, client.describe_user, IdentityStoreId=store, UserId=users[0][:-4] + "0000")
    raises("identitystore ValidationException", client.exceptions.ValidationException, client.describe_user, IdentityStoreId="d", UserId=users[0])
    group = client.create_group(IdentityStoreId=store, DisplayName="Checkers", Description="those who check")["GroupId"]
    client.update_group(IdentityStoreId=store, GroupId=group, Operations=[{"AttributePath": "description", "AttributeValue": "changed"}])
    check("identitystore describe-group", client.describe_group(IdentityStoreId=store, GroupId=group)["Description"] == "changed")
    check("identitystore get-group-id", client.get_group_id(IdentityStoreId=store, AlternateIdentifier={
        "UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "checkers"}})["GroupId"] == group)
    pages("identitystore list-groups", client, "list_groups", "Groups", 1, 1, IdentityStoreId=store)
    memberships = [client.create_group_membership(IdentityStoreId=store, GroupId=group, MemberId={"UserId": u})["MembershipId"] for u in users]
    raises("identitystore ConflictException of memberships", client.exceptions.ConflictException, client.create_group_membership,
           IdentityStoreId=store, GroupId=group, MemberId={"UserId": users[0]})
    pages("identitystore list-group-memberships", client, "list_group_memberships", "GroupMemberships", 5, 2, IdentityStoreId=store, GroupId=group)
    check("identitystore describe-group-membership", client.describe_group_membership(IdentityStoreId=store, MembershipId=memberships[0])["GroupId"] == group)
    check("identitystore get-group-membership-id", client.get_group_membership_id(IdentityStoreId=store, GroupId=group, MemberId={"UserId": users[1]})["MembershipId"] == memberships[1])
    check("identitystore is-member-in-groups", client.is_member_in_groups(IdentityStoreId=store, MemberId={"UserId": users[1]}, GroupIds=[group])["Results"][0]["MembershipExists"])
    client.delete_group_membership(IdentityStoreId=store, MembershipId=memberships[4])
    check("identitystore list-group-memberships-for-member",
          client.list_group_memberships_for_member(IdentityStoreId=store, MemberId={"UserId": users[4]})["GroupMemberships"] == [])
    return instance, store, users, group


def applications(instance):
    client = management("sso-admin")
    arn = instance["InstanceArn"]
    check("sso-admin describe-instance", client.describe_instance(InstanceArn=arn)["Status"] == "ACTIVE")
    pages("sso-admin list-application-providers", client, "list_application_providers", "ApplicationProviders", 3, 2)
    made = [client.create_application(InstanceArn=arn, ApplicationProviderArn="arn:aws:sso::aws:applicationProvider/custom", Name=f"check{i}", Tags=[{"Key": "n", "Value": str(i)}],
                                      PortalOptions={"Visibility": "ENABLED", "SignInOptions": {"Origin": "IDENTITY_CENTER"}})["ApplicationArn"] for i in range(3)]
    pages("sso-admin list-applications", client, "list_applications", "Applications", 3, 2, InstanceArn=arn)
    client.update_application(ApplicationArn=made[0], Name="changed", Status="DISABLED", PortalOptions={"SignInOptions": {"Origin": "APPLICATION", "ApplicationUrl": "https://example.com"}})
    check("sso-admin describe-application", client.describe_application(ApplicationArn=made[0])["Status"] == "DISABLED")
    raises("sso-admin ConflictException", client.exceptions.ConflictException, client.create_application, InstanceArn=arn,
           ApplicationProviderArn="arn:aws:sso::aws:applicationProvider/custom", Name="check1")
    client.put_application_assignment_configuration(ApplicationArn=made[0], AssignmentRequired=False)
    check("sso-admin assignment configuration", client.get_application_assignment_configuration(ApplicationArn=made[0])["AssignmentRequired"] is False)
    client.tag_resource(InstanceArn=arn, ResourceArn=made[0], Tags=[{"Key": "more", "Value": "x"}])
    client.untag_resource(InstanceArn=arn, ResourceArn=made[0], TagKeys=["n"])
    check("sso-admin list-tags-for-resource", [t["Key"] for t in client.list_tags_for_resource(InstanceArn=arn, ResourceArn=made[0])["Tags"]] == ["more"])
    for application in made:
        client.delete_application(ApplicationArn=application)
    raises("sso-admin ResourceNotFoundException", client.exceptions.ResourceNotFoundException, client.describe_application, ApplicationArn=made[0])
    raises("sso-admin ValidationException", client.exceptions.ValidationException, client.describe_application, ApplicationArn="arn:aws:sso::1:x/y")
    account = studio("sso-admin").create_instance(Name="mine")["InstanceArn"]
    studio("sso-admin").update_instance(InstanceArn=account, Name="yours")
    studio("sso-admin").delete_instance(InstanceArn=account)


def domains(users, group):
    client, sso, iam, ec2 = studio("sagemaker"), management("sso-admin"), studio("iam"), studio("ec2")
    role = iam.create_role(RoleName="check-studio", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    vpc = ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = [s["SubnetId"] for s in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]]

    def create(name):
        try:
            return client.create_domain(DomainName=name, AuthMode="SSO", VpcId=vpc, SubnetIds=subnets, DefaultUserSettings={"ExecutionRole": role})["DomainId"]
        except botocore.exceptions.ClientError as error:
            if "execution role ARN is invalid" in str(error):
                return None  # the role hasn't spread yet
            raise

    made = [until("the role", lambda: create(f"check{i}")) for i in range(2)]
    domain = made[0]
    for each in made:
        until("the domain", lambda: client.describe_domain(DomainId=each)["Status"] == "InService")
    raises("sagemaker ResourceInUse", client.exceptions.ResourceInUse, create, name="check0")
    pages("sagemaker list-domains", client, "list_domains", "Domains", 2, 1)
    described = client.describe_domain(DomainId=domain)
    client.update_domain(DomainId=domain, DefaultUserSettings={"ExecutionRole": role, "StudioWebPortal": "ENABLED"})
    until("the update", lambda: client.describe_domain(DomainId=domain)["Status"] == "InService")
    client.add_tags(ResourceArn=described["DomainArn"], Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}])
    client.delete_tags(ResourceArn=described["DomainArn"], TagKeys=["a"])
    check("sagemaker list-tags", client.list_tags(ResourceArn=described["DomainArn"])["Tags"] == [{"Key": "c", "Value": "d"}])
    raises("sagemaker ResourceNotFound", client.exceptions.ResourceNotFound, client.describe_domain, DomainId="d-000000000000")

    application = described["SingleSignOnApplicationArn"]
    for principal, kind in [(users[0], "USER"), (users[1], "USER"), (group, "GROUP")]:
        sso.create_application_assignment(ApplicationArn=application, PrincipalId=principal, PrincipalType=kind)
    raises("sso-admin ConflictException of assignments", sso.exceptions.ConflictException, sso.create_application_assignment,
           ApplicationArn=application, PrincipalId=group, PrincipalType="GROUP")
    until("the assignments", lambda: len(sso.list_application_assignments(ApplicationArn=application)["ApplicationAssignments"]) == 3)
    pages("sso-admin list-application-assignments", sso, "list_application_assignments", "ApplicationAssignments", 3, 2, ApplicationArn=application)
    check("sso-admin describe-application-assignment", sso.describe_application_assignment(
        ApplicationArn=application, PrincipalId=group, PrincipalType="GROUP")["PrincipalType"] == "GROUP")
    instance = sso.list_instances()["Instances"][0]["InstanceArn"]
    pages("sso-admin list-application-assignments-for-principal", sso, "list_application_assignments_for_principal", "ApplicationAssignments", 2, 1,
          InstanceArn=instance, PrincipalId=users[0], PrincipalType="USER")

    names = [f"check-{i}" for i in range(3)]
    for i, name in enumerate(names):
        client.create_user_profile(DomainId=domain, UserProfileName=name, SingleSignOnUserIdentifier="UserName", SingleSignOnUserValue=f"check{i}@example.com")
    for name in names:
        until("the profile", lambda: client.describe_user_profile(DomainId=domain, UserProfileName=name)["Status"] == "InService")
    pages("sagemaker list-user-profiles", client, "list_user_profiles", "UserProfiles", 3, 2, DomainIdEquals=domain)
    client.update_user_profile(DomainId=domain, UserProfileName=names[0], UserSettings={"ExecutionRole": role})
    until("the profile", lambda: client.describe_user_profile(DomainId=domain, UserProfileName=names[0])["Status"] == "InService")
    raises("sagemaker ResourceNotFound of profiles", client.exceptions.ResourceNotFound, client.describe_user_profile, DomainId=domain, UserProfileName="nobody")

    for name in ("private", "shared"):
        client.create_space(DomainId=domain, SpaceName=name, OwnershipSettings={"OwnerUserProfileName": names[0]}, SpaceSharingSettings={"SharingType": name.title()},
                            SpaceSettings={"AppType": "JupyterLab", "SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 5}}})
        until("the space", lambda: client.describe_space(DomainId=domain, SpaceName=name)["Status"] == "InService")
    pages("sagemaker list-spaces", client, "list_spaces", "Spaces", 2, 1, DomainIdEquals=domain)
    client.update_space(DomainId=domain, SpaceName="private", SpaceDisplayName="Changed")
    until("the space", lambda: client.describe_space(DomainId=domain, SpaceName="private")["Status"] == "InService")
    app = {"DomainId": domain, "SpaceName": "private", "AppType": "JupyterLab", "AppName": "default"}
    client.create_app(**app, ResourceSpec={"InstanceType": "ml.t3.medium"})
    until("the app", lambda: client.describe_app(**app)["Status"] == "InService")
    check("sagemaker list-apps", client.list_apps(DomainIdEquals=domain)["Apps"][0]["ResourceSpec"]["InstanceType"] == "ml.t3.medium")
    raises("sagemaker ResourceInUse of spaces", client.exceptions.ResourceInUse, client.delete_space, DomainId=domain, SpaceName="private")
    raises("sagemaker ResourceInUse of profiles", client.exceptions.ResourceInUse, client.delete_user_profile, DomainId=domain, UserProfileName=names[0])
    client.delete_app(**app)
    until("the app to go", lambda: client.describe_app(**app)["Status"] == "Deleted")
    raises("sagemaker ResourceInUse of domains", client.exceptions.ResourceInUse, client.delete_domain, DomainId=domain)
    for name in ("private", "shared"):
        client.delete_space(DomainId=domain, SpaceName=name)
    until("the spaces to go", lambda: not client.list_spaces(DomainIdEquals=domain)["Spaces"])
    for name in names:
        client.delete_user_profile(DomainId=domain, UserProfileName=name)
    until("the profiles to go", lambda: not client.list_user_profiles(DomainIdEquals=domain)["UserProfiles"])
    for principal, kind in [(users[0], "USER"), (users[1], "USER"), (group, "GROUP")]:
        sso.delete_application_assignment(ApplicationArn=application, PrincipalId=principal, PrincipalType=kind)
    for each in made:
        client.delete_domain(DomainId=each, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    until("the domains to go", lambda: not client.list_domains()["Domains"])

    left = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"security-group-for-*-nfs-{domain}"]}])["SecurityGroups"]
    check("a deleted domain leaves two security groups that refer to each other", len(left) == 2)
    refused("ec2 DependencyViolation of security groups", "DependencyViolation", ec2.delete_security_group, GroupId=left[0]["GroupId"])
    for each in left:
        if each["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=each["GroupId"], IpPermissions=each["IpPermissions"])
        if each["IpPermissionsEgress"]:
            ec2.revoke_security_group_egress(GroupId=each["GroupId"], IpPermissions=each["IpPermissionsEgress"])
    for each in left:
        ec2.delete_security_group(GroupId=each["GroupId"])
    iam.delete_role(RoleName="check-studio")


def trail():
    events = pages("cloudtrail lookup-events", management("cloudtrail"), "lookup_events", "Events", 1, 1,
                   LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateGroup"}])
    check("cloudtrail event", events[0]["EventSource"] == "identitystore.amazonaws.com", str(events[0]))


identities()
organization()
quotas()
secrets()
roles()
network()
instance, store, users, group = directory()
applications(instance)
domains(users, group)
trail()
for user in users:
    management("identitystore").delete_user(IdentityStoreId=store, UserId=user)
management("identitystore").delete_group(IdentityStoreId=store, GroupId=group)
report.finish()
