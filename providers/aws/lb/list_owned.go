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

// Survey implements providers.Surveyor. It looks in the class's region too, since the gateways that left something there may be gone, and not
// in other accounts, which are other classes'.
//
// EC2 finds by tag whatever has one. ELB does not: there all Network Load Balancers and the target groups with our names are asked for their
// tags, 20 a call. The tagging API would take fewer calls, but it learns late of what has just come or gone, and a survey is for deciding
// what to delete. Listeners are told only on load balancers that were adopted: ours take theirs with them.
func (p *Provider) ListOwned(ctx context.Context, cluster string, places []providers.Place) ([]providers.OwnedResource, error) {
	regions := p.regionsOf(append(slices.Clone(places), p.place()))
	var all []providers.OwnedResource
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		s := survey{region: p.in(name), cluster: cluster, place: providers.Place{Provider: Name, Account: p.account, Region: name}}
		for _, list := range []func(context.Context) ([]providers.OwnedResource, error){s.elastic, s.guards, s.nodeRules, s.balancing} {
			found, err := list(ctx)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return session.SortOwned(all), nil
}

// survey is one survey of a region.
type survey struct {
	*region
	cluster string
	place   providers.Place
}

// possession returns a thing with these tags, and the command that removes it: the AWS CLI's, with the place's region.
func (s survey) possession(id string, tags map[string]string, command ...string) providers.OwnedResource {
	namespace, name, _ := strings.Cut(tags[tagGateway], "/")
	return providers.OwnedResource{
		Place: s.place, ID: id, Key: tags[tagRole], Mark: tags[tagOwner], Namespace: namespace, Name: name, Retained: tags[tagRetain] == "true",
		Remove: fmt.Sprintf("aws %s --region %s", strings.Join(command, " "), s.place.Region),
	}
}

func (s survey) ofCluster() ec2types.Filter { return filter("tag:"+tagClusterUID, s.cluster) }

func (s survey) elastic(ctx context.Context) ([]providers.OwnedResource, error) {
	found, err := s.listAddresses(ctx, s.ofCluster())
	var all []providers.OwnedResource
	for _, a := range found {
		id := aws.ToString(a.AllocationId)
		all = append(all, s.possession(id, ec2TagMap(a.Tags), "ec2 release-address --allocation-id", id))
	}
	return all, err
}

func (s survey) guards(ctx context.Context) ([]providers.OwnedResource, error) {
	found, err := s.markedGroups(ctx, s.ofCluster())
	var all []providers.OwnedResource
	for _, g := range found {
		id := aws.ToString(g.GroupId)
		all = append(all, s.possession(id, ec2TagMap(g.Tags), "ec2 delete-security-group --group-id", id))
	}
	return all, err
}

func (s survey) nodeRules(ctx context.Context) ([]providers.OwnedResource, error) {
	found, err := s.markedRules(ctx, s.ofCluster())
	var all []providers.OwnedResource
	for _, r := range found {
		id := aws.ToString(r.SecurityGroupRuleId)
		all = append(all, s.possession(id, ec2TagMap(r.Tags), "ec2 revoke-security-group-ingress --group-id", aws.ToString(r.GroupId),
			"--security-group-rule-ids", id))
	}
	return all, err
}

// balancing tells load balancers, target groups, and the listeners on load balancers that are not of our making.
func (s survey) balancing(ctx context.Context) ([]providers.OwnedResource, error) {
	balancers, groups, err := s.candidates(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := s.tagsByARN(ctx, slices.Concat(slices.Sorted(maps.Keys(balancers)), groups))
	if err != nil {
		return nil, err
	}
	var all []providers.OwnedResource
	for _, arn := range slices.Sorted(maps.Keys(tags)) {
		if tags[arn][tagClusterUID] != s.cluster {
			continue
		}
		name, isBalancer := balancers[arn]
		switch {
		case !isBalancer:
			all = append(all, s.possession(arn, tags[arn], "elbv2 delete-target-group --target-group-arn", arn))
		case madeName.MatchString(name) && tags[arn][tagRetain] != "true":
			all = append(all, s.possession(arn, tags[arn], "elbv2 delete-load-balancer --load-balancer-arn", arn))
		default:
			adopted, err := s.adopted(ctx, arn, tags[arn])
			if err != nil {
				return nil, err
			}
			all = append(all, adopted...)
		}
	}
	return all, nil
}

// candidates returns the names of all Network Load Balancers by ARN, and the ARNs of the target groups with our names.
func (s survey) candidates(ctx context.Context) (map[string]string, []string, error) {
	balancers := map[string]string{}
	err := s.eachBalancer(ctx, func(lb elbtypes.LoadBalancer) {
		if lb.Type == elbtypes.LoadBalancerTypeEnumNetwork {
			balancers[aws.ToString(lb.LoadBalancerArn)] = aws.ToString(lb.LoadBalancerName)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	var groups []string
	err = s.eachTargetGroup(ctx, func(g elbtypes.TargetGroup) {
		if strings.HasPrefix(aws.ToString(g.TargetGroupName), ourPrefix) {
			groups = append(groups, aws.ToString(g.TargetGroupArn))
		}
	})
	return balancers, groups, err
}

// adopted tells a load balancer that was there before us: it is to lose our tags and not to be deleted, and our listeners on it are to go.
func (s survey) adopted(ctx context.Context, arn string, tags map[string]string) ([]providers.OwnedResource, error) {
	all := []providers.OwnedResource{s.possession(arn, tags, "elbv2 remove-tags --resource-arns", arn, "--tag-keys", strings.Join(markTags, " "))}
	attached, err := listeners{s.region}.of(ctx, arn)
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, listener := range attached {
		arns = append(arns, aws.ToString(listener.ListenerArn))
	}
	of, err := s.tagsByARN(ctx, arns)
	if err != nil {
		return nil, err
	}
	for _, listener := range arns {
		if of[listener][tagClusterUID] == s.cluster {
			all = append(all, s.possession(listener, of[listener], "elbv2 delete-listener --listener-arn", listener))
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
