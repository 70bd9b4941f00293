// Package check validates what is deployed with the tools of those who run it: the Helm chart with Helm's own packages and the types of the
// Kubernetes API. It is a module of its own, so that the programs' go.mod stays free of them.
package check

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

const (
	chartDir  = "../helm/studio-onboarding"
	namespace = "studios"
)

// valueSets are the files in ci, by name.
func valueSets(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir, "ci", "*-values.yaml"))
	require.NoError(t, err)
	require.Len(t, files, 4)
	sets := make(map[string]map[string]any)
	for _, file := range files {
		sets[strings.TrimSuffix(filepath.Base(file), "-values.yaml")] = readYAML(t, file)
	}
	return sets
}

func readYAML(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, yaml.UnmarshalStrict(text, &values), file)
	return values
}

// render does what helm template does: values by the schema, then the templates. It answers with the text of each file.
func render(t *testing.T, release string, values map[string]any) (map[string]string, error) {
	t.Helper()
	chart, err := loader.LoadDir(chartDir)
	require.NoError(t, err)
	require.NoError(t, chart.Validate())
	options := common.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	ready, err := util.ToRenderValues(chart, values, options, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, ready)
	named := make(map[string]string)
	for path, text := range files {
		if name := filepath.Base(path); !strings.HasPrefix(name, "_") && strings.TrimSpace(text) != "" {
			named[name] = text
		}
	}
	return named, err
}

// objects renders the chart and decodes every object as the API server would, which refuses fields that it doesn't know, and fields
// that are there twice.
func objects(t *testing.T, values map[string]any) map[string]runtime.Object {
	t.Helper()
	files, err := render(t, "prod", values)
	require.NoError(t, err)
	delete(files, "NOTES.txt")
	found := make(map[string]runtime.Object)
	for name, text := range files {
		object, kind, err := decoder(t).Decode([]byte(text), nil, nil)
		require.NoError(t, err, "%s:\n%s", name, text)
		require.NotContains(t, found, kind.Kind)
		found[kind.Kind] = object
	}
	return found
}

func decoder(t *testing.T) runtime.Decoder {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, clientscheme.AddToScheme(scheme))
	require.NoError(t, monitoringv1.AddToScheme(scheme))
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

func as[T runtime.Object](t *testing.T, found map[string]runtime.Object, kind string) T {
	t.Helper()
	object, ok := found[kind].(T)
	require.True(t, ok, "%s is a %T", kind, found[kind])
	return object
}

func TestTheChartLints(t *testing.T) {
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			for _, message := range lint.RunAll(chartDir, values, namespace).Messages {
				// Icons are for catalogues.
				require.Contains(t, message.Error(), "icon is recommended")
			}
		})
	}
}

func TestWhatEachSetOfValuesMakes(t *testing.T) {
	always := []string{"Deployment", "Service"}
	want := map[string][]string{
		"irsa-bucket": append([]string{"NetworkPolicy", "PodDisruptionBudget", "ServiceAccount"}, always...),
		"pod-identity-everything": append([]string{"NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "PrometheusRule",
			"ServiceAccount", "ServiceMonitor"}, always...),
		"static-keys-volume": append([]string{"NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "ServiceAccount"}, always...),
		"bare":               always,
	}
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			found := objects(t, values)
			require.ElementsMatch(t, want[name], slices.Collect(maps.Keys(found)))
			for kind, object := range found {
				about, err := meta.Accessor(object)
				require.NoError(t, err)
				require.Equal(t, namespace, about.GetNamespace(), kind)
				require.Empty(t, validation.IsDNS1123Subdomain(about.GetName()), kind)
				require.Equal(t, "studio-onboarding", about.GetLabels()["app.kubernetes.io/name"], kind)
				for _, value := range about.GetLabels() {
					require.Empty(t, validation.IsValidLabelValue(value), kind)
				}
			}
		})
	}
}

