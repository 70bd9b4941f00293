# What a platform team manages around Studio, in the sandbox: terraform_check.py applies it.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "region" { type = string }
variable "management_key" { type = string }
variable "management_secret" {
  type      = string
  sensitive = true
}
variable "studio_key" { type = string }
variable "studio_secret" {
  type      = string
  sensitive = true
}
variable "people" {
  type    = set(string)
  default = ["terra.one", "terra.two"]
}

provider "aws" {
  alias      = "management"
  region     = var.region
  access_key = var.management_key
  secret_key = var.management_secret

  skip_metadata_api_check = true
  endpoints {
    identitystore  = var.endpoint
    organizations  = var.endpoint
    secretsmanager = var.endpoint
    ssoadmin       = var.endpoint
    sts            = var.endpoint
  }
}

provider "aws" {
  region     = var.region
  access_key = var.studio_key
  secret_key = var.studio_secret

  skip_metadata_api_check = true
  endpoints {
    ec2           = var.endpoint
    iam           = var.endpoint
    sagemaker     = var.endpoint
    servicequotas = var.endpoint
    sts           = var.endpoint
  }
}

data "aws_caller_identity" "studio" {}

data "aws_organizations_organization" "this" {
  provider = aws.management
}

data "aws_ssoadmin_instances" "this" {
  provider = aws.management
}

