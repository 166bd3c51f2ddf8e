package aws

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// as makes a call with another key.
func as(key Key, call func(u *user) error) proof {
	return proof{do: func(u *user) error { return call(userOf(u.t, u.cloud, key, "eu-west-1")) }}
}

// allowed makes a call with a key that may do what it may.
func allowed(allow, deny []string, call func(u *user) error) proof {
	key := DefaultKey
	key.Allow, key.Deny = allow, deny
	return proof{config: Config{Keys: []Key{key}}, do: call}
}

func allocate(u *user) error {
	_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{TagSpecifications: ec2Tags("elastic-ip", "owner", "me")})
	return err
}

func listBalancers(u *user) error {
	_, err := u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{})
	return err
}

const noBalancer = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/eg/0123456789abcdef"

// remakeBalancer asks for the same load balancer each time.
func remakeBalancer(u *user) error {
	_, err := u.elb.CreateLoadBalancer(u.ctx, balancerInput("eg-main", ""))
	return err
}

func listZones(u *user) error {
	_, err := u.dns.ListHostedZones(u.ctx, &route53.ListHostedZonesInput{})
	return err
}

func whoAmI(u *user) error {
	_, err := u.sts.GetCallerIdentity(u.ctx, &sts.GetCallerIdentityInput{})
	return err
}

// hammer makes a call so often that the bucket is empty, in no time.
func hammer(times int, call func(u *user) error) proof {
	return proof{config: Config{Latency: -1}, do: func(u *user) error {
		for i := range times {
			if err := call(u); err != nil {
				return fmt.Errorf("call %d of %d: %s", i, times, code(err))
			}
		}
		return call(u)
	}}
}

// resources asks the tagging API, with the SDK's signer.
func (u *user) resources(query map[string]any) (jsonResources, error) {
	u.t.Helper()
	body, _ := json.Marshal(query)
	request, _ := http.NewRequest(http.MethodPost, Endpoint+"/", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "ResourceGroupsTaggingAPI_20170126.GetResources")
	credentials := must[sdk.Credentials](u)(u.sdk.Credentials.Retrieve(u.ctx))
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(u.ctx, credentials, request, hex.EncodeToString(sum[:]), "tagging", u.sdk.Region, time.Now()); err != nil {
		return jsonResources{}, err
	}
	response := must[*http.Response](u)(u.conn.Client().Do(request))
	defer response.Body.Close()
	text := must[[]byte](u)(io.ReadAll(response.Body))
	if response.StatusCode != http.StatusOK {
		var refusal struct {
			Code    string `json:"__type"`
			Message string
		}
		_ = json.Unmarshal(text, &refusal)
		return jsonResources{}, &smithy.GenericAPIError{Code: refusal.Code, Message: refusal.Message}
	}
	var found jsonResources
	return found, json.Unmarshal(text, &found)
}

func resourcesWith(key Key) proof {
	return as(key, func(u *user) error {
		_, err := u.resources(map[string]any{})
		return err
	})
}

// overSockets makes a call in a region through a real server.
func overSockets(region string, call func(u *user) error) proof {
	return proof{do: func(u *user) error {
		server := httptest.NewServer(u.cloud)
		defer server.Close()
		other := userOf(u.t, u.cloud, DefaultKey, region)
		other.sdk.BaseEndpoint, other.sdk.HTTPClient = &server.URL, server.Client()
		other.ec2, other.elb = ec2.NewFromConfig(other.sdk), elb.NewFromConfig(other.sdk)
		return call(other)
	}}
}

var (
	strangeKey  = Key{ID: "AKIASTRANGE", Secret: "x"}
	strangeWord = Key{ID: DefaultKey.ID, Secret: "not the secret"}
)

