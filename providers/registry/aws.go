package registry

import (
	"context"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/aws/dns"
	"github.com/edgegateway/edgegateway/providers/aws/lb"
)

// The keys of a Secret with credentials for AWS. The token is optional.
const (
	AWSAccessKeyID     = "aws-access-key-id"
	AWSSecretAccessKey = "aws-secret-access-key"
	AWSSessionToken    = "aws-session-token"
)

// awsAccess returns how a class reaches AWS. Without a Secret, the SDK's default chain is used.
func (r *Registry) awsAccess(class api.EdgeGatewayClassSpec, secret map[string][]byte) aws.Access {
	access := aws.Access{HTTP: r.AWS, Budgets: r.Budgets, Now: r.Pace.Now, Credentials: aws.Credentials{
		AccessKeyID: string(secret[AWSAccessKeyID]), SecretAccessKey: string(secret[AWSSecretAccessKey]), SessionToken: string(secret[AWSSessionToken]),
	}}
	if class.AWS != nil {
		access.Endpoint = class.AWS.Endpoint
	}
	return access
}

func (r *Registry) awsLoadBalancers(ctx context.Context, class api.EdgeGatewayClassSpec, secret map[string][]byte) (providers.Provider, error) {
	p, err := lb.New(ctx, lb.Config{
		Access: r.awsAccess(class, secret), Region: class.AWS.Region, Subnets: class.AWS.Subnets, Internal: class.AWS.Scheme == api.SchemeInternal,
		Retain: class.ReclaimPolicy == api.ReclaimRetain,
	})
	if err != nil {
		return nil, err
	}
	return r.watched(p, 0), nil
}

// route53 returns the DNS provider. Without a Secret of its own it uses the load balancers' if they are in AWS too.
func (r *Registry) route53(ctx context.Context, class api.EdgeGatewayClassSpec, credentials Credentials) (providers.Provider, error) {
	secret := credentials.DNS
	shared := secret == nil && class.Provider == api.ProviderAWS
	if shared {
		secret = credentials.Provider
	}
	access := r.awsAccess(class, secret)
	region := ""
	if class.AWS != nil {
		region = class.AWS.Region
	}
	if settings := class.DNS.Route53; settings != nil && settings.Endpoint != "" {
		access.Endpoint = settings.Endpoint
	}
	p, err := dns.New(ctx, dns.Config{Access: access, Region: region, Zones: class.DNS.Zones, TTL: class.DNS.TTLSeconds, Shared: shared})
	if err != nil {
		return nil, err
	}
	return r.watched(p, dnsPending), nil
}
