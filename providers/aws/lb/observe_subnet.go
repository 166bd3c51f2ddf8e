package lb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// classSubnets returns the subnets that the class names, or those that are tagged, or those of the VPCs that are as public as the class's
// load balancers; sorted by ID.
func (r *region) classSubnets(ctx context.Context, config Config, vpcs []string) ([]Subnet, error) {
	if config.VPC != "" {
		vpcs = []string{config.VPC}
	}
	filters := []ec2types.Filter{filter("tag-key", subnetTag(config.Internal))}
	if len(config.Subnets) > 0 {
		filters = []ec2types.Filter{filter("subnet-id", config.Subnets...)}
	}
	if config.VPC != "" {
		filters = append(filters, filter("vpc-id", config.VPC))
	}
	found, err := r.readSubnets(ctx, filters)
	if err != nil || len(found) > 0 || len(config.Subnets) > 0 || len(vpcs) == 0 {
		return found, err
	}
	if found, err = r.readSubnets(ctx, []ec2types.Filter{filter("vpc-id", vpcs...)}); err != nil {
		return nil, err
	}
	routed, err := r.routed(ctx, vpcs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(s Subnet) bool { return routed.public(s) == config.Internal }), nil
}

func (r *region) readSubnets(ctx context.Context, filters []ec2types.Filter) ([]Subnet, error) {
	var all []Subnet
	pages := ec2.NewDescribeSubnetsPaginator(r.network, &ec2.DescribeSubnetsInput{Filters: filters})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading subnets: %w", classed(err))
		}
		for _, subnet := range page.Subnets {
			all = append(all, Subnet{
				ID: aws.ToString(subnet.SubnetId), Zone: aws.ToString(subnet.AvailabilityZone), VPC: aws.ToString(subnet.VpcId),
				IPv6: slices.ContainsFunc(subnet.Ipv6CidrBlockAssociationSet, associated),
			})
		}
	}
	slices.SortFunc(all, func(a, b Subnet) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

func associated(block ec2types.SubnetIpv6CidrBlockAssociation) bool {
	return block.Ipv6CidrBlockState != nil && block.Ipv6CidrBlockState.State == ec2types.SubnetCidrBlockStateCodeAssociated
}

func subnetTag(internal bool) string {
	if internal {
		return tagInternalSubnet
	}
	return tagPublicSubnet
}

// routes say which route tables lead to an internet gateway, by subnet, and by VPC for the subnets that have the VPC's main one.
type routes map[string]bool

func (r routes) public(s Subnet) bool {
	if public, own := r[s.ID]; own {
		return public
	}
	return r[s.VPC]
}

// routed reads the route tables of VPCs.
func (r *region) routed(ctx context.Context, vpcs []string) (routes, error) {
	all := routes{}
	pages := ec2.NewDescribeRouteTablesPaginator(r.network, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{filter("vpc-id", vpcs...)}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading route tables: %w", classed(err))
		}
		for _, table := range page.RouteTables {
			open := slices.ContainsFunc(table.Routes, toInternet)
			for _, association := range table.Associations {
				if aws.ToBool(association.Main) {
					all[aws.ToString(table.VpcId)] = open
				} else if association.SubnetId != nil {
					all[*association.SubnetId] = open
				}
			}
		}
	}
	return all, nil
}

func toInternet(route ec2types.Route) bool {
	return aws.ToString(route.DestinationCidrBlock) == "0.0.0.0/0" && strings.HasPrefix(aws.ToString(route.GatewayId), "igw-")
}

// rangesOf reads the IPv4 ranges of VPCs.
func (r *region) rangesOf(ctx context.Context, vpcs []string) (map[string][]string, error) {
	if len(vpcs) == 0 {
		return nil, nil
	}
	ranges := map[string][]string{}
	pages := ec2.NewDescribeVpcsPaginator(r.network, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{filter("vpc-id", vpcs...)}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading VPCs: %w", classed(err))
		}
		for _, vpc := range page.Vpcs {
			for _, block := range vpc.CidrBlockAssociationSet {
				if block.CidrBlockState != nil && block.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated {
					id := aws.ToString(vpc.VpcId)
					ranges[id] = union(ranges[id], []string{aws.ToString(block.CidrBlock)})
				}
			}
		}
	}
	return ranges, nil
}
