package aws

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// The quotas as the Service Quotas console calls them.
const (
	quotaAddresses = "EC2-VPC Elastic IPs"
	quotaBalancers = "Network Load Balancers per Region"
	quotaTargets   = "Target Groups per Region"
	quotaListeners = "Listeners per Network Load Balancer"
)

// The quotas as ELB's DescribeAccountLimits calls them, and EC2's DescribeAccountAttributes.
const (
	limitAddresses = "vpc-max-elastic-ips"
	limitBalancers = "network-load-balancers"
	limitTargets   = "target-groups"
	limitListeners = "listeners-per-network-load-balancer"
)

// need is how many things of a kind are to be made in a region. The listeners are for the load balancer with an ARN; it is empty if that is to
// be made too.
type need struct {
	addresses, balancers, targets, listeners int
	balancer                                 string
}

// Preflight implements providers.Preflighter. It asks for those quotas that something is to be taken from, and names all that are too small.
// AWS tells the quota of security groups of a region by no call of EC2's; if that is reached, the creation says so.
func (p *LoadBalancers) Preflight(ctx context.Context, desired, observed providers.Graph) error {
	n := needed(desired, observed)
	r := p.in(p.config.Region)
	var short []string
	for _, check := range []func(context.Context, need) ([]string, error){r.checkAddresses, r.checkBalancing} {
		found, err := check(ctx, n)
		if err != nil {
			return err
		}
		short = append(short, found...)
	}
	if len(short) == 0 {
		return nil
	}
	return denied(ReasonQuota, fieldRegion, fmt.Errorf("AWS account %s, region %s: %s", p.account, p.config.Region, strings.Join(short, ". ")))
}

// needed counts what is wanted and not there. What replaces something needs room beside it.
func needed(desired, observed providers.Graph) need {
	var n need
	for _, node := range desired.Nodes {
		there, found := observed.Find(node.Key, node.Name)
		found = found && (!there.Unmanaged || node.Adopt)
		if found && node.Key == balancerKey {
			n.balancer = there.ID
		}
		if found || node.Unmanaged {
			continue
		}
		switch node.Kind() {
		case providers.KindAddress:
			n.addresses++
		case kindBalancer:
			n.balancers++
		case kindTargets:
			n.targets++
		case kindListener:
			n.listeners++
		}
	}
	return n
}

// room says what is wrong and what to do, if a quota has too little left.
func room(quota string, limit, used, needed int) []string {
	if needed == 0 || used+needed <= limit {
		return nil
	}
	return []string{fmt.Sprintf("the quota %q is %d, of which %d are in use, and this needs %d more; %s", quota, limit, used, needed, cureOf(quota))}
}

func (r *region) checkAddresses(ctx context.Context, n need) ([]string, error) {
	if n.addresses == 0 {
		return nil, nil
	}
	limit, told, err := r.addressLimit(ctx)
	if err != nil || !told {
		return nil, err
	}
	out, err := r.addresses.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return nil, fmt.Errorf("counting addresses: %w", classed(err))
	}
	return room(quotaAddresses, limit, len(out.Addresses), n.addresses), nil
}

// addressLimit returns how many addresses the account may have, false if AWS does not tell.
func (r *region) addressLimit(ctx context.Context) (int, bool, error) {
	out, err := r.account.DescribeAccountAttributes(ctx, &ec2.DescribeAccountAttributesInput{})
	if err != nil {
		return 0, false, fmt.Errorf("reading the quota of addresses: %w", classed(err))
	}
	for _, attribute := range out.AccountAttributes {
		if aws.ToString(attribute.AttributeName) != limitAddresses || len(attribute.AttributeValues) == 0 {
			continue
		}
		limit, err := strconv.Atoi(aws.ToString(attribute.AttributeValues[0].AttributeValue))
		return limit, err == nil, nil
	}
	return 0, false, nil
}

// checkBalancing checks all quotas of load balancing. What AWS tells no limit of has none here.
func (r *region) checkBalancing(ctx context.Context, n need) ([]string, error) {
	if n.balancers+n.targets+n.listeners == 0 {
		return nil, nil
	}
	limits, err := r.balancingLimits(ctx)
	if err != nil {
		return nil, err
	}
	var short []string
	if limit, told := limits[limitListeners]; told && n.listeners > 0 {
		used := 0
		if n.balancer != "" {
			there, err := (listeners{r}).of(ctx, n.balancer)
			if err != nil {
				return nil, err
			}
			used = len(there)
		}
		short = append(short, room(quotaListeners, limit, used, n.listeners)...)
	}
	if limit, told := limits[limitBalancers]; told && n.balancers > 0 {
		used := 0
		err := r.eachBalancer(ctx, func(lb elbtypes.LoadBalancer) {
			if lb.Type == elbtypes.LoadBalancerTypeEnumNetwork {
				used++
			}
		})
		if err != nil {
			return nil, err
		}
		short = append(short, room(quotaBalancers, limit, used, n.balancers)...)
	}
	if limit, told := limits[limitTargets]; told && n.targets > 0 {
		used := 0
		if err := r.eachTargetGroup(ctx, func(elbtypes.TargetGroup) { used++ }); err != nil {
			return nil, err
		}
		short = append(short, room(quotaTargets, limit, used, n.targets)...)
	}
	return short, nil
}

// balancingLimits returns ELB's limits, by ELB's names.
func (r *region) balancingLimits(ctx context.Context) (map[string]int, error) {
	limits := map[string]int{}
	in := &elb.DescribeAccountLimitsInput{PageSize: aws.Int32(elbPage)}
	for {
		out, err := r.limits.DescribeAccountLimits(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("reading the quotas of load balancing: %w", classed(err))
		}
		for _, limit := range out.Limits {
			if most, err := strconv.Atoi(aws.ToString(limit.Max)); err == nil {
				limits[aws.ToString(limit.Name)] = most
			}
		}
		if out.NextMarker == nil {
			return limits, nil
		}
		in.Marker = out.NextMarker
	}
}
