package lb

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

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
		return session.Denied(ReasonForeign, fieldLoadBalancer, fmt.Errorf("load balancer %s is another EdgeGateway's (%s) and is left alone; name another", node.ID, tags[tagGateway]))
	}
	for _, key := range managers {
		if value, managed := tags[key]; managed {
			return session.Denied(ReasonForeign, fieldLoadBalancer, fmt.Errorf("load balancer %s is another controller's (tag %s: %s), which would remove our listeners; "+
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