// Whatever selects the pods selects these, and nothing selects by what changes with a version.
func TestSelectorsFindThePods(t *testing.T) {
	found := objects(t, valueSets(t)["pod-identity-everything"])
	deployment := as[*appsv1.Deployment](t, found, "Deployment")
	pods := labels.Set(deployment.Spec.Template.Labels)
	service := as[*corev1.Service](t, found, "Service")
	for what, selector := range map[string]*metav1.LabelSelector{
		"Deployment":          deployment.Spec.Selector,
		"Service":             {MatchLabels: service.Spec.Selector},
		"PodDisruptionBudget": as[*policyv1.PodDisruptionBudget](t, found, "PodDisruptionBudget").Spec.Selector,
		"NetworkPolicy":       &as[*networkingv1.NetworkPolicy](t, found, "NetworkPolicy").Spec.PodSelector,
	} {
		parsed, err := metav1.LabelSelectorAsSelector(selector)
		require.NoError(t, err)
		require.False(t, parsed.Empty(), what)
		require.True(t, parsed.Matches(pods), what)
		require.False(t, parsed.Matches(labels.Set{}), what)
		require.NotContains(t, selector.MatchLabels, "app.kubernetes.io/version", what)
	}
	monitor := as[*monitoringv1.ServiceMonitor](t, found, "ServiceMonitor")
	parsed, err := metav1.LabelSelectorAsSelector(&monitor.Spec.Selector)
	require.NoError(t, err)
	require.True(t, parsed.Matches(labels.Set(service.Labels)))
	require.Equal(t, service.Spec.Ports[0].Name, monitor.Spec.Endpoints[0].Port)
	require.Equal(t, "prometheus", monitor.Labels["release"])
	require.Equal(t, "studio-onboarding", service.Labels[monitor.Spec.JobLabel], "the job that alert rules name")
}

func TestThePodsAreHardened(t *testing.T) {
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			pod := as[*appsv1.Deployment](t, objects(t, values), "Deployment").Spec.Template.Spec
			require.False(t, *pod.AutomountServiceAccountToken)
			require.True(t, *pod.SecurityContext.RunAsNonRoot)
			require.EqualValues(t, 65532, *pod.SecurityContext.RunAsUser)
			require.EqualValues(t, 65532, *pod.SecurityContext.FSGroup)
			require.Equal(t, corev1.FSGroupChangeOnRootMismatch, *pod.SecurityContext.FSGroupChangePolicy)
			require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
			require.False(t, pod.HostNetwork || pod.HostPID || pod.HostIPC)
			require.Len(t, pod.Containers, 1)
			box := pod.Containers[0]
			require.True(t, *box.SecurityContext.ReadOnlyRootFilesystem)
			require.False(t, *box.SecurityContext.AllowPrivilegeEscalation)
			require.Equal(t, []corev1.Capability{"ALL"}, box.SecurityContext.Capabilities.Drop)
			require.Empty(t, box.SecurityContext.Capabilities.Add)
			require.NotEmpty(t, box.Resources.Requests.Cpu().String())
			require.False(t, box.Resources.Limits.Memory().IsZero())
			for _, volume := range pod.Volumes {
				require.Nil(t, volume.HostPath)
			}
			mounted := make(map[string]bool)
			for _, mount := range box.VolumeMounts {
				mounted[mount.Name] = true
				require.True(t, mount.ReadOnly || mount.Name == "tmp" || mount.Name == "store", mount.Name)
			}
			require.Len(t, mounted, len(pod.Volumes), "each volume is mounted")
		})
	}
}

// Probes and metrics are at one port, which the worker is told of.
func TestProbesAskTheMetricsListener(t *testing.T) {
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			found := objects(t, values)
			box := as[*appsv1.Deployment](t, found, "Deployment").Spec.Template.Spec.Containers[0]
			port := map[bool]int32{false: 9464, true: 9090}[name == "pod-identity-everything"]
			require.Equal(t, []corev1.ContainerPort{{Name: "metrics", ContainerPort: port, Protocol: corev1.ProtocolTCP}}, box.Ports)
			require.Contains(t, box.Args, map[bool]string{false: "--metrics-listen=:9464", true: "--metrics-listen=:9090"}[port == 9090])
			require.Equal(t, port, as[*corev1.Service](t, found, "Service").Spec.Ports[0].Port)
			require.Equal(t, "/healthz", box.LivenessProbe.HTTPGet.Path)
			require.Equal(t, "/healthz", box.StartupProbe.HTTPGet.Path)
			require.Equal(t, "/readyz", box.ReadinessProbe.HTTPGet.Path)
			for _, probe := range []*corev1.Probe{box.LivenessProbe, box.StartupProbe, box.ReadinessProbe} {
				require.Equal(t, "metrics", probe.HTTPGet.Port.StrVal)
			}
		})
	}
}

