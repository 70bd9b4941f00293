package sandbox_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"studio-onboarding/sandbox"
)

func TestExchangesAreRecordedWithoutSecrets(t *testing.T) {
	var recorded bytes.Buffer
	server, err := sandbox.Start(t.Context(), "127.0.0.1:0", sandbox.Config{Speed: fast, Record: &recorded})
	require.NoError(t, err)
	w := world{T: t, Client: sandbox.Client{URL: server.URL}, Assertions: require.New(t), ctx: t.Context()}

	secrets := secretsmanager.NewFromConfig(w.studio())
	_, err = secrets.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String("token"), SecretString: aws.String(`very "secret" text`)})
	w.NoError(err)
	value, err := secrets.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("token")})
	w.NoError(err)
	w.Equal(`very "secret" text`, *value.SecretString, "the client gets what it asked for")
	session, err := w.onboarder().Credentials.Retrieve(w.ctx)
	w.NoError(err)
	_, err = sagemaker.NewFromConfig(w.studio()).DescribeDomain(w.ctx, &sagemaker.DescribeDomainInput{DomainId: aws.String("d-000000000000")})
	w.Equal("ResourceNotFound", code(err))
	w.NoError(server.Close())

	text := recorded.String()
	for _, secret := range []string{"secret text", `very`, session.SecretAccessKey, session.SessionToken, "Signature="} {
		w.NotContains(text, secret)
	}
	var exchanges []map[string]any
	for lines := bufio.NewScanner(&recorded); lines.Scan(); {
		var exchange map[string]any
		w.NoError(json.Unmarshal(lines.Bytes(), &exchange))
		exchanges = append(exchanges, exchange)
	}
	w.Len(exchanges, 4)
	w.Equal("secretsmanager.CreateSecret", exchanges[0]["target"])
	w.Equal("sts", exchanges[2]["service"])
	w.Contains(exchanges[2]["request"], "Action=AssumeRole")
	w.EqualValues(400, exchanges[3]["status"])
	w.Contains(exchanges[3]["answer"], "ResourceNotFound")
}
