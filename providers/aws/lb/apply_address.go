package lb

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// addresses makes Elastic IPs.
type addresses struct{ *region }

func (a addresses) create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error) {
	out, err := a.addresses.AllocateAddress(ctx, &ec2.AllocateAddressInput{
		Domain: ec2types.DomainTypeVpc, TagSpecifications: ec2Tags(owner, node, ec2types.ResourceTypeElasticIp),
	})
	if err != nil {
		return nil, fmt.Errorf("allocating the address %s: %w", node.Key, classed(err))
	}
	node.ID, node.State, node.Problem = aws.ToString(out.AllocationId), providers.Pending, "it was just allocated; lists don't show it yet"
	node.Spec = Address{IP: aws.ToString(out.PublicIp)}
	a.memory.keep(owner, node)
	return as(node, node.ID, node.Spec), nil
}

// update sets what becomes of an address when its gateway goes; there is nothing else to change.
func (a addresses) update(ctx context.Context, owner providers.Owner, old, node providers.Node) (*providers.Node, error) {
	if _, there, err := a.own(ctx, owner, old.ID); err != nil || !there {
		return nil, err
	}
	tag := []ec2types.Tag{{Key: aws.String(tagRetain), Value: aws.String("true")}}
	var err error
	if node.Retain {
		_, err = a.addresses.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{old.ID}, Tags: tag})
	} else {
		_, err = a.addresses.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{old.ID}, Tags: []ec2types.Tag{{Key: aws.String(tagRetain)}}})
	}
	if err != nil {
		return nil, fmt.Errorf("tagging address %s: %w", old.ID, classed(err))
	}
	return nil, nil
}

func (a addresses) remove(ctx context.Context, owner providers.Owner, node providers.Node) error {
	address, there, err := a.own(ctx, owner, node.ID)
	if err != nil || !there {
		return err
	}
	if address.AssociationId != nil {
		return session.Transient(session.ReasonInUse, fmt.Errorf("releasing address %s: it is still attached to %s", node.ID, aws.ToString(address.NetworkInterfaceId)))
	}
	_, err = a.addresses.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: aws.String(node.ID)})
	if err != nil && !session.HasCode(err, "InvalidAllocationID.NotFound") {
		return fmt.Errorf("releasing address %s: %w", node.ID, classed(err))
	}
	a.memory.forget(node.ID)
	return nil
}

// release takes our mark off an address, which is then nobody's.
func (r *region) release(ctx context.Context, owner providers.Owner, node providers.Node) error {
	address, there, err := addresses{r}.own(ctx, owner, node.ID)
	if there && err != nil && tagValue(address.Tags, tagOwner) == "" {
		return nil // it was given up before
	}
	if err != nil || !there {
		return err
	}
	var tags []ec2types.Tag
	for _, key := range markTags {
		tags = append(tags, ec2types.Tag{Key: aws.String(key)})
	}
	if _, err := r.addresses.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{node.ID}, Tags: tags}); err != nil {
		return fmt.Errorf("giving up the mark of address %s: %w", node.ID, classed(err))
	}
	r.memory.forget(node.ID)
	return nil
}

// own reads an address. It returns false if it is not there, and a Denied error if it is not owner's.
func (a addresses) own(ctx context.Context, owner providers.Owner, id string) (ec2types.Address, bool, error) {
	out, err := a.addresses.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{AllocationIds: []string{id}})
	switch {
	case session.HasCode(err, "InvalidAllocationID.NotFound"):
		return ec2types.Address{}, false, nil
	case err != nil:
		return ec2types.Address{}, false, fmt.Errorf("reading address %s: %w", id, classed(err))
	case len(out.Addresses) == 0:
		return ec2types.Address{}, false, nil
	case tagValue(out.Addresses[0].Tags, tagOwner) != owner.Mark():
		return out.Addresses[0], true, foreign("address", id)
	default:
		return out.Addresses[0], true, nil
	}
}
