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

// Sweep implements providers.Sweeper. Load balancers and target groups are told by their names, which lists show and tags not, but for the
// tags of those that were adopted, which are asked for; addresses, security groups and rules by their owner's mark. Lists show neither
// listeners nor the attributes, members and health of target groups, and nothing of the class's subnets and of instances.
func (p *Provider) ListChanges(ctx context.Context, places []providers.Place) (map[string]string, error) {
	regions := p.regionsOf(places)
	texts := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		s := sweep{region: p.in(name), names: regions[name], texts: texts, lists: newLists()}
		for _, list := range []func(context.Context) error{s.balancing, s.groupsOfTargets, s.elastic, s.guards, s.nodeRules, s.remembered} {
			if err := list(ctx); err != nil {
				return nil, err
			}
		}
		s.swept.keep(s.lists)
	}
	return session.Revisions(texts), nil
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

// sweep is one sweep of a region.
type sweep struct {
	*region
	// names in places, and what is told of each thing, a line each.
	names []string
	texts map[string][]string
	lists *lists
}

func (s sweep) tell(thing, format string, args ...any) {
	s.texts[thing] = append(s.texts[thing], fmt.Sprintf(format, args...))
}

// ours says whether a load balancer or target group may be a gateway's: by its name, or because a place names it.
func (s sweep) ours(placed, name string) bool {
	return strings.HasPrefix(name, ourPrefix) || slices.Contains(s.names, placed)
}

// balancing tells load balancers. Those that a place names and that are not of our making were adopted: whether they still are, their tags say.
func (s sweep) balancing(ctx context.Context) error {
	adopted := map[string]string{}
	err := s.eachBalancer(ctx, func(lb elbtypes.LoadBalancer) {
		name := aws.ToString(lb.LoadBalancerName)
		note(s.lists.balancers, name, lb)
		thing := placeName(kindBalancer, name)
		if !s.ours(thing, name) {
			return
		}
		state := elbtypes.LoadBalancerState{}
		if lb.State != nil {
			state = *lb.State
		}
		s.tell(thing, "%s %s %q %+v", aws.ToString(lb.LoadBalancerArn), state.Code, aws.ToString(state.Reason), balancerSpec(lb))
		if !strings.HasPrefix(name, ourPrefix) {
			adopted[aws.ToString(lb.LoadBalancerArn)] = thing
		}
	})
	if err != nil {
		return err
	}
	tags, err := s.tagsByARN(ctx, slices.Sorted(maps.Keys(adopted)))
	for arn, thing := range adopted {
		s.tell(thing, "%s %v", arn, tags[arn])
	}
	return err
}

func (s sweep) groupsOfTargets(ctx context.Context) error {
	return s.eachTargetGroup(ctx, func(g elbtypes.TargetGroup) {
		name := aws.ToString(g.TargetGroupName)
		note(s.lists.targetGroups, name, g)
		thing := placeName(kindTargets, name)
		if !s.ours(thing, name) {
			return
		}
		var codes string
		if g.Matcher != nil {
			codes = aws.ToString(g.Matcher.HttpCode)
		}
		s.tell(thing, "%s %s %s:%d %s %s, checked by %s %s %q %q every %d for %d, %d up, %d down, in use by %v",
			aws.ToString(g.TargetGroupArn), aws.ToString(g.VpcId), g.Protocol, aws.ToInt32(g.Port), g.TargetType, g.IpAddressType,
			g.HealthCheckProtocol, aws.ToString(g.HealthCheckPort), aws.ToString(g.HealthCheckPath), codes,
			aws.ToInt32(g.HealthCheckIntervalSeconds), aws.ToInt32(g.HealthCheckTimeoutSeconds),
			aws.ToInt32(g.HealthyThresholdCount), aws.ToInt32(g.UnhealthyThresholdCount), union(g.LoadBalancerArns, nil))
	})
}

func (s sweep) elastic(ctx context.Context) error {
	found, err := s.listAddresses(ctx, marked())
	for _, a := range found {
		mark := tagValue(a.Tags, tagOwner)
		note(s.lists.addresses, mark, a)
		s.tell(mark, "%s %s on %s %s %v", aws.ToString(a.AllocationId), aws.ToString(a.PublicIp),
			aws.ToString(a.NetworkInterfaceId), aws.ToString(a.AssociationId), tagText(a.Tags))
	}
	return err
}

func (s sweep) guards(ctx context.Context) error {
	found, err := s.markedGroups(ctx, marked())
	for _, g := range found {
		mark := tagValue(g.Tags, tagOwner)
		note(s.lists.groups, mark, g)
		s.tell(mark, "%s %s %s in %q out %q %v", aws.ToString(g.GroupId), aws.ToString(g.GroupName), aws.ToString(g.VpcId),
			rulesOf(g.IpPermissions), rulesOf(g.IpPermissionsEgress), tagText(g.Tags))
	}
	return err
}

func (s sweep) nodeRules(ctx context.Context) error {
	found, err := s.markedRules(ctx, marked())
	for _, r := range found {
		mark := tagValue(r.Tags, tagOwner)
		note(s.lists.rules, mark, r)
		s.tell(mark, "%s in %s: %s", aws.ToString(r.SecurityGroupRuleId), aws.ToString(r.GroupId), accessRule(r))
	}
	return err
}

// remembered tells what Observe shows from memory because lists don't. Each Observe changes it, so that an answer that was given from memory
// never looks like one that still holds.
func (s sweep) remembered(context.Context) error {
	for mark, lines := range s.memory.told() {
		s.texts[mark] = append(s.texts[mark], lines...)
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