var accessProofs = map[string]proof{
	"a-strange-key-at-ec2":              as(strangeKey, allocate),
	"a-strange-key-at-elb":              as(strangeKey, listBalancers),
	"a-strange-key-at-route-53":         as(strangeKey, listZones),
	"a-strange-key-at-sts":              as(strangeKey, whoAmI),
	"a-strange-key-at-the-tagging-api":  resourcesWith(strangeKey),
	"a-wrong-secret-at-ec2":             as(strangeWord, allocate),
	"a-wrong-secret-at-elb":             as(strangeWord, listBalancers),
	"a-wrong-secret-at-route-53":        as(strangeWord, listZones),
	"a-wrong-secret-at-the-tagging-api": resourcesWith(strangeWord),
	"an-expired-key-at-elb": {do: func(u *user) error {
		key := Key{ID: "ASIAOLD", Secret: "x", Session: "token", Account: DefaultKey.Account, Expired: true}
		u.cloud.SetKey(key)
		return listBalancers(userOf(u.t, u.cloud, key, "eu-west-1"))
	}},
	"a-request-that-is-not-signed": {do: func(u *user) error {
		response := must[*http.Response](u)(u.conn.Client().Post(Endpoint, "application/x-www-form-urlencoded", bytes.NewReader([]byte("Action=DescribeLoadBalancers&Version=2015-12-01"))))
		defer response.Body.Close()
		text := must[[]byte](u)(io.ReadAll(response.Body))
		if response.StatusCode == http.StatusForbidden && bytes.Contains(text, []byte("<Code>MissingAuthenticationToken</Code>")) {
			return &smithy.GenericAPIError{Code: "MissingAuthenticationToken"}
		}
		return fmt.Errorf("%d: %s", response.StatusCode, text)
	}},
	"what-the-policy-denies-at-ec2":               allowed(nil, []string{"ec2:AllocateAddress"}, allocate),
	"what-the-policy-does-not-allow":              allowed([]string{"ec2:*"}, nil, listBalancers),
	"what-the-policy-denies-at-route-53":          allowed(nil, []string{"route53:*"}, listZones),
	"tagging-what-one-creates-takes-a-permission": allowed([]string{"ec2:AllocateAddress"}, nil, allocate),
	"everyone-may-ask-who-they-are":               allowed([]string{"ec2:Describe*"}, nil, whoAmI),
	"a-mistyped-region-has-no-address": {do: func(u *user) error {
		err := listBalancers(userOf(u.t, u.cloud, DefaultKey, "eu-wset-1"))
		var lookup *net.DNSError
		if !errors.As(err, &lookup) || !lookup.IsNotFound {
			return fmt.Errorf("it gives %w", err)
		}
		return nil
	}},
	"a-mistyped-region-at-elb": overSockets("eu-wset-1", listBalancers),
	"a-mistyped-region-at-ec2": overSockets("eu-wset-1", allocate),
	"too-many-calls-of-ec2": hammer(100, func(u *user) error {
		_, err := u.ec2.DescribeVpcs(u.ctx, &ec2.DescribeVpcsInput{})
		return err
	}),
	"too-many-calls-of-elb":             hammer(40, listBalancers),
	"an-eleventh-load-balancer-at-once": hammer(10, remakeBalancer),
	"a-load-balancer-every-five-seconds": {config: Config{Latency: 5 * time.Second}, do: func(u *user) error {
		for range 20 {
			if err := remakeBalancer(u); err != nil {
				return err
			}
		}
		return nil
	}},
	"too-many-changes-of-elb": hammer(20, func(u *user) error {
		_, err := u.elb.DeleteLoadBalancer(u.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: sdk.String(noBalancer)})
		return err
	}),
	"too-many-calls-of-elb-in-all": {config: Config{Latency: -1}, do: func(u *user) error {
		for i := range 39 {
			if err := listBalancers(u); err != nil {
				return fmt.Errorf("call %d: %s", i, code(err))
			}
		}
		for range 2 {
			if err := remakeBalancer(u); err != nil {
				return err
			}
		}
		return nil
	}},
	"too-many-calls-of-route-53": hammer(5, listZones),
	"five-calls-a-second-to-route-53": {config: Config{Latency: 200 * time.Millisecond}, do: func(u *user) error {
		for range 20 {
			if err := listZones(u); err != nil {
				return err
			}
		}
		return nil
	}},
	"resources-are-found-by-tag": {do: func(u *user) error {
		if err := allocate(u); err != nil {
			return err
		}
		u.group("eg-main")
		u.targets(targetsInput("eg-main", "TCP", 30443))
		u.cloud.Advance(10 * time.Second)
		found, err := u.resources(map[string]any{"TagFilters": []tagFilter{{"owner", []string{"me"}}}})
		if err == nil && len(found.ResourceTagMappingList) != 2 {
			err = fmt.Errorf("%v", found)
		}
		return err
	}},
	"the-tagging-api-learns-late": {do: func(u *user) error {
		if err := allocate(u); err != nil {
			return err
		}
		found, err := u.resources(map[string]any{"ResourceTypeFilters": []string{"ec2:elastic-ip"}})
		if err == nil && len(found.ResourceTagMappingList) != 0 {
			err = fmt.Errorf("%v", found)
		}
		return err
	}},
	"101-resources-on-a-page": {do: func(u *user) error {
		_, err := u.resources(map[string]any{"ResourcesPerPage": 101})
		return err
	}},
	"another-regions-things-are-not-seen": {do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", ""))
		_, err := userOf(u.t, u.cloud, DefaultKey, "us-east-1").elb.DescribeLoadBalancers(context.Background(), &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}})
		return err
	}},
}
