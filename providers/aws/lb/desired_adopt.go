package lb

import (
	"regexp"
	"slices"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

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
		return providers.Invalidf(fieldLoadBalancer, "%q is neither a load balancer's name nor its ARN", ref)
	case arn != nil && arn[1] != config.Region:
		return providers.Invalidf(fieldLoadBalancer, "%s is in region %s, and the class's is %s; name one in that", ref, arn[1], config.Region)
	case len(gw.Addresses) > 0:
		return providers.Invalidf(fieldAddresses, "the load balancer %s has its own addresses, which are not changed; remove these", ref)
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
		return entrance{}, providers.Invalidf(fieldLoadBalancer, "there is no load balancer %s in AWS account %s, region %s; name one that is there, or none",
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
		return providers.Invalidf(fieldLoadBalancer, d.gw.LoadBalancer+" "+format, args...)
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