// environment is what the container's variables are: values, and for those of a Secret "NAME/KEY".
func environment(box corev1.Container) map[string]string {
	all := make(map[string]string)
	for _, variable := range box.Env {
		all[variable.Name] = variable.Value
		if from := variable.ValueFrom; from != nil {
			all[variable.Name] = "secret " + from.SecretKeyRef.Name + "/" + from.SecretKeyRef.Key
		}
	}
	return all
}

func TestSettingsReachTheWorker(t *testing.T) {
	of := func(name string) map[string]string {
		return environment(as[*appsv1.Deployment](t, objects(t, valueSets(t)[name]), "Deployment").Spec.Template.Spec.Containers[0])
	}
	require.Equal(t, map[string]string{
		"TEMPORAL_ADDRESS": "temporal-frontend.temporal:7233", "TEMPORAL_NAMESPACE": "default",
		"PAYLOAD_KEYS": "secret payload-keys/payload-keys.json", "TEMPORAL_PAYLOAD_KEYS": "env:PAYLOAD_KEYS",
		"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_AUTHORIZATIONMODE": "PrivateKey",
		"OKTA_CLIENT_CLIENTID":   "0oa1example",
		"OKTA_CLIENT_SCOPES":     "okta.apps.read,okta.apps.manage,okta.groups.read,okta.groups.manage,okta.users.read,okta.logs.read",
		"OKTA_CLIENT_PRIVATEKEY": "/run/secrets/okta/private-key.pem",
		"AWS_REGION":             "us-east-1", "STORE": "s3://acme-studio-onboarding/production",
	}, of("irsa-bucket"))
	require.Equal(t, map[string]string{
		"TEMPORAL_ADDRESS": "temporal.example.com:443", "TEMPORAL_NAMESPACE": "default",
		"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_AUTHORIZATIONMODE": "SSWS", "OKTA_CLIENT_TOKEN": "secret okta-token/token",
		"AWS_REGION": "us-gov-west-1", "AWS_ACCESS_KEY_ID": "secret aws-keys/aws-access-key-id",
		"AWS_SECRET_ACCESS_KEY": "secret aws-keys/aws-secret-access-key", "AWS_SESSION_TOKEN": "secret aws-keys/aws-session-token",
		"STORE": "/var/lib/studio-onboarding/store",
	}, of("static-keys-volume"))
	everything := of("pod-identity-everything")
	for variable, value := range map[string]string{
		"TEMPORAL_API_KEY": "secret temporal-cloud/api-key", "TEMPORAL_DEPLOYMENT_NAME": "onboarding", "TEMPORAL_WORKER_BUILD_ID": "1.4.0",
		"TEMPORAL_TLS": "true", "TEMPORAL_TLS_SERVER_NAME": "acme.a1b2c.tmprl.cloud",
		"TEMPORAL_TLS_CLIENT_CERT_PATH": "/run/secrets/temporal-tls/tls.crt", "TEMPORAL_TLS_CLIENT_KEY_PATH": "/run/secrets/temporal-tls/tls.key",
		"TEMPORAL_TLS_SERVER_CA_CERT_PATH": "/run/secrets/temporal-ca/ca.crt", "OKTA_CLIENT_PRIVATEKEYID": "kid-1",
		"NOTIFY_WEBHOOK_URL": "file:/run/secrets/studio-onboarding/webhook-url", "NOTIFY_SLACK_URL": "env:SLACK_URL",
		"NOTIFY_WEBHOOK_SECRET": "file:/run/secrets/studio-onboarding/webhook-key",
		"NOTIFY_TEAMS_URL":      "aws-sm:arn:aws:secretsmanager:eu-central-1:111122223333:secret:teams",
		"NOTIFY_MAIL_SERVER":    "smtps://studios@mail.example.com", "NOTIFY_MAIL_FROM": "studios@example.com",
		"NOTIFY_MAIL_PASSWORD": "file:/run/secrets/studio-onboarding/mail-password",
		"NOTIFY_MAIL_TO":       "platform@example.com,security@example.com", "SLACK_URL": "secret slack/url", "GOMEMLIMIT": "256MiB",
	} {
		require.Equal(t, value, everything[variable], variable)
	}
	require.NotContains(t, everything, "AWS_ACCESS_KEY_ID")

	full := objects(t, valueSets(t)["pod-identity-everything"])
	deployment := as[*appsv1.Deployment](t, full, "Deployment")
	require.Contains(t, deployment.Spec.Template.Spec.Containers[0].Args, "--adopt-store")
	require.Equal(t, "registry.example.com/studio-onboarding/worker@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		deployment.Spec.Template.Spec.Containers[0].Image)
	require.Equal(t, "onboarding", deployment.Name)
	require.Equal(t, "system-cluster-critical", deployment.Spec.Template.Spec.PriorityClassName)
	claim := as[*corev1.PersistentVolumeClaim](t, full, "PersistentVolumeClaim")
	require.Equal(t, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}, claim.Spec.AccessModes)
	require.Equal(t, "keep", claim.Annotations["helm.sh/resource-policy"])
	require.Equal(t, "5Gi", claim.Spec.Resources.Requests.Storage().String())
}

