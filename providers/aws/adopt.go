package aws

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// adoptField is the gateway's field that names a load balancer.
const adoptField = "spec.loadBalancer"

// networkType is the type of load balancer that can be adopted.
const networkType = string(elbtypes.LoadBalancerTypeEnumNetwork)

var (
	balancerName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`)
	balancerARN  = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:([a-z0-9-]+):[0-9]{12}:loadbalancer/[a-z]+/[A-Za-z0-9-]+/[0-9a-f]+$`)
	// madeName is of what Owner.NameOf has named.
	madeName = regexp.MustCompile(`^eg-[0-9a-f]{20}$`)
)

// managers are tags of other controllers, that remove listeners which they don't know.
var managers = []string{"elbv2.k8s.aws/cluster", "service.k8s.aws/stack", "gateway.k8s.aws/stack", "kubernetes.io/service-name"}

// validateAdoption refuses what can't go with a load balancer that is not of our making.
func validateAdoption(gw providers.Gateway, config Config) error {
	ref := gw.LoadBalancer
	arn := balancerARN.FindStringSubmatch(ref)
	switch {
	case ref == "":
		return nil
	case arn == nil && !balancerName.MatchString(ref):
		return providers.Invalidf(adoptField, "%q is neither a load balancer's name nor its ARN", ref)
	case arn != nil && arn[1] != config.Region:
		return providers.Invalidf(adoptField, "%s is in region %s, and the class's is %s; name one in that", ref, arn[1], config.Region)
	case len(gw.Addresses) > 0:
		return providers.Invalidf(addressesField, "the load balancer %s has its own addresses, which are not changed; remove these", ref)
	case len(gw.SourceRanges) > 0:
		return providers.Invalidf("spec.sourceRanges", "the security groups of the load balancer %s decide who comes in, and are not changed; "+
			"put the ranges there, and remove these", ref)
	default:
		return nil
	}
}

// adoption wants the load balancer that the gateway names, as it is but for our mark.
func (d draft) adoption() (entrance, error) {
	found, spec, ok := d.named(d.gw.LoadBalancer)
	if !ok {
		return entrance{}, providers.Invalidf(adoptField, "there is no load balancer %s in AWS account %s, region %s; name one that is there, or none",
			d.gw.LoadBalancer, d.account, d.config.Region)
	}
	if err := d.adoptable(found, spec); err != nil {
		return entrance{}, err
	}
	node := providers.Node{
		Key: balancerKey, Name: found.Name, ID: found.ID, Place: d.place(placeName(kindBalancer, found.Name)),
		Adopt: true, Retain: true, Spec: spec,
	}
	group := spec.SecurityGroups[0]
	return entrance{
		nodes: []providers.Node{node}, vpc: spec.VPC, balancer: found.Name, adopted: true, guard: guard{balancerKey, group, group},
	}, nil
}

// named returns the load balancer with this name or ARN, ours rather than as foreign.
func (d draft) named(ref string) (providers.Node, LoadBalancer, bool) {
	var found providers.Node
	for _, n := range d.observed.OfKind(kindBalancer).Nodes {
		if (n.ID == ref || n.Name == ref) && (found.ID == "" || !n.Unmanaged) {
			found = n
		}
	}
	spec, ok := found.Spec.(LoadBalancer)
	return found, spec, ok
}

// adoptable refuses a load balancer that could not serve the gateway.
func (d draft) adoptable(found providers.Node, spec LoadBalancer) error {
	invalid := func(format string, args ...any) error {
		return providers.Invalidf(adoptField, d.gw.LoadBalancer+" "+format, args...)
	}
	udp := slices.ContainsFunc(d.gw.Ports, func(p providers.Port) bool { return p.Protocol == providers.UDP })
	vpcs := union(d.network.VPCs, nil)
	for _, subnet := range d.network.Subnets {
		vpcs = union(vpcs, []string{subnet.VPC})
	}
	switch {
	case !found.Unmanaged && !found.Retain:
		return invalid("was made for this EdgeGateway; leave the field empty to keep it")
	case spec.Type != networkType:
		return invalid("is of the type %s; only a Network Load Balancer can be adopted", spec.Type)
	case spec.Scheme != d.scheme():
		return invalid("is %s, and the class's load balancers are %s; name one of the same scheme", spec.Scheme, d.scheme())
	case len(spec.SecurityGroups) == 0:
		// AWS gives none to one that was made without, and by what else could a node's group tell its packets from all others?
		return invalid("was made without security group, so that nodes can't let it in by that; name one that has a group")
	case len(vpcs) > 0 && !slices.Contains(vpcs, spec.VPC):
		return invalid("is in %s, and the class's subnets and the nodes are in %s; name one in that VPC", spec.VPC, strings.Join(vpcs, ", "))
	case udp && spec.IPAddressType == dualStack && !spec.SourceNAT:
		return invalid("has IPv6 without prefixes for source NAT, and takes no UDP then; switch those on, or use TCP only")
	case slices.Contains(d.gw.Families, providers.IPv6) && spec.IPAddressType != dualStack:
		return providers.Invalidf("spec.ipFamilies", "the load balancer %s has no IPv6 addresses; remove IPv6, or make it dual stack", d.gw.LoadBalancer)
	default:
		return nil
	}
}

