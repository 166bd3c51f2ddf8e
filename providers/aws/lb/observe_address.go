package lb

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// readAddresses returns the owner's addresses and, by IP or allocation ID, those that were brought.
func (w *view) readAddresses(ctx context.Context) ([]ec2types.Address, error) {
	own, err := w.ownAddresses(ctx)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(own)
	var ips, ids []string
	for _, text := range w.brought {
		if _, err := netip.ParseAddr(text); err == nil {
			ips = append(ips, text)
		} else {
			ids = append(ids, text)
		}
	}
	for _, by := range []ec2types.Filter{filter("public-ip", ips...), filter("allocation-id", ids...)} {
		if len(by.Values) == 0 {
			continue
		}
		found, err := w.listAddresses(ctx, by)
		if err != nil {
			return nil, err
		}
		for _, address := range found {
			known := func(a ec2types.Address) bool {
				return aws.ToString(a.AllocationId) == aws.ToString(address.AllocationId)
			}
			if !slices.ContainsFunc(all, known) {
				all = append(all, address)
			}
		}
	}
	return all, nil
}

// addressNodes returns the owner's addresses, and those that were brought, as nodes.
func (w *view) addressNodes(all []ec2types.Address) []providers.Node {
	var nodes []providers.Node
	for _, address := range all {
		node := providers.Node{
			ID: aws.ToString(address.AllocationId), Place: w.place, State: providers.Ready, InUse: address.AssociationId != nil,
			Spec: Address{IP: aws.ToString(address.PublicIp), Interface: aws.ToString(address.NetworkInterfaceId)},
		}
		mark := tagValue(address.Tags, tagOwner)
		attached := address.AssociationId != nil && !w.held[node.ID]
		if mark == w.owner.Mark() {
			node.Key = cmp.Or(tagValue(address.Tags, tagRole), broughtKey(node.ID))
			node.Name = w.owner.NameOf(node.Key)
			node.Retain = tagValue(address.Tags, tagRetain) == "true"
			if attached {
				node.State, node.Problem = providers.Pending, fmt.Sprintf("it is still attached to %s", aws.ToString(address.NetworkInterfaceId))
			}
			nodes = append(nodes, node)
			continue
		}
		node.Unmanaged = true
		switch {
		case mark != "":
			node.State, node.Problem = providers.Failed, "it belongs to another EdgeGateway; bring another"
		case attached:
			node.State, node.Problem = providers.Failed, fmt.Sprintf("it is attached to %s, which is not this EdgeGateway's; detach it, or bring another",
				aws.ToString(address.NetworkInterfaceId))
		}
		for i, text := range w.brought {
			if text == node.ID || text == aws.ToString(address.PublicIp) {
				node.Key, node.Name = broughtKey(text), text
				if node.Problem != "" {
					node.Problem = fmt.Sprintf("%s[%d]: %s", fieldAddresses, i, node.Problem)
				}
				nodes = append(nodes, node)
			}
		}
	}
	return nodes
}

func (w *view) ownAddresses(ctx context.Context) ([]ec2types.Address, error) {
	if w.lists == nil {
		return w.listAddresses(ctx, ownedBy(w.owner))
	}
	return w.lists.addresses[w.owner.Mark()], nil
}

// keyOf returns the key that an address has as a node.
func (w *view) keyOf(address ec2types.Address) string {
	if tagValue(address.Tags, tagOwner) == w.owner.Mark() {
		return tagValue(address.Tags, tagRole)
	}
	for _, text := range w.brought {
		if text == aws.ToString(address.AllocationId) || text == aws.ToString(address.PublicIp) {
			return broughtKey(text)
		}
	}
	return ""
}

// listAddresses lists addresses. AWS gives them without pages.
func (r *region) listAddresses(ctx context.Context, by ec2types.Filter) ([]ec2types.Address, error) {
	out, err := r.addresses.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: []ec2types.Filter{by}})
	if err != nil {
		return nil, fmt.Errorf("listing addresses: %w", classed(err))
	}
	return out.Addresses, nil
}
