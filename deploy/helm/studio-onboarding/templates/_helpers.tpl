{{- define "studio.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "studio.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "studio.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "studio.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "studio.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "studio.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is missing: with serviceAccount.create false it names the account that exists" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "studio.claimName" -}}
{{- default (printf "%s-store" (include "studio.fullname" . | trunc 57 | trimSuffix "-")) .Values.store.persistence.existingClaim -}}
{{- end -}}

{{- define "studio.serviceName" -}}
{{- printf "%s-metrics" (include "studio.fullname" . | trunc 55 | trimSuffix "-") -}}
{{- end -}}

{{- define "studio.selectorLabels" -}}
app.kubernetes.io/name: {{ include "studio.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: worker
{{- end -}}

{{- define "studio.labels" -}}
{{ include "studio.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "studio.image" -}}
{{- $repository := required "image.repository is missing: name the registry and repository that you pushed the worker's image to" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The port of temporal.address, for the network policy. */}}
{{- define "studio.temporalPort" -}}
{{- regexFind "[0-9]+$" .Values.temporal.address | default "7233" -}}
{{- end -}}

{{/* What the schema cannot say, in whole sentences. No message shows a value that may be a secret. */}}
{{- define "studio.validate" -}}
{{- $v := .Values -}}
{{- if not $v.temporal.address -}}
{{- fail "temporal.address is missing: the host:port of Temporal's frontend" -}}
{{- end -}}
{{- if not $v.okta.orgUrl -}}
{{- fail "okta.orgUrl is missing: the address of the Okta org, such as https://acme.okta.com" -}}
{{- end -}}
{{- if not $v.okta.existingSecret -}}
{{- fail "okta.existingSecret is missing: the Secret with the service app's private key (or the API token, with authorizationMode SSWS)" -}}
{{- end -}}
{{- if and (eq $v.okta.authorizationMode "PrivateKey") (not $v.okta.clientId) -}}
{{- fail "okta.clientId is missing: authorizationMode PrivateKey needs the service app's client ID" -}}
{{- end -}}
{{- if not $v.aws.region -}}
{{- fail "aws.region is missing: the Region of Identity Center and Studio" -}}
{{- end -}}
{{- if and (eq $v.aws.credentials "irsa") (not $v.aws.roleArn) -}}
{{- fail "aws.roleArn is missing: with aws.credentials irsa it is the role that the service account may assume" -}}
{{- end -}}
{{- if and $v.aws.roleArn (ne $v.aws.credentials "irsa") -}}
{{- fail (printf "aws.roleArn does nothing with aws.credentials %s: leave it out, or set aws.credentials to irsa" $v.aws.credentials) -}}
{{- end -}}
{{- if and (eq $v.aws.credentials "secret") (not $v.aws.existingSecret) -}}
{{- fail "aws.existingSecret is missing: with aws.credentials secret it is the Secret with the access key" -}}
{{- end -}}
{{- if and $v.store.address $v.store.persistence.enabled -}}
{{- fail "store.address and store.persistence.enabled exclude each other: the store is a bucket or a volume" -}}
{{- end -}}
{{- if not (or $v.store.address $v.store.persistence.enabled) -}}
{{- fail "the store is missing: set store.address to s3://BUCKET/PREFIX, or store.persistence.enabled to true for a volume" -}}
{{- end -}}
{{- if and $v.store.persistence.enabled (gt (int $v.replicaCount) 1) (ne $v.store.persistence.accessMode "ReadWriteMany") -}}
{{- fail (printf "%d workers cannot share a volume with store.persistence.accessMode %s: use a bucket, ReadWriteMany, or replicaCount 1" (int $v.replicaCount) $v.store.persistence.accessMode) -}}
{{- end -}}
{{- $references := dict "webhookUrl" $v.notifications.webhookUrl "webhookSecret" $v.notifications.webhookSecret "slackUrl" $v.notifications.slackUrl "teamsUrl" $v.notifications.teamsUrl "mail.password" $v.notifications.mail.password -}}
{{- range $name, $reference := $references -}}
{{- if and $reference (not (regexMatch "^(file:/.|env:.|aws-sm:.)" $reference)) -}}
{{- fail (printf "notifications.%s is a secret in plain: put it in a Secret, and a reference here (file:/run/secrets/studio-onboarding/NAME with secretFiles, env:NAME, aws-sm:ARN)" $name) -}}
{{- end -}}
{{- end -}}
{{- range $v.extraEnv -}}
{{- if and (hasKey . "value") (regexMatch "(?i)(token|secret|password|passwd|privatekey|api_?key|access_key|payload_keys)$" .name) (not (regexMatch "^(file:/.|env:.|aws-sm:.|/)" (toString .value))) -}}
{{- fail (printf "extraEnv %s is a secret in plain: use valueFrom.secretKeyRef" .name) -}}
{{- end -}}
{{- end -}}
{{- if and $v.temporal.deployment.buildId (not $v.temporal.deployment.name) -}}
{{- fail "temporal.deployment.buildId does nothing without temporal.deployment.name" -}}
{{- end -}}
{{- if le (int $v.terminationGracePeriodSeconds) 30 -}}
{{- fail "terminationGracePeriodSeconds has to be more than 30: a stopping worker gives its activities 30 seconds" -}}
{{- end -}}
{{- end -}}
