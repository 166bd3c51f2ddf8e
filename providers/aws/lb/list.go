package lb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// The most that AWS puts on a page.
const (
	elbPage = 400
	ec2Page = 1000
)

// ourPrefix is how the names of all that Owner.NameOf names begin.
const ourPrefix = "eg-"

// ListChanges implements providers.ChangeLister. Load balancers and target groups have revisions by name, since lists don't show their tags; the
// tags of load balancers that were adopted are asked for. Addresses, security groups and rules have revisions by their owner's mark. Lists show
// neither listeners nor the attributes, members and health of target groups, and nothing of the class's subnets and of instances.
func (p *Provider) ListChanges(ctx context.Context, places []providers.Place) (map[string]string, error) {
	regions := p.regionsOf(places)
	lines := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		l := listing{region: p.in(name), names: regions[name], lines: lines, lists: newLists()}
		for _, list := range []func(context.Context) error{l.addBalancers, l.addTargetGroups, l.addAddresses, l.addSecurityGroups, l.addRules, l.addCreated} {
			if err := list(ctx); err != nil {
				return nil, err
			}
		}
		l.listed.keep(l.lists)
	}
	return session.Revisions(lines), nil
}

// regionsOf returns the names in places, by region. What is in another account can't be seen; Observe says so to whom it matters to.
func (p *Provider) regionsOf(places []providers.Place) map[string][]string {
	names := map[string][]string{}
	for _, place := range places {
		if place.Provider == Name && place.Account == p.account {
			names[place.Region] = union(names[place.Region], place.Names)
		}
	}
	return names
}

// listing is one listing of a region.
type listing struct {
	*region
	// names in places, and what lists show of each thing, a line each.
	names []string
	lines map[string][]string
	lists *lists
}

func (l listing) add(thing, format string, args ...any) {
	l.lines[thing] = append(l.lines[thing], fmt.Sprintf(format, args...))
}

// ours reports whether a load balancer or target group may be a gateway's: by its name, or because a place names it.
func (l listing) ours(placed, name string) bool {
	return strings.HasPrefix(name, ourPrefix) || slices.Contains(l.names, placed)
}

// addBalancers adds load balancers. Those that a place names and that are not of our making were adopted: whether they still are, their tags say.
func (l listing) addBalancers(ctx context.Context) error {
	adopted := map[string]string{}
	err := l.eachBalancer(ctx, func(lb elbtypes.LoadBalancer) {
		name := aws.ToString(lb.LoadBalancerName)
		put(l.lists.balancers, name, lb)
		thing := placeName(kindBalancer, name)
		if !l.ours(thing, name) {
			return
		}
		state := elbtypes.LoadBalancerState{}
		if lb.State != nil {
			state = *lb.State
		}
		l.add(thing, "%s %s %q %+v", aws.ToString(lb.LoadBalancerArn), state.Code, aws.ToString(state.Reason), balancerSpec(lb))
		if !strings.HasPrefix(name, ourPrefix) {
			adopted[aws.ToString(lb.LoadBalancerArn)] = thing
		}
	})
	if err != nil {
		return err
	}
	tags, err := l.tagsByARN(ctx, slices.Sorted(maps.Keys(adopted)))
	for arn, thing := range adopted {
		l.add(thing, "%s %v", arn, tags[arn])
	}
	return err
}

func (l listing) addTargetGroups(ctx context.Context) error {
	return l.eachTargetGroup(ctx, func(g elbtypes.TargetGroup) {
		name := aws.ToString(g.TargetGroupName)
		put(l.lists.targetGroups, name, g)
		thing := placeName(kindTargets, name)
		if !l.ours(thing, name) {
			return
		}
		var codes string
		if g.Matcher != nil {
			codes = aws.ToString(g.Matcher.HttpCode)
		}
		l.add(thing, "%s %s %s:%d %s %s, checked by %s %s %q %q every %d for %d, %d up, %d down, in use by %v",
			aws.ToString(g.TargetGroupArn), aws.ToString(g.VpcId), g.Protocol, aws.ToInt32(g.Port), g.TargetType, g.IpAddressType,
			g.HealthCheckProtocol, aws.ToString(g.HealthCheckPort), aws.ToString(g.HealthCheckPath), codes,
			aws.ToInt32(g.HealthCheckIntervalSeconds), aws.ToInt32(g.HealthCheckTimeoutSeconds),
			aws.ToInt32(g.HealthyThresholdCount), aws.ToInt32(g.UnhealthyThresholdCount), union(g.LoadBalancerArns, nil))
	})
}

func (l listing) addAddresses(ctx context.Context) error {
	found, err := l.listAddresses(ctx, marked())
	for _, a := range found {
		mark := tagValue(a.Tags, tagOwner)
		put(l.lists.addresses, mark, a)
		l.add(mark, "%s %s on %s %s %v", aws.ToString(a.AllocationId), aws.ToString(a.PublicIp),
			aws.ToString(a.NetworkInterfaceId), aws.ToString(a.AssociationId), tagText(a.Tags))
	}
	return err
}

func (l listing) addSecurityGroups(ctx context.Context) error {
	found, err := l.markedGroups(ctx, marked())
	for _, g := range found {
		mark := tagValue(g.Tags, tagOwner)
		put(l.lists.groups, mark, g)
		l.add(mark, "%s %s %s in %q out %q %v", aws.ToString(g.GroupId), aws.ToString(g.GroupName), aws.ToString(g.VpcId),
			rulesOf(g.IpPermissions), rulesOf(g.IpPermissionsEgress), tagText(g.Tags))
	}
	return err
}

func (l listing) addRules(ctx context.Context) error {
	found, err := l.markedRules(ctx, marked())
	for _, r := range found {
		mark := tagValue(r.Tags, tagOwner)
		put(l.lists.rules, mark, r)
		l.add(mark, "%s in %s: %s", aws.ToString(r.SecurityGroupRuleId), aws.ToString(r.GroupId), accessRule(r))
	}
	return err
}

// addCreated adds the addresses that Observe shows although lists don't. Each Observe changes their lines, so that what it showed is never taken
// for what still is.
func (l listing) addCreated(context.Context) error {
	for mark, lines := range l.created.lines() {
		l.lines[mark] = append(l.lines[mark], lines...)
	}
	return nil
}

// eachBalancer lists all load balancers of the region.
func (r *region) eachBalancer(ctx context.Context, do func(elbtypes.LoadBalancer)) error {
	pages := elb.NewDescribeLoadBalancersPaginator(r.balancers, &elb.DescribeLoadBalancersInput{PageSize: aws.Int32(elbPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing load balancers: %w", classed(err))
		}
		for _, lb := range page.LoadBalancers {
			do(lb)
		}
	}
	return nil
}

// eachTargetGroup lists all target groups of the region.
func (r *region) eachTargetGroup(ctx context.Context, do func(elbtypes.TargetGroup)) error {
	pages := elb.NewDescribeTargetGroupsPaginator(r.targetGroups, &elb.DescribeTargetGroupsInput{PageSize: aws.Int32(elbPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing target groups: %w", classed(err))
		}
		for _, group := range page.TargetGroups {
			do(group)
		}
	}
	return nil
}

// marked is the filter for what bears any gateway's mark.
func marked() ec2types.Filter { return filter("tag-key", tagOwner) }

// tagText returns tags as text, sorted.
func tagText(tags []ec2types.Tag) []string {
	var pairs []string
	for _, tag := range tags {
		pairs = append(pairs, fmt.Sprintf("%s=%q", aws.ToString(tag.Key), aws.ToString(tag.Value)))
	}
	slices.Sort(pairs)
	return pairs
}
