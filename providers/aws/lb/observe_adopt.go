package lb

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	session "github.com/edgegateway/edgegateway/providers/aws"
)

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
		if err != nil && !session.HasCode(err, "LoadBalancerNotFound") {
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
