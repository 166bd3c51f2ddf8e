package peer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// user is somebody with the real SDK in front of a cloud.
type user struct {
	t   testing.TB
	ctx context.Context
	sdk sdk.Config
	ec2 *ec2.Client
	elb *elb.Client
	dns *route53.Client
	sts *sts.Client
}

func newUser(t testing.TB, endpoint, key, secret string, client sdk.HTTPClient) *user {
	u := &user{t: t, ctx: context.Background()}
	u.sdk = sdk.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""), HTTPClient: client, BaseEndpoint: &endpoint, RetryMaxAttempts: 1}
	u.ec2, u.elb, u.dns, u.sts = ec2.NewFromConfig(u.sdk), elb.NewFromConfig(u.sdk), route53.NewFromConfig(u.sdk), sts.NewFromConfig(u.sdk)
	return u
}

// code returns AWS's code of an error that the SDK gives.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	var reply *smithyhttp.ResponseError
	if errors.As(err, &reply) {
		return fmt.Sprint("no API error, status ", reply.HTTPStatusCode())
	}
	if err != nil {
		return "no API error: " + err.Error()
	}
	return ""
}

// must fails the test if there is an error.
func must[T any](u *user) func(T, error) T {
	return func(value T, err error) T {
		u.t.Helper()
		if err != nil {
			u.t.Fatal(err)
		}
		return value
	}
}

func second[T any](_ T, err error) error { return err }

func ec2Tags(kind ec2types.ResourceType, pairs ...string) []ec2types.TagSpecification {
	spec := ec2types.TagSpecification{ResourceType: kind}
	for i := 0; i < len(pairs); i += 2 {
		spec.Tags = append(spec.Tags, ec2types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return []ec2types.TagSpecification{spec}
}

// record is a change of a plain record.
func record(action dnstypes.ChangeAction, name string, kind dnstypes.RRType, ttl int64, values ...string) dnstypes.Change {
	set := &dnstypes.ResourceRecordSet{Name: &name, Type: kind, TTL: &ttl}
	for i := range values {
		set.ResourceRecords = append(set.ResourceRecords, dnstypes.ResourceRecord{Value: &values[i]})
	}
	return dnstypes.Change{Action: action, ResourceRecordSet: set}
}

// alias is a change of an alias record.
func alias(action dnstypes.ChangeAction, name string, kind dnstypes.RRType, zone, target string) dnstypes.Change {
	return dnstypes.Change{Action: action, ResourceRecordSet: &dnstypes.ResourceRecordSet{Name: &name, Type: kind,
		AliasTarget: &dnstypes.AliasTarget{HostedZoneId: &zone, DNSName: &target, EvaluateTargetHealth: true}}}
}

// resources asks the tagging API, whose SDK is not among the module's, with the SDK's signer. It returns the ARNs, sorted.
func (u *user) resources(query any) ([]string, error) {
	u.t.Helper()
	body := must[[]byte](u)(json.Marshal(query))
	request := must[*http.Request](u)(http.NewRequest(http.MethodPost, *u.sdk.BaseEndpoint+"/", bytes.NewReader(body)))
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "ResourceGroupsTaggingAPI_20170126.GetResources")
	sum := sha256.Sum256(body)
	who := must[sdk.Credentials](u)(u.sdk.Credentials.Retrieve(u.ctx))
	if err := v4.NewSigner().SignHTTP(u.ctx, who, request, hex.EncodeToString(sum[:]), "tagging", u.sdk.Region, time.Now()); err != nil {
		return nil, err
	}
	response := must[*http.Response](u)(u.sdk.HTTPClient.Do(request))
	defer func() { _ = response.Body.Close() }()
	text := must[[]byte](u)(io.ReadAll(response.Body))
	var answer struct {
		Code string                         `json:"__type"`
		List []struct{ ResourceARN string } `json:"ResourceTagMappingList"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, &smithy.GenericAPIError{Code: answer.Code}
	}
	var arns []string
	for _, item := range answer.List {
		arns = append(arns, item.ResourceARN)
	}
	slices.Sort(arns)
	return arns, nil
}