func TestWorkloadIdentity(t *testing.T) {
	sets := valueSets(t)
	account := as[*corev1.ServiceAccount](t, objects(t, sets["irsa-bucket"]), "ServiceAccount")
	require.Equal(t, map[string]string{
		"eks.amazonaws.com/role-arn":               "arn:aws:iam::111122223333:role/studio-onboarding-worker",
		"eks.amazonaws.com/sts-regional-endpoints": "true",
	}, account.Annotations)
	require.Equal(t, "prod-studio-onboarding", account.Name)

	found := objects(t, sets["pod-identity-everything"])
	account = as[*corev1.ServiceAccount](t, found, "ServiceAccount")
	require.Equal(t, map[string]string{"example.com/owner": "platform"}, account.Annotations)
	require.Equal(t, account.Name, as[*appsv1.Deployment](t, found, "Deployment").Spec.Template.Spec.ServiceAccountName)
	files, err := render(t, "prod", sets["pod-identity-everything"])
	require.NoError(t, err)
	require.Contains(t, files["NOTES.txt"], "create-pod-identity-association --cluster-name CLUSTER --namespace studios")

	require.Equal(t, "onboarding", as[*appsv1.Deployment](t, objects(t, sets["bare"]), "Deployment").Spec.Template.Spec.ServiceAccountName)
}

// reaches says whether a policy lets traffic out to a port, at an address that is named as a block or, with "", anywhere.
func reaches(policy *networkingv1.NetworkPolicy, block string, port int) bool {
	for _, rule := range policy.Spec.Egress {
		there := block == "" && len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(peer networkingv1.NetworkPolicyPeer) bool {
			return peer.IPBlock != nil && peer.IPBlock.CIDR == block
		})
		if there && slices.ContainsFunc(rule.Ports, func(p networkingv1.NetworkPolicyPort) bool { return p.Port.IntValue() == port }) {
			return true
		}
	}
	return false
}

func TestTheNetworkPolicyLetsOutWhatTheWorkerNeeds(t *testing.T) {
	policyOf := func(name string) *networkingv1.NetworkPolicy {
		return as[*networkingv1.NetworkPolicy](t, objects(t, valueSets(t)[name]), "NetworkPolicy")
	}
	const agent, metadata = "169.254.170.23/32", "169.254.169.254/32"
	irsa := policyOf("irsa-bucket")
	require.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}, irsa.Spec.PolicyTypes)
	require.True(t, reaches(irsa, "", 53) && reaches(irsa, "", 7233) && reaches(irsa, "0.0.0.0/0", 443))
	require.False(t, reaches(irsa, agent, 80) || reaches(irsa, metadata, 80) || reaches(irsa, "", 443))
	for _, rule := range irsa.Spec.Egress {
		for _, peer := range rule.To {
			if peer.IPBlock.CIDR == "0.0.0.0/0" {
				require.Equal(t, []string{"169.254.0.0/16"}, peer.IPBlock.Except, "not the node's credentials")
			}
		}
	}
	require.Len(t, irsa.Spec.Ingress, 1)
	require.Equal(t, "metrics", irsa.Spec.Ingress[0].Ports[0].Port.StrVal)

	everything := policyOf("pod-identity-everything")
	require.True(t, reaches(everything, agent, 80))
	require.True(t, reaches(everything, "203.0.113.0/24", 7233) && !reaches(everything, "", 7233))
	require.True(t, reaches(everything, "", 465), "mail")
	require.True(t, reaches(everything, "198.51.100.7/32", 3128))
	require.Equal(t, "monitoring", everything.Spec.Ingress[0].From[0].NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])

	values := valueSets(t)["bare"]
	values["networkPolicy"] = map[string]any{"enabled": true}
	require.True(t, reaches(as[*networkingv1.NetworkPolicy](t, objects(t, values), "NetworkPolicy"), metadata, 80), "the node's role")
}

