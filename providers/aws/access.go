package aws

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
)

// The fields of a class that errors name.
const (
	FieldRegion      = "spec.aws.region"
	FieldCredentials = "spec.credentials"
	fieldEndpoint    = "spec.aws.endpoint"
)

// callTimeout ends a call that gets no answer.
const callTimeout = 30 * time.Second

// Credentials are an access key. Empty: the SDK's default chain (environment, IRSA, pod identity, instance profile).
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
}

// Access is how AWS is reached.
type Access struct {
	Credentials Credentials
	// Endpoint replaces the endpoints of all services. Empty: AWS's own.
	Endpoint string
	// HTTP carries the calls. Nil: a client of our own with a time limit.
	HTTP aws.HTTPClient
	// Budgets that all providers of the operator share. Nil: none, every call is made at once.
	Budgets *ratelimit.Budgets
	// Now is the clock by which what was read grows old. Nil: time.Now.
	Now func() time.Time
}

var regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)

// load returns the SDK's configuration. Retries are off for every call: AllocateAddress repeated after a lost reply makes two addresses,
// and for the others the reconciler's own backoff knows what the SDK's doesn't, which is that there are other gateways.
func (a Access) load(ctx context.Context, region string) (aws.Config, error) {
	if !regionPattern.MatchString(region) {
		return aws.Config{}, providers.Invalidf(FieldRegion, "%q is not an AWS region; write it like eu-west-1", region)
	}
	if a.Endpoint != "" {
		if u, err := url.Parse(a.Endpoint); err != nil || u.Host == "" {
			return aws.Config{}, providers.Invalidf(fieldEndpoint, "it is not a URL; write it like https://elb.example.net")
		}
	}
	client := a.HTTP
	if client == nil {
		client = awshttp.NewBuildableClient().WithTimeout(callTimeout)
	}
	retryer := func() aws.Retryer { return aws.NopRetryer{} }
	if a.Credentials == (Credentials{}) {
		loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithHTTPClient(client), config.WithRetryer(retryer))
		if err != nil {
			return aws.Config{}, Denied(ReasonCredentials, FieldCredentials, fmt.Errorf("loading AWS's default configuration: %w", err))
		}
		if a.Endpoint != "" {
			loaded.BaseEndpoint = aws.String(a.Endpoint)
		}
		return loaded, nil
	}
	key := a.Credentials
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return aws.Config{}, Denied(ReasonCredentials, FieldCredentials, fmt.Errorf("the Secret needs both an access key ID and a secret access key"))
	}
	loaded := aws.Config{
		Region: region, HTTPClient: client, Retryer: retryer,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, key.SessionToken)),
	}
	if a.Endpoint != "" {
		loaded.BaseEndpoint = aws.String(a.Endpoint)
	}
	return loaded, nil
}

// Open returns the SDK's configuration for a region, and the account that it is for. The error names field if the credentials are refused.
func (a Access) Open(ctx context.Context, region, field string) (aws.Config, string, error) {
	loaded, err := a.load(ctx, region)
	if err != nil {
		return aws.Config{}, "", InField(err, field)
	}
	account, err := accountOf(ctx, a.budgeted(loaded, ""), field)
	if err != nil {
		return aws.Config{}, "", err
	}
	return a.budgeted(loaded, account), account, nil
}

// accountOf returns the account that the credentials are of. The error names field if they are refused, and the region if that is what
// does not exist.
func accountOf(ctx context.Context, loaded aws.Config, field string) (string, error) {
	if _, err := loaded.Credentials.Retrieve(ctx); err != nil {
		return "", Denied(ReasonCredentials, field, fmt.Errorf("finding AWS credentials: %w; set %s, or give the operator's pod a role", err, field))
	}
	account, err := ask(ctx, loaded)
	if HasCode(err, "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure") && loaded.Region != Home(loaded.Region) {
		// A signature for a region that does not exist is refused as a wrong one is. If the same key is good elsewhere, it is the region.
		elsewhere := loaded.Copy()
		elsewhere.Region = Home(loaded.Region)
		if _, known := ask(ctx, elsewhere); known == nil {
			return "", Denied(ReasonRegion, FieldRegion, fmt.Errorf("AWS takes these credentials in %s and not in %q; correct the region: %w",
				elsewhere.Region, loaded.Region, err))
		}
	}
	if err != nil {
		return "", fmt.Errorf("asking whose the AWS credentials are: %w", InField(common.Classed(err), field))
	}
	return account, nil
}

// ask returns the account of a key. It takes no permission.
func ask(ctx context.Context, loaded aws.Config) (string, error) {
	out, err := sts.NewFromConfig(loaded).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", plainly(err)
	}
	return aws.ToString(out.Account), nil
}

// Home returns the region in which the global services of a region's partition are.
func Home(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "cn-northwest-1"
	case strings.HasPrefix(region, "us-gov-"):
		return "us-gov-west-1"
	default:
		return "us-east-1"
	}
}