locals {
  instance = data.aws_ssoadmin_instances.this.arns[0]
  store    = data.aws_ssoadmin_instances.this.identity_store_ids[0]
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

data "aws_servicequotas_service_quota" "profiles" {
  service_code = "sagemaker"
  quota_code   = "L-AC46C40F"
}

# The directory.

resource "aws_identitystore_user" "people" {
  provider          = aws.management
  for_each          = var.people
  identity_store_id = local.store
  user_name         = "${each.key}@example.com"
  display_name      = each.key
  name {
    given_name  = split(".", each.key)[0]
    family_name = split(".", each.key)[1]
  }
  emails {
    value   = "${each.key}@example.com"
    type    = "work"
    primary = true
  }
}

resource "aws_identitystore_group" "users" {
  provider          = aws.management
  identity_store_id = local.store
  display_name      = "terraform-studio-users"
  description       = "Those who use Studio"
}

resource "aws_identitystore_group_membership" "users" {
  provider          = aws.management
  for_each          = aws_identitystore_user.people
  identity_store_id = local.store
  group_id          = aws_identitystore_group.users.group_id
  member_id         = each.value.user_id
}

# The execution role.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "buckets" {
  statement {
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::example-data", "arn:aws:s3:::example-data/*"]
  }
}

resource "aws_iam_role" "studio" {
  name               = "TerraformStudio"
  description        = "Execution role of Studio"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = { team = "data" }
}

resource "aws_iam_role_policy" "buckets" {
  name   = "buckets"
  role   = aws_iam_role.studio.id
  policy = data.aws_iam_policy_document.buckets.json
}

resource "aws_iam_policy" "buckets" {
  name   = "TerraformBuckets"
  policy = data.aws_iam_policy_document.buckets.json
}

resource "aws_iam_role_policy_attachment" "studio" {
  for_each   = { studio = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess", buckets = aws_iam_policy.buckets.arn }
  role       = aws_iam_role.studio.name
  policy_arn = each.value
}

# A network of its own, which no domain uses: what Studio leaves behind would keep it from being deleted.

resource "aws_vpc" "own" {
  cidr_block           = "10.40.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "terraform" }
}

resource "aws_subnet" "own" {
  count             = 2
  vpc_id            = aws_vpc.own.id
  cidr_block        = cidrsubnet(aws_vpc.own.cidr_block, 8, count.index)
  availability_zone = "${var.region}${["a", "b"][count.index]}"
}

resource "aws_security_group" "own" {
  name        = "terraform"
  description = "Studio"
  vpc_id      = aws_vpc.own.id
  ingress {
    from_port = 8192
    to_port   = 65535
    protocol  = "tcp"
    self      = true
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpc_security_group_ingress_rule" "nfs" {
  security_group_id = aws_security_group.separate.id
  cidr_ipv4         = aws_vpc.own.cidr_block
  from_port         = 2049
  to_port           = 2049
  ip_protocol       = "tcp"
}

resource "aws_security_group" "separate" {
  name        = "terraform-separate"
  description = "Rules of their own"
  vpc_id      = aws_vpc.own.id
}

resource "aws_vpc_endpoint" "studio" {
  vpc_id              = aws_vpc.own.id
  service_name        = "com.amazonaws.${var.region}.sagemaker.api"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.own[*].id
  security_group_ids  = [aws_security_group.own.id]
  private_dns_enabled = true
}

# Studio.

resource "aws_sagemaker_domain" "studio" {
  domain_name = "terraform"
  auth_mode   = "SSO"
  vpc_id      = data.aws_vpc.default.id
  subnet_ids  = data.aws_subnets.default.ids
  default_user_settings {
    execution_role = aws_iam_role.studio.arn
  }
  tags       = { team = "data" }
  depends_on = [aws_iam_role_policy_attachment.studio]
}

resource "aws_ssoadmin_application_assignment" "group" {
  provider        = aws.management
  application_arn = aws_sagemaker_domain.studio.single_sign_on_application_arn
  principal_id    = aws_identitystore_group.users.group_id
  principal_type  = "GROUP"
}

resource "aws_ssoadmin_application_assignment" "people" {
  provider        = aws.management
  for_each        = aws_identitystore_user.people
  application_arn = aws_sagemaker_domain.studio.single_sign_on_application_arn
  principal_id    = each.value.user_id
  principal_type  = "USER"
}

resource "aws_sagemaker_user_profile" "people" {
  for_each                       = aws_identitystore_user.people
  domain_id                      = aws_sagemaker_domain.studio.id
  user_profile_name              = replace(each.key, ".", "-")
  single_sign_on_user_identifier = "UserName"
  single_sign_on_user_value      = each.value.user_name
  user_settings {
    execution_role = aws_iam_role.studio.arn
  }
  tags = { person = each.key }
}

resource "aws_sagemaker_space" "shared" {
  domain_id  = aws_sagemaker_domain.studio.id
  space_name = "shared"
  ownership_settings {
    owner_user_profile_name = aws_sagemaker_user_profile.people["terra.one"].user_profile_name
  }
  space_sharing_settings {
    sharing_type = "Shared"
  }
  space_settings {
    app_type = "JupyterLab"
    space_storage_settings {
      ebs_storage_settings {
        ebs_volume_size_in_gb = 5
      }
    }
  }
}

resource "aws_sagemaker_app" "lab" {
  domain_id  = aws_sagemaker_domain.studio.id
  space_name = aws_sagemaker_space.shared.space_name
  app_name   = "default"
  app_type   = "JupyterLab"
}

# An application of one's own, and a secret.

resource "aws_ssoadmin_application" "own" {
  provider                 = aws.management
  name                     = "terraform"
  description              = "An application"
  instance_arn             = local.instance
  application_provider_arn = "arn:aws:sso::aws:applicationProvider/custom"
  portal_options {
    visibility = "ENABLED"
    sign_in_options {
      origin          = "APPLICATION"
      application_url = "https://example.com"
    }
  }
  tags = { team = "data" }
}

resource "aws_ssoadmin_application_assignment_configuration" "own" {
  provider            = aws.management
  application_arn     = aws_ssoadmin_application.own.application_arn
  assignment_required = false
}

resource "aws_secretsmanager_secret" "token" {
  provider                = aws.management
  name                    = "terraform/token"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "token" {
  provider      = aws.management
  secret_id     = aws_secretsmanager_secret.token.id
  secret_string = "made up"
}

# What terraform import needs to know.

output "imports" {
  value = merge(
    {
      "aws_iam_role.studio"                       = aws_iam_role.studio.name
      "aws_sagemaker_domain.studio"               = aws_sagemaker_domain.studio.id
      "aws_ssoadmin_application_assignment.group" = "${aws_sagemaker_domain.studio.single_sign_on_application_arn},${aws_identitystore_group.users.group_id},GROUP"
    },
    { for name, profile in aws_sagemaker_user_profile.people : "aws_sagemaker_user_profile.people[\"${name}\"]" => profile.arn },
    { for name, user in aws_identitystore_user.people :
      "aws_ssoadmin_application_assignment.people[\"${name}\"]" => "${aws_sagemaker_domain.studio.single_sign_on_application_arn},${user.user_id},USER"
    },
  )
}