func TestTheAlertRules(t *testing.T) {
	rule := as[*monitoringv1.PrometheusRule](t, objects(t, valueSets(t)["pod-identity-everything"]), "PrometheusRule")
	groups := make(map[string]int)
	for _, group := range rule.Spec.Groups {
		groups[group.Name] = len(group.Rules)
		for _, alert := range group.Rules {
			require.NotEmpty(t, alert.Annotations["summary"], alert.Alert)
		}
	}
	require.Equal(t, 1, groups["onboarding-pods"])
	require.Equal(t, 1, groups["ours"])
	require.Equal(t, `sum(up{namespace="studios",service="onboarding-metrics"}) < 3`, rule.Spec.Groups[0].Rules[0].Expr.StrVal)
	var summaries []string
	for _, alert := range rule.Spec.Groups[1].Rules {
		summaries = append(summaries, alert.Annotations["summary"])
	}
	require.Contains(t, strings.Join(summaries, "\n"), "{{ $labels.", "of the chart's files, too")
	own := rule.Spec.Groups[len(rule.Spec.Groups)-1].Rules[0]
	require.Equal(t, "{{ $labels.instance }} is odd", own.Annotations["summary"], "Prometheus's templates stay as they are")
	// Each file of rules in the chart is part of the object.
	files, err := filepath.Glob(filepath.Join(chartDir, "rules", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		for _, group := range readYAML(t, file)["groups"].([]any) {
			require.Contains(t, groups, group.(map[string]any)["name"])
		}
	}
}

// The chart has to carry the rules itself: they are those of Prometheus without the operator.
func TestTheChartHasTheRulesOfPrometheus(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join(chartDir, "rules", "alerts.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(rules), `job="studio-onboarding"`)
	original, err := os.ReadFile("../prometheus/alerts.yaml")
	require.NoError(t, err)
	require.Equal(t, string(original), string(rules), "cp deploy/prometheus/alerts.yaml deploy/helm/studio-onboarding/rules/")
}

// One volume for one pod: the new one waits for the old one. A common store: no moment without a worker.
func TestHowWorkersAreReplaced(t *testing.T) {
	strategy := func(name string) appsv1.DeploymentStrategyType {
		return as[*appsv1.Deployment](t, objects(t, valueSets(t)[name]), "Deployment").Spec.Strategy.Type
	}
	require.Equal(t, appsv1.RecreateDeploymentStrategyType, strategy("static-keys-volume"))
	require.Equal(t, appsv1.RollingUpdateDeploymentStrategyType, strategy("irsa-bucket"))
	require.Equal(t, appsv1.RollingUpdateDeploymentStrategyType, strategy("pod-identity-everything"))
}

// with sets a value at a path with dots; nil removes it.
func with(values map[string]any, path string, value any) map[string]any {
	first, rest, deep := strings.Cut(path, ".")
	if !deep {
		values[first] = value
		return values
	}
	below, ok := values[first].(map[string]any)
	if !ok {
		below = map[string]any{}
	}
	values[first] = with(below, rest, value)
	return values
}

func TestWrongValuesAreRefusedWithAReason(t *testing.T) {
	const token = "xoxb-very-secret"
	for _, row := range []struct {
		path  string
		value any
		says  string
	}{
		{"image.repository", "", "image.repository is missing"},
		{"temporal.address", "", "temporal.address is missing"},
		{"temporal.address", "https://temporal:7233", "/temporal/address"},
		{"okta.orgUrl", "", "okta.orgUrl is missing"},
		{"okta.existingSecret", "", "okta.existingSecret is missing"},
		{"okta.clientId", "", "okta.clientId is missing"},
		{"okta.authorizationMode", "Bearer", "/okta/authorizationMode"},
		{"okta.token", token, "'token' not allowed"},
		{"aws.region", "", "aws.region is missing"},
		{"aws.roleArn", "", "aws.roleArn is missing"},
		{"aws.roleArn", "studio-onboarding-worker", "/aws/roleArn"},
		{"aws.credentials", "pod-identity", "aws.roleArn does nothing with aws.credentials pod-identity"},
		{"aws.credentials", "keys", "/aws/credentials"},
		{"store.address", "", "the store is missing"},
		{"store.address", "gs://bucket", "/store/address"},
		{"store.persistence.enabled", true, "exclude each other"},
		{"replicaCount", "two", "/replicaCount"},
		{"notifications.slackUrl", token, "notifications.slackUrl is a secret in plain"},
		{"notifications.mail.password", token, "notifications.mail.password is a secret in plain"},
		{"extraEnv", []any{map[string]any{"name": "SCIM_TOKEN", "value": token}}, "extraEnv SCIM_TOKEN is a secret in plain"},
		{"serviceAccount.create", false, "serviceAccount.name is missing"},
		{"terminationGracePeriodSeconds", 30, "more than 30"},
		{"temporal.deployment.buildId", "1.4.0", "does nothing without temporal.deployment.name"},
		{"metrics.port", 80, "/metrics/port"},
		{"replicas", 3, "'replicas' not allowed"},
	} {
		t.Run(row.path, func(t *testing.T) {
			_, err := render(t, "prod", with(valueSets(t)["irsa-bucket"], row.path, row.value))
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), token)
			require.Less(t, len(err.Error()), 1024)
		})
	}
	_, err := render(t, "prod", with(valueSets(t)["static-keys-volume"], "replicaCount", 2))
	require.ErrorContains(t, err, "2 workers cannot share a volume with store.persistence.accessMode ReadWriteOnce")
	_, err = render(t, "prod", with(valueSets(t)["static-keys-volume"], "aws.existingSecret", ""))
	require.ErrorContains(t, err, "aws.existingSecret is missing")
}

