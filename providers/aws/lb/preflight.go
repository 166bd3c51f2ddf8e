package lb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
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

// quotaUse is how much of a quota there is, and how much of that is used. AWS does not show all: what it does not is not known.
type quotaUse struct {
	limit, used int
	known       bool
}

// fits reports whether there is room for more.
func (u quotaUse) fits(needed int) bool { return !u.known || u.used+needed <= u.limit }

// quotaAge is how old what was read of a quota may be to conclude that there is room. Nothing is refused by it.
const quotaAge = time.Minute

// demand is what is needed of a quota.
type demand struct {
	quota string
	// of is the load balancer that the quota is of, "" if that is to be made or it is the region's.
	of string
	// needed by this gateway, of which taken leaves less to others.
	needed, taken int
	ask           func(context.Context) (quotaUse, error)
}

// key of the quota among those that were read lately.
func (d demand) key() string { return d.quota + " " + d.of }

// Preflight implements providers.Preflighter. It asks for those quotas that something is to be taken from, and names all that are too small.
// What it lets pass counts as used for the next ones, as long as what was read is believed, so that many gateways that come at once don't
// count the same things. No call of EC2's shows a region's quota of security groups; if that is reached, the creation fails by it.
func (p *Provider) Preflight(ctx context.Context, desired, observed providers.Graph) error {
	r := p.in(p.config.Region)
	demands := r.demands(needed(desired, observed))
	var short []string
	for _, d := range demands {
		there, err := r.quotaUseOf(ctx, d)
		if err != nil {
			return err
		}
		if !there.fits(d.needed) {
			short = append(short, fmt.Sprintf("the quota %q is %d, of which %d are in use, and this needs %d more; %s",
				d.quota, there.limit, there.used, d.needed, cureOf(d.quota)))
		}
	}
	if len(short) > 0 {
		return session.Denied(session.ReasonQuota, session.FieldRegion, fmt.Errorf("AWS account %s, region %s: %s", p.account, p.config.Region, strings.Join(short, ". ")))
	}
	for _, d := range demands {
		r.quotas.change(d.key(), func(u *quotaUse) { u.used += d.taken })
	}
	return nil
}

// demands returns the quotas of which something is needed.
func (r *region) demands(n need) []demand {
	var limits map[string]int
	ofELB := func(name string, count func(context.Context) (int, error)) func(context.Context) (quotaUse, error) {
		return func(ctx context.Context) (quotaUse, error) {
			var err error
			if limits == nil {
				if limits, err = r.balancingLimits(ctx); err != nil {
					return quotaUse{}, err
				}
			}
			there := quotaUse{}
			if there.limit, there.known = limits[name]; there.known {
				there.used, err = count(ctx)
			}
			return there, err
		}
	}
	listeners := func(ctx context.Context) (int, error) { return r.countListeners(ctx, n.balancer) }
	all := []demand{
		{quota: quotaAddresses, needed: n.addresses, taken: n.addresses, ask: r.addressUse},
		{quota: quotaListeners, of: n.balancer, needed: n.listeners, ask: ofELB(limitListeners, listeners)}, // nobody else makes listeners there
		{quota: quotaBalancers, needed: n.balancers, taken: n.balancers, ask: ofELB(limitBalancers, r.countBalancers)},
		{quota: quotaTargets, needed: n.targets, taken: n.targets, ask: ofELB(limitTargets, r.countTargetGroups)},
	}
	return slices.DeleteFunc(all, func(d demand) bool { return d.needed == 0 })
}

// quotaUseOf returns how a quota is used, as it was read lately if there is room by that.
func (r *region) quotaUseOf(ctx context.Context, d demand) (quotaUse, error) {
	if there, known := r.quotas.get(d.key(), r.now()); known && there.fits(d.needed) {
		return there, nil
	}
	there, err := d.ask(ctx)
	if err == nil {
		r.quotas.keep(d.key(), there, r.now())
	}
	return there, err
}

// addressUse returns how the quota of Elastic IPs is used.
func (r *region) addressUse(ctx context.Context) (quotaUse, error) {
	limit, known, err := r.addressLimit(ctx)
	if err != nil || !known {
		return quotaUse{}, err
	}
	out, err := r.addresses.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return quotaUse{}, fmt.Errorf("counting addresses: %w", classed(err))
	}
	return quotaUse{limit: limit, used: len(out.Addresses), known: true}, nil
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

// addressLimit returns how many addresses the account may have, false if AWS does not show it.
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

// countListeners counts those of a load balancer; one that is to be made has none.
func (r *region) countListeners(ctx context.Context, balancer string) (int, error) {
	if balancer == "" {
		return 0, nil
	}
	there, err := (listeners{r}).of(ctx, balancer)
	return len(there), err
}

func (r *region) countBalancers(ctx context.Context) (int, error) {
	count := 0
	err := r.eachBalancer(ctx, func(lb elbtypes.LoadBalancer) {
		if lb.Type == elbtypes.LoadBalancerTypeEnumNetwork {
			count++
		}
	})
	return count, err
}

func (r *region) countTargetGroups(ctx context.Context) (int, error) {
	count := 0
	err := r.eachTargetGroup(ctx, func(elbtypes.TargetGroup) { count++ })
	return count, err
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
