package lb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// The tags that tell which subnets load balancers go to, and which of a node's security groups is the cluster's.
const (
	tagPublicSubnet   = "kubernetes.io/role/elb"
	tagInternalSubnet = "kubernetes.io/role/internal-elb"
	tagCluster        = "kubernetes.io/cluster/"
)

// filterValues is how many values one filter may have.
const filterValues = 200

// readNetwork returns the class's subnets, and where the instances are that are nodes or registered. All but what doesn't run is what was read
// for any gateway within networkAge.
func (r *region) readNetwork(ctx context.Context, config Config, instances []string) (Network, error) {
	key := fmt.Sprintf("%q %q %q %t %q", config.Subnets, config.VPC, config.NodeGroups, config.Internal, instances)
	network, known := r.memory.networks.get(key, r.now())
	if !known {
		var err error
		if network, err = r.askNetwork(ctx, config, instances); err != nil {
			return Network{}, err
		}
		r.memory.networks.keep(key, network, r.now())
	}
	var err error
	network.Down, err = r.stillDown(ctx)
	return network, err
}

func (r *region) askNetwork(ctx context.Context, config Config, instances []string) (Network, error) {
	found, err := r.readInstances(ctx, instances)
	if err != nil {
		return Network{}, err
	}
	var network Network
	for _, instance := range found {
		if vpc := aws.ToString(instance.VpcId); vpc != "" {
			network.VPCs = union(network.VPCs, []string{vpc})
		}
	}
	if network.Subnets, err = r.classSubnets(ctx, config, network.VPCs); err != nil {
		return Network{}, err
	}
	vpcs := network.VPCs
	for _, subnet := range network.Subnets {
		vpcs = union(vpcs, []string{subnet.VPC})
	}
	if network.Ranges, err = r.rangesOf(ctx, vpcs); err != nil {
		return Network{}, err
	}
	if len(config.NodeGroups) == 0 {
		network.Groups, err = r.groupsOf(ctx, found)
	}
	return network, err
}

// stillDown returns those instances that were found not to run and still don't.
func (r *region) stillDown(ctx context.Context) ([]string, error) {
	suspects := r.memory.suspects(nil)
	up, err := r.running(ctx, suspects)
	if err != nil {
		return nil, err
	}
	r.memory.clear(up)
	return without(suspects, up), nil
}

// groupsOf returns for each instance the group to let the load balancer in by.
func (r *region) groupsOf(ctx context.Context, found []ec2types.Instance) (map[string]string, error) {
	attached := map[string][]string{}
	collectGroups(attached, found)
	preferred, err := r.clusterGroups(ctx, attached)
	if err != nil {
		return nil, err
	}
	groups := map[string]string{}
	for instance, ids := range attached {
		groups[instance] = choose(ids, preferred)
	}
	return groups, nil
}

// readInstances returns those of the instances that are there and pass the filters.
func (r *region) readInstances(ctx context.Context, ids []string, filters ...ec2types.Filter) ([]ec2types.Instance, error) {
	var all []ec2types.Instance
	for batch := range slices.Chunk(ids, filterValues) {
		asked := append([]ec2types.Filter{filter("instance-id", batch...)}, filters...)
		pages := ec2.NewDescribeInstancesPaginator(r.network, &ec2.DescribeInstancesInput{Filters: asked})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("reading instances: %w", classed(err))
			}
			for _, reservation := range page.Reservations {
				all = append(all, reservation.Instances...)
			}
		}
	}
	return all, nil
}

// running returns those of the instances that can be targets.
func (r *region) running(ctx context.Context, ids []string) ([]string, error) {
	found, err := r.readInstances(ctx, ids, filter("instance-state-name", string(ec2types.InstanceStateNameRunning)))
	if err != nil {
		return nil, err
	}
	var up []string
	for _, instance := range found {
		up = append(up, aws.ToString(instance.InstanceId))
	}
	return union(up, nil), nil
}

func collectGroups(into map[string][]string, instances []ec2types.Instance) {
	for _, instance := range instances {
		var ids []string
		for _, group := range instance.SecurityGroups {
			ids = append(ids, aws.ToString(group.GroupId))
		}
		if len(ids) > 0 {
			slices.Sort(ids)
			into[aws.ToString(instance.InstanceId)] = ids
		}
	}
}

// clusterGroups returns those groups that are tagged as a cluster's. It asks only if an instance has several.
func (r *region) clusterGroups(ctx context.Context, attached map[string][]string) (map[string]bool, error) {
	var unsure []string
	for _, ids := range attached {
		if len(ids) > 1 {
			unsure = append(unsure, ids...)
		}
	}
	slices.Sort(unsure)
	tagged := map[string]bool{}
	for batch := range slices.Chunk(slices.Compact(unsure), filterValues) {
		found, err := r.readGroups(ctx, filter("group-id", batch...))
		if err != nil {
			return nil, err
		}
		for _, group := range found {
			if slices.ContainsFunc(group.Tags, func(t ec2types.Tag) bool { return strings.HasPrefix(aws.ToString(t.Key), tagCluster) }) {
				tagged[aws.ToString(group.GroupId)] = true
			}
		}
	}
	return tagged, nil
}

// choose returns the first of the preferred groups, or the first: what one group lets in, none of the others keeps out.
func choose(ids []string, preferred map[string]bool) string {
	for _, id := range ids {
		if preferred[id] {
			return id
		}
	}
	return ids[0]
}

// attachedTo says whether a network interface still uses a security group.
func (r *region) attachedTo(ctx context.Context, group string) (bool, error) {
	out, err := r.network.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{filter("group-id", group)}})
	if err != nil {
		return false, fmt.Errorf("reading the network interfaces of security group %s: %w", group, classed(err))
	}
	return len(out.NetworkInterfaces) > 0, nil
}