// adopt gives our mark to a load balancer that bears nobody's. All else of it stays as it is, its name for people too.
func (b balancers) adopt(ctx context.Context, owner providers.Owner, node providers.Node) error {
	found, err := b.tagsByARN(ctx, []string{node.ID})
	if err != nil {
		return err
	}
	tags := found[node.ID]
	switch {
	case tags[tagOwner] == owner.Mark():
		return nil
	case tags[tagOwner] != "":
		return denied(ReasonForeign, adoptField, fmt.Errorf("load balancer %s is another EdgeGateway's (%s) and is left alone; name another", node.ID, tags[tagGateway]))
	}
	for _, key := range managers {
		if value, managed := tags[key]; managed {
			return denied(ReasonForeign, adoptField, fmt.Errorf("load balancer %s is another controller's (tag %s: %s), which would remove our listeners; "+
				"it is left alone; name another", node.ID, key, value))
		}
	}
	_, err = b.tags.AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{node.ID}, Tags: adoptionTags(owner, node)})
	if err != nil {
		return fmt.Errorf("marking load balancer %q: %w", node.Name, classed(err))
	}
	return nil
}

// adoptionTags are those of what is made, but for the name that people gave it.
func adoptionTags(owner providers.Owner, node providers.Node) []elbtypes.Tag {
	return slices.DeleteFunc(elbTags(owner, node), func(t elbtypes.Tag) bool { return aws.ToString(t.Key) == tagName })
}

// release takes our tags off an adopted load balancer, which stays. One that bears nobody's mark was given up before.
func (b balancers) release(ctx context.Context, owner providers.Owner, node providers.Node) error {
	tags, err := b.tagsByARN(ctx, []string{node.ID})
	mark := tags[node.ID][tagOwner]
	switch {
	case err != nil || mark == "":
		return err
	case mark != owner.Mark():
		return foreign("load balancer", node.ID)
	}
	var keys []string
	for _, tag := range adoptionTags(owner, node) {
		keys = append(keys, aws.ToString(tag.Key))
	}
	if _, err := b.tags.RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: []string{node.ID}, TagKeys: keys}); err != nil {
		return fmt.Errorf("giving up the mark of load balancer %q: %w", node.Name, classed(err))
	}
	return nil
}

// adoptedSpec is what an adopted load balancer is, or one that may be: what we never change of it is not told.
func adoptedSpec(lb elbtypes.LoadBalancer, addresses []string) LoadBalancer {
	spec := balancerSpec(lb)
	spec.Subnets, spec.Allocations = nil, nil
	spec.Adopted, spec.Type, spec.Addresses = true, string(lb.Type), addresses
	spec.SourceNAT = lb.EnablePrefixForIpv6SourceNat == elbtypes.EnablePrefixForIpv6SourceNatEnumOn
	return spec
}

// byRef returns the load balancers with these names or ARNs that are there.
func (b balancers) byRef(ctx context.Context, refs []string) ([]elbtypes.LoadBalancer, error) {
	var all []elbtypes.LoadBalancer
	for _, ref := range refs {
		in := &elb.DescribeLoadBalancersInput{Names: []string{ref}}
		arn := balancerARN.FindStringSubmatch(ref)
		switch {
		case arn != nil && arn[1] == b.name:
			in = &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{ref}}
		case !balancerName.MatchString(ref):
			continue // Desired refuses it
		}
		out, err := b.balancers.DescribeLoadBalancers(ctx, in)
		if err != nil && !hasCode(err, "LoadBalancerNotFound") {
			return nil, fmt.Errorf("reading load balancer %s: %w", ref, classed(err))
		}
		if err == nil {
			all = append(all, out.LoadBalancers...)
		}
	}
	return all, nil
}

// addressesOf returns the IPv4 addresses of an internet-facing load balancer. AWS tells those that it chose itself by interface only.
func (b balancers) addressesOf(ctx context.Context, lb elbtypes.LoadBalancer) ([]string, error) {
	var ips []string
	for _, zone := range lb.AvailabilityZones {
		for _, address := range zone.LoadBalancerAddresses {
			if address.IpAddress != nil {
				ips = union(ips, []string{*address.IpAddress})
			}
		}
	}
	if len(ips) > 0 || lb.Scheme != elbtypes.LoadBalancerSchemeEnumInternetFacing {
		return ips, nil
	}
	_, path, _ := strings.Cut(aws.ToString(lb.LoadBalancerArn), ":loadbalancer/")
	out, err := b.network.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{filter("description", "ELB "+path)}})
	if err != nil {
		return nil, fmt.Errorf("reading the network interfaces of load balancer %s: %w", path, classed(err))
	}
	for _, eni := range out.NetworkInterfaces {
		if eni.Association != nil && eni.Association.PublicIp != nil {
			ips = union(ips, []string{*eni.Association.PublicIp})
		}
	}
	return ips, nil
}
