package lb

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// The keys of tags. tagOwner holds the mark, tagClusterUID the cluster's UID, by which a survey finds all of a cluster's, tagRole the node's key,
// tagRetain "true" on what outlives its gateway; the others are for people who read the console.
const (
	tagOwner      = "edgegateway.dev/owner"
	tagClusterUID = "edgegateway.dev/cluster"
	tagRole       = "edgegateway.dev/role"
	tagRetain     = "edgegateway.dev/retain"
	tagGateway    = "edgegateway.dev/gateway"
	tagName       = "Name"
)

// markTags are those that make a thing ours: without them it is nobody's.
var markTags = []string{tagOwner, tagClusterUID, tagRole, tagRetain}

// tagBatch is how many resources one DescribeTags may ask about.
const tagBatch = 20

// tagsOf returns what a node is tagged with when it is created, sorted by key.
func tagsOf(owner providers.Owner, node providers.Node) [][2]string {
	tags := [][2]string{
		{tagName, node.Name}, {tagClusterUID, owner.Cluster}, {tagGateway, owner.Namespace + "/" + owner.Name}, {tagOwner, owner.Mark()},
		{tagRole, node.Key},
	}
	if node.Retain {
		tags = append(tags, [2]string{tagRetain, "true"})
	}
	return tags
}

func ec2Tags(owner providers.Owner, node providers.Node, kind ec2types.ResourceType) []ec2types.TagSpecification {
	spec := ec2types.TagSpecification{ResourceType: kind}
	for _, tag := range tagsOf(owner, node) {
		spec.Tags = append(spec.Tags, ec2types.Tag{Key: aws.String(tag[0]), Value: aws.String(tag[1])})
	}
	return []ec2types.TagSpecification{spec}
}

func elbTags(owner providers.Owner, node providers.Node) []elbtypes.Tag {
	var tags []elbtypes.Tag
	for _, tag := range tagsOf(owner, node) {
		tags = append(tags, elbtypes.Tag{Key: aws.String(tag[0]), Value: aws.String(tag[1])})
	}
	return tags
}

// tagValue returns a tag's value, or "".
func tagValue(tags []ec2types.Tag, key string) string {
	i := slices.IndexFunc(tags, func(t ec2types.Tag) bool { return aws.ToString(t.Key) == key })
	if i < 0 {
		return ""
	}
	return aws.ToString(tags[i].Value)
}

// ownedBy is the filter for what bears the owner's mark.
func ownedBy(owner providers.Owner) ec2types.Filter {
	return filter("tag:"+tagOwner, owner.Mark())
}

func filter(name string, values ...string) ec2types.Filter {
	return ec2types.Filter{Name: aws.String(name), Values: values}
}

// label is whose a thing is, which part of the gateway, and whether it outlives that.
type label struct {
	mark, role string
	retain     bool
}

// labelsOf returns the labels of load balancers, listeners and target groups, by ARN.
func (r *region) labelsOf(ctx context.Context, arns []string) (map[string]label, error) {
	labels := map[string]label{}
	for batch := range slices.Chunk(arns, tagBatch) {
		out, err := r.tags.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: batch})
		if err != nil {
			return nil, err
		}
		for _, description := range out.TagDescriptions {
			labels[aws.ToString(description.ResourceArn)] = labelOf(description.Tags)
		}
	}
	return labels, nil
}

func labelOf(tags []elbtypes.Tag) label {
	var l label
	for _, tag := range tags {
		switch aws.ToString(tag.Key) {
		case tagOwner:
			l.mark = aws.ToString(tag.Value)
		case tagRole:
			l.role = aws.ToString(tag.Value)
		case tagRetain:
			l.retain = aws.ToString(tag.Value) == "true"
		}
	}
	return l
}

// checkMark reads the mark of that very load balancer, listener or target group. It returns false if the thing is not there, and a Denied
// error if it is not owner's.
func (r *region) checkMark(ctx context.Context, owner providers.Owner, kind, arn string) (bool, error) {
	_, there, err := r.ownLabel(ctx, owner, kind, arn)
	return there, err
}

// ownLabel is checkMark, and returns all of the label.
func (r *region) ownLabel(ctx context.Context, owner providers.Owner, kind, arn string) (label, bool, error) {
	labels, err := r.labelsOf(ctx, []string{arn})
	switch {
	case session.HasCode(err, "LoadBalancerNotFound", "ListenerNotFound", "TargetGroupNotFound"):
		return label{}, false, nil
	case err != nil:
		return label{}, false, fmt.Errorf("reading the tags of %s %s: %w", kind, arn, classed(err))
	case labels[arn].mark != owner.Mark():
		return label{}, true, foreign(kind, arn)
	default:
		return labels[arn], true, nil
	}
}
