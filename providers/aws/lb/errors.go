package lb

import (
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// The reasons of errors about load balancers alone.
const (
	ReasonForeign   = "ForeignOwner"
	ReasonProtected = "DeletionProtected"
	ReasonSubnet    = "SubnetUnusable"
)

// The fields that errors name.
const (
	fieldSubnets      = "spec.aws.subnets"
	fieldListeners    = "spec.listeners"
	fieldLoadBalancer = "spec.loadBalancer"
	fieldAddresses    = "spec.addresses"
	fieldTargets      = "spec.aws.targets"
)

// codes are the error codes of EC2 and ELB.
var codes = session.Codes{
	"DependencyViolation": session.Retry(session.ReasonInUse), "ResourceInUse": session.Retry(session.ReasonInUse), "InvalidIPAddress.InUse": session.Retry(session.ReasonInUse),
	"InvalidNetworkInterface.InUse": session.Retry(session.ReasonInUse), "IncorrectState": session.Retry(session.ReasonInUse), "InvalidTarget": session.Retry(session.ReasonNotThere),
	// While the interfaces of a deleted load balancer go, their addresses are said not to be ours.
	"ReleaseAddress/AuthFailure": session.Retry(session.ReasonInUse),

	"LoadBalancerNotFound": session.Retry(session.ReasonNotThere), "TargetGroupNotFound": session.Retry(session.ReasonNotThere), "ListenerNotFound": session.Retry(session.ReasonNotThere),
	"InvalidGroup.NotFound": session.Retry(session.ReasonNotThere), "InvalidGroupId.NotFound": session.Retry(session.ReasonNotThere), "InvalidSecurityGroup": session.Retry(session.ReasonNotThere),
	"InvalidAllocationID.NotFound": session.Retry(session.ReasonNotThere), "AllocationIdNotFound": session.Retry(session.ReasonNotThere),
	"InvalidAddress.NotFound": session.Retry(session.ReasonNotThere), "InvalidSecurityGroupRuleId.NotFound": session.Retry(session.ReasonNotThere),
	"TargetGroupAssociationLimit": session.Retry(session.ReasonInUse), "InvalidPermission.NotFound": session.Retry(session.ReasonNotThere), "InvalidPermission.Duplicate": session.Retry(session.ReasonCloud),
	"InvalidInstanceID.NotFound": session.Retry(session.ReasonNotThere),

	"OperationNotPermitted": denied(ReasonProtected, "", "switch off its deletion protection, if it may go"),

	"AddressLimitExceeded":                     quota(quotaAddresses),
	"TooManyLoadBalancers":                     quota(quotaBalancers),
	"TooManyTargetGroups":                      quota(quotaTargets),
	"TooManyUniqueTargetGroupsPerLoadBalancer": quotaOf(fieldListeners, "Target Groups per Network Load Balancer"),
	"TooManyListeners":                         quotaOf(fieldListeners, quotaListeners),
	"TooManyTargets":                           quota("Targets per Network Load Balancer"),
	"TooManyRegistrationsForTargetId":          quota("Number of times a target can be registered"),
	"SecurityGroupLimitExceeded":               quota("VPC security groups per Region"),
	"RulesPerSecurityGroupLimitExceeded":       quota("Inbound or outbound rules per security group"),
	"SecurityGroupsPerInterfaceLimitExceeded":  quota("Security groups per network interface"),

	"TooManyTags": denied(session.ReasonQuota, fieldLoadBalancer, "take tags off the load balancer: it may have 50, and ours need six"),

	"DuplicateLoadBalancerName": denied(ReasonForeign, "", "remove or rename the load balancer of that name, which is not ours"),
	"DuplicateTargetGroupName":  denied(ReasonForeign, "", "remove or rename the target group of that name, which is not ours"),
	"DuplicateListener":         denied(ReasonForeign, "", "remove the listener on that port, which is not ours"),
	"InvalidGroup.Duplicate":    denied(ReasonForeign, "", "remove or rename the security group of that name, which is not ours"),

	"SubnetNotFound":               invalid(ReasonSubnet, fieldSubnets, "name subnets that are there"),
	"InvalidSubnetID.NotFound":     invalid(ReasonSubnet, fieldSubnets, "name subnets that are there"),
	"InvalidSubnet":                denied(ReasonSubnet, fieldSubnets, "name subnets with at least 8 free addresses and a route to an internet gateway"),
	"AvailabilityZoneNotSupported": invalid(ReasonSubnet, fieldSubnets, "name subnets in other availability zones"),
	"UnsupportedProtocol":          invalid(session.ReasonInvalid, fieldListeners, "use another protocol"),
	"InvalidConfigurationRequest":  invalid(session.ReasonInvalid, "", ""),
	"InvalidScheme":                invalid(session.ReasonInvalid, "", ""),
	"IncompatibleProtocols":        invalid(session.ReasonInvalid, fieldListeners, ""),
	"InvalidLoadBalancerAction":    invalid(session.ReasonInvalid, "", ""),
	"InvalidPermission.Malformed":  invalid(session.ReasonInvalid, "spec.sourceRanges", ""),
	"InvalidVpcID.NotFound":        invalid(ReasonSubnet, fieldSubnets, "name subnets of a VPC that is there"),
}

// classed gives an error of EC2 or ELB its class.
func classed(err error) error { return codes.Classed(err) }

// denied is the meaning of what a person must do something about.
func denied(reason, field, cure string) session.Meaning {
	return session.Meaning{Class: providers.Denied, Reason: reason, Field: field, Cure: cure}
}

// invalid is the meaning of what must be edited.
func invalid(reason, field, cure string) session.Meaning {
	return session.Meaning{Class: providers.Invalid, Reason: reason, Field: field, Cure: cure}
}

// quota is of an account in a region.
func quota(name string) session.Meaning { return quotaOf(session.FieldRegion, name) }

func quotaOf(field, name string) session.Meaning {
	return denied(session.ReasonQuota, field, cureOf(name))
}

// cureOf is what to do about a quota.
func cureOf(quota string) string {
	return fmt.Sprintf("raise the quota %q in the Service Quotas console of this account and region, or remove what is not needed", quota)
}

// foreign is the error for a thing that bears another mark than the owner's, or none.
func foreign(kind, name string) error {
	return session.Denied(ReasonForeign, "", fmt.Errorf("%s %s is not this EdgeGateway's and is left alone; remove or rename it", kind, name))
}