func TestNamesStayWithinTheirLimit(t *testing.T) {
	files, err := render(t, strings.Repeat("long-", 10)+"name", valueSets(t)["static-keys-volume"])
	require.NoError(t, err)
	delete(files, "NOTES.txt")
	for name, text := range files {
		object, _, err := decoder(t).Decode([]byte(text), nil, nil)
		require.NoError(t, err, name)
		about, err := meta.Accessor(object)
		require.NoError(t, err)
		require.Empty(t, validation.IsDNS1123Label(about.GetName()), "%s: %s", name, about.GetName())
	}
}

// The version of workers is that of their image, unless it is said otherwise.
func TestAVersionIsTheImagesTag(t *testing.T) {
	values := with(valueSets(t)["irsa-bucket"], "temporal.deployment.name", "onboarding")
	box := as[*appsv1.Deployment](t, objects(t, values), "Deployment").Spec.Template.Spec.Containers[0]
	require.Equal(t, "v1.2.3", environment(box)["TEMPORAL_WORKER_BUILD_ID"])
	files, err := render(t, "prod", values)
	require.NoError(t, err)
	require.Contains(t, files["NOTES.txt"], "starter deployment use v1.2.3")
}

// Without keys for payloads the notes say what that means.
func TestTheNotesSayWhenPayloadsArePlain(t *testing.T) {
	for name, plain := range map[string]bool{"irsa-bucket": false, "static-keys-volume": true} {
		files, err := render(t, "prod", valueSets(t)[name])
		require.NoError(t, err)
		require.Equal(t, plain, strings.Contains(files["NOTES.txt"], "Payloads are NOT encrypted"), name)
	}
}

// Every value is in the schema, every one of the schema is in values.yaml, and each is used by a template.
func TestValuesSchemaAndTemplatesAgree(t *testing.T) {
	var templates strings.Builder
	require.NoError(t, filepath.WalkDir(filepath.Join(chartDir, "templates"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		templates.Write(text)
		return err
	}))
	text, err := os.ReadFile(filepath.Join(chartDir, "values.schema.json"))
	require.NoError(t, err)
	var schema map[string]any
	require.NoError(t, json.Unmarshal(text, &schema))
	var walk func(at string, schema, values map[string]any)
	walk = func(at string, schema, values map[string]any) {
		properties, _ := schema["properties"].(map[string]any)
		for name, value := range properties {
			if at == "" && name == "global" { // every chart has it
				continue
			}
			require.Contains(t, values, name, "values.yaml lacks %s.%s", at, name)
			require.Regexp(t, regexp.MustCompile(`\.`+name+`\b`), templates.String(), "no template uses %s.%s", at, name)
			if below, ok := values[name].(map[string]any); ok {
				walk(at+"."+name, value.(map[string]any), below)
			}
		}
	}
	walk("", schema, readYAML(t, filepath.Join(chartDir, "values.yaml")))
}
