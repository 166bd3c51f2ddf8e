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

// ListOwned implements providers.OwnedLister. It lists the class's region too, since the gateways that left something there may be gone, and not
// other accounts, which are other classes'.
//
// EC2 finds by tag whatever has one. ELB does not: there all Network Load Balancers and the target groups with our names are asked for their
// tags, 20 a call. The tagging API would take fewer calls, but it learns late of what has just come or gone, and by this list people decide
// what to delete. Listeners are listed only on load balancers that were adopted: ours take theirs with them.
func (p *Provider) ListOwned(ctx context.Context, cluster string, places []providers.Place) ([]providers.OwnedResource, error) {
	regions := p.regionsOf(append(slices.Clone(places), p.place()))
	var all []providers.OwnedResource
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		l := ownedListing{region: p.in(name), cluster: cluster, place: providers.Place{Provider: Name, Account: p.account, Region: name}}
		for _, list := range []func(context.Context) ([]providers.OwnedResource, error){l.addressResources, l.groupResources, l.ruleResources, l.balancingResources} {
			found, err := list(ctx)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return session.SortOwned(all), nil
}

// ownedListing lists what a cluster owns in a region.
type ownedListing struct {
	*region
	cluster string
	place   providers.Place
}

// owned returns a thing with these tags, and the command that removes it: the AWS CLI's, with the place's region.
func (l ownedListing) owned(id string, tags map[string]string, command ...string) providers.OwnedResource {
	namespace, name, _ := strings.Cut(tags[tagGateway], "/")
	return providers.OwnedResource{
		Place: l.place, ID: id, Key: tags[tagRole], Mark: tags[tagOwner], Namespace: namespace, Name: name, Retained: tags[tagRetain] == "true",
		Remove: fmt.Sprintf("aws %s --region %s", strings.Join(command, " "), l.place.Region),
	}
}

func (l ownedListing) ofCluster() ec2types.Filter { return filter("tag:"+tagClusterUID, l.cluster) }

func (l ownedListing) addressResources(ctx context.Context) ([]providers.OwnedResource, error) {
	found, err := l.listAddresses(ctx, l.ofCluster())
	var all []providers.OwnedResource
	for _, a := range found {
		id := aws.ToString(a.AllocationId)
		all = append(all, l.owned(id, ec2TagMap(a.Tags), "ec2 release-address --allocation-id", id))
	}
	return all, err
}

func (l ownedListing) groupResources(ctx context.Context) ([]providers.OwnedResource, error) {
	found, err := l.markedGroups(ctx, l.ofCluster())
	var all []providers.OwnedResource
	for _, g := range found {
		id := aws.ToString(g.GroupId)
		all = append(all, l.owned(id, ec2TagMap(g.Tags), "ec2 delete-security-group --group-id", id))
	}
	return all, err
}

func (l ownedListing) ruleResources(ctx context.Context) ([]providers.OwnedResource, error) {
	found, err := l.markedRules(ctx, l.ofCluster())
	var all []providers.OwnedResource
	for _, r := range found {
		id := aws.ToString(r.SecurityGroupRuleId)
		all = append(all, l.owned(id, ec2TagMap(r.Tags), "ec2 revoke-security-group-ingress --group-id", aws.ToString(r.GroupId),
			"--security-group-rule-ids", id))
	}
	return all, err
}

// balancingResources returns load balancers, target groups, and the listeners on load balancers that are not of our making.
func (l ownedListing) balancingResources(ctx context.Context) ([]providers.OwnedResource, error) {
	balancers, groups, err := l.candidates(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := l.tagsByARN(ctx, slices.Concat(slices.Sorted(maps.Keys(balancers)), groups))
	if err != nil {
		return nil, err
	}
	var all []providers.OwnedResource
	for _, arn := range slices.Sorted(maps.Keys(tags)) {
		if tags[arn][tagClusterUID] != l.cluster {
			continue
		}
		name, isBalancer := balancers[arn]
		switch {
		case !isBalancer:
			all = append(all, l.owned(arn, tags[arn], "elbv2 delete-target-group --target-group-arn", arn))
		case madeName.MatchString(name) && tags[arn][tagRetain] != "true":
			all = append(all, l.owned(arn, tags[arn], "elbv2 delete-load-balancer --load-balancer-arn", arn))
		default:
			adopted, err := l.adopted(ctx, arn, tags[arn])
			if err != nil {
				return nil, err
			}
			all = append(all, adopted...)
		}
	}
	return all, nil
}

// candidates returns the names of all Network Load Balancers by ARN, and the ARNs of the target groups with our names.
func (l ownedListing) candidates(ctx context.Context) (map[string]string, []string, error) {
	balancers := map[string]string{}
	err := l.eachBalancer(ctx, func(lb elbtypes.LoadBalancer) {
		if lb.Type == elbtypes.LoadBalancerTypeEnumNetwork {
			balancers[aws.ToString(lb.LoadBalancerArn)] = aws.ToString(lb.LoadBalancerName)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	var groups []string
	err = l.eachTargetGroup(ctx, func(g elbtypes.TargetGroup) {
		if strings.HasPrefix(aws.ToString(g.TargetGroupName), ourPrefix) {
			groups = append(groups, aws.ToString(g.TargetGroupArn))
		}
	})
	return balancers, groups, err
}

// adopted returns a load balancer that was there before us, which is to lose our tags and not to be deleted, and our listeners on it.
func (l ownedListing) adopted(ctx context.Context, arn string, tags map[string]string) ([]providers.OwnedResource, error) {
	all := []providers.OwnedResource{l.owned(arn, tags, "elbv2 remove-tags --resource-arns", arn, "--tag-keys", strings.Join(markTags, " "))}
	attached, err := listeners{l.region}.of(ctx, arn)
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, listener := range attached {
		arns = append(arns, aws.ToString(listener.ListenerArn))
	}
	of, err := l.tagsByARN(ctx, arns)
	if err != nil {
		return nil, err
	}
	for _, listener := range arns {
		if of[listener][tagClusterUID] == l.cluster {
			all = append(all, l.owned(listener, of[listener], "elbv2 delete-listener --listener-arn", listener))
		}
	}
	return all, nil
}

// tagsByARN returns the tags of those that are still there. AWS answers none if one of them is not, so then each is asked for alone.
func (r *region) tagsByARN(ctx context.Context, arns []string) (map[string]map[string]string, error) {
	tags := map[string]map[string]string{}
	for batch := range slices.Chunk(arns, tagBatch) {
		out, err := r.tags.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: batch})
		gone := session.HasCode(err, "LoadBalancerNotFound", "ListenerNotFound", "TargetGroupNotFound")
		switch {
		case gone && len(batch) == 1:
			continue
		case gone:
			for _, arn := range batch {
				one, err := r.tagsByARN(ctx, []string{arn})
				if err != nil {
					return nil, err
				}
				maps.Copy(tags, one)
			}
			continue
		case err != nil:
			return nil, fmt.Errorf("reading the tags of load balancers: %w", classed(err))
		}
		for _, d := range out.TagDescriptions {
			tags[aws.ToString(d.ResourceArn)] = elbTagMap(d.Tags)
		}
	}
	return tags, nil
}

func ec2TagMap(tags []ec2types.Tag) map[string]string {
	all := map[string]string{}
	for _, tag := range tags {
		all[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return all
}

func elbTagMap(tags []elbtypes.Tag) map[string]string {
	all := map[string]string{}
	for _, tag := range tags {
		all[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return all
}
