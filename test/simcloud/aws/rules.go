package aws

import "slices"

// Rule is one thing that AWS does and that a careless simulator does not.
type Rule struct {
	// Name of the rule, and of its case in TestRules.
	Name string
	// Code that AWS answers; empty for a behaviour that is no refusal.
	Code string
	// Doc is AWS's page.
	Doc string
}

// Test is the name of the test that proves the rule with the real SDK.
func (r Rule) Test() string { return "TestRules/" + r.Name }

// AWS's pages.
const (
	elbAPI   = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_"
	nlbGuide = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/"
	ec2API   = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_"
	ec2Codes = "https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html"
	vpcGuide = "https://docs.aws.amazon.com/vpc/latest/userguide/"
	dnsAPI   = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_"
	dnsGuide = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
	tagAPI   = "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_"
	iamGuide = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
	elbRates = "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html"
	ec2Rates = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"
)

// Rules are all that the simulator keeps to and a test proves.
var Rules = slices.Concat(balancingRules, networkRules, recordRules, accessRules)

// balancingRules are first those in which other simulators were found to differ from AWS, of all services, and then those of load balancing.
var balancingRules = []Rule{
	{"a-network-load-balancers-arn-says-net", "", elbAPI + "LoadBalancer.html"},
	{"its-zones-carry-allocation-and-address", "", elbAPI + "LoadBalancerAddress.html"},
	{"its-dns-name-and-hosted-zone-are-the-regions", "", "https://docs.aws.amazon.com/general/latest/gr/elb.html"},
	{"it-is-provisioning-before-it-is-active", "", elbAPI + "LoadBalancerState.html"},
	{"a-name-of-33-characters", "ValidationError", elbAPI + "CreateLoadBalancer.html"},
	{"a-name-with-an-underscore", "ValidationError", elbAPI + "CreateLoadBalancer.html"},
	{"a-name-that-begins-with-internal", "ValidationError", elbAPI + "CreateLoadBalancer.html"},
	{"a-name-that-ends-with-a-hyphen", "ValidationError", elbAPI + "CreateLoadBalancer.html"},
	{"an-unknown-subnet", "SubnetNotFound", elbAPI + "CreateLoadBalancer.html"},
	{"an-unknown-allocation", "AllocationIdNotFound", elbAPI + "CreateLoadBalancer.html"},
	{"an-unknown-security-group", "InvalidSecurityGroup", elbAPI + "CreateLoadBalancer.html"},
	{"the-same-name-and-settings-is-the-same-load-balancer", "", elbAPI + "CreateLoadBalancer.html"},
	{"the-same-name-with-other-settings", "DuplicateLoadBalancerName", elbAPI + "CreateLoadBalancer.html"},
	{"the-same-name-with-other-tags", "DuplicateLoadBalancerName", elbAPI + "CreateLoadBalancer.html"},
	{"an-address-that-another-load-balancer-has", "ResourceInUse", elbAPI + "CreateLoadBalancer.html"},
	{"releasing-an-address-that-a-load-balancer-has", "AuthFailure", ec2API + "ReleaseAddress.html"},
	{"an-address-in-use-shows-its-association", "", ec2API + "Address.html"},
	{"deleting-a-security-group-in-use", "DependencyViolation", ec2API + "DeleteSecurityGroup.html"},
	{"deleting-what-is-protected", "OperationNotPermitted", elbAPI + "DeleteLoadBalancer.html"},
	{"an-unknown-attribute", "ValidationError", elbAPI + "LoadBalancerAttribute.html"},
	{"an-application-load-balancers-attribute", "InvalidConfigurationRequest", elbAPI + "LoadBalancerAttribute.html"},
	{"a-new-target-group-has-the-network-defaults", "", elbAPI + "TargetGroupAttribute.html"},
	{"proxy-protocol-and-cross-zone-are-read-back", "", nlbGuide + "edit-target-group-attributes.html"},
	{"the-same-target-group-twice-is-one", "", elbAPI + "CreateTargetGroup.html"},
	{"a-target-group-with-another-port", "DuplicateTargetGroupName", elbAPI + "CreateTargetGroup.html"},
	{"deleting-a-target-group-in-use", "ResourceInUse", elbAPI + "DeleteTargetGroup.html"},
	{"tcp-udp-and-both-can-be-listened-to", "", nlbGuide + "load-balancer-listeners.html"},
	{"tcp-and-udp-listeners-on-one-port", "DuplicateListener", nlbGuide + "load-balancer-listeners.html"},
	{"a-udp-listener-on-tcp-targets", "IncompatibleProtocols", nlbGuide + "load-balancer-target-groups.html"},
	{"a-tls-listener-without-certificate", "ValidationError", elbAPI + "CreateListener.html"},
	{"a-port-that-another-listener-has", "DuplicateListener", elbAPI + "CreateListener.html"},
	{"an-unknown-instance-as-target", "InvalidTarget", elbAPI + "RegisterTargets.html"},
	{"an-address-outside-the-vpc-as-target", "InvalidTarget", elbAPI + "TargetDescription.html"},
	{"an-instance-among-addresses", "InvalidTarget", elbAPI + "TargetDescription.html"},
	{"a-target-is-initial-before-it-is-healthy", "", nlbGuide + "target-group-health-checks.html"},
	{"a-deregistered-target-drains", "", nlbGuide + "edit-target-group-attributes.html"},
	{"a-target-behind-no-listener-is-unused", "", nlbGuide + "target-group-health-checks.html"},
	{"more-than-50-tags", "TooManyTags", elbAPI + "AddTags.html"},
	{"a-tag-of-awss-own", "ValidationError", elbAPI + "AddTags.html"},
	{"the-tags-of-21-resources", "ValidationError", elbAPI + "DescribeTags.html"},
	{"lists-of-load-balancers-have-pages", "", elbAPI + "DescribeLoadBalancers.html"},
	{"resources-are-found-by-tag", "", tagAPI + "GetResources.html"},
	{"the-listeners-of-a-deleted-load-balancer", "LoadBalancerNotFound", elbAPI + "DescribeListeners.html"},
	{"deleting-a-listener-twice", "ListenerNotFound", elbAPI + "DeleteListener.html"},
	{"a-sixth-address", "AddressLimitExceeded", vpcGuide + "amazon-vpc-limits.html"},
	{"a-dry-run", "DryRunOperation", ec2Codes},
	{"the-same-rule-twice", "InvalidPermission.Duplicate", ec2API + "AuthorizeSecurityGroupIngress.html"},
	{"a-second-group-with-the-name", "InvalidGroup.Duplicate", ec2API + "CreateSecurityGroup.html"},
	{"an-unknown-address", "InvalidAllocationID.NotFound", ec2API + "DescribeAddresses.html"},
	{"a-change-of-records-is-pending-first", "", dnsAPI + "GetChange.html"},
	{"creating-a-record-that-is-there", "InvalidChangeBatch", dnsAPI + "ChangeResourceRecordSets.html"},
	{"deleting-a-record-with-another-value", "InvalidChangeBatch", dnsAPI + "ChangeResourceRecordSets.html"},
	{"deleting-a-record-with-another-ttl", "InvalidChangeBatch", dnsAPI + "ChangeResourceRecordSets.html"},
	{"a-batch-is-all-or-nothing", "", dnsAPI + "ChangeResourceRecordSets.html"},
	{"a-zone-has-its-ns-and-soa", "", dnsGuide + "SOA-NSrecords.html"},
	{"lists-of-records-have-pages", "", dnsAPI + "ListResourceRecordSets.html"},
	{"a-name-outside-the-zone", "InvalidChangeBatch", dnsAPI + "ChangeResourceRecordSets.html"},
	{"a-text-without-quotation-marks", "InvalidChangeBatch", dnsGuide + "ResourceRecordTypes.html"},
	{"an-address-that-is-none", "InvalidChangeBatch", dnsGuide + "ResourceRecordTypes.html"},
	{"a-cname-at-the-apex", "InvalidChangeBatch", dnsGuide + "ResourceRecordTypes.html"},
	{"a-cname-beside-an-address", "InvalidChangeBatch", dnsGuide + "ResourceRecordTypes.html"},
	{"an-alias-in-an-unknown-zone", "InvalidChangeBatch", dnsAPI + "AliasTarget.html"},
	{"a-negative-ttl", "InvalidInput", dnsAPI + "ResourceRecordSet.html"},
	{"a-wildcard-is-kept-as-052", "", dnsGuide + "DomainNameFormat.html"},

	// Load balancers.
	{"no-subnet", "ValidationError", elbAPI + "CreateLoadBalancer.html"},
	{"subnets-and-mappings", "ValidationError", elbAPI + "CreateLoadBalancer.html"},
	{"two-subnets-of-one-zone", "InvalidConfigurationRequest", elbAPI + "CreateLoadBalancer.html"},
	{"an-allocation-on-an-internal-one", "InvalidConfigurationRequest", elbAPI + "SubnetMapping.html"},
	{"one-allocation-in-two-zones", "ValidationError", elbAPI + "SubnetMapping.html"},
	{"an-unknown-scheme", "InvalidScheme", elbAPI + "CreateLoadBalancer.html"},
	{"dual-stack-without-ipv6", "InvalidSubnet", nlbGuide + "create-network-load-balancer.html"},
	{"an-ip-address-type-of-others", "InvalidConfigurationRequest", elbAPI + "CreateLoadBalancer.html"},
	{"a-tag-key-twice", "DuplicateTagKeys", elbAPI + "CreateLoadBalancer.html"},
	{"a-private-address-on-a-public-one", "InvalidConfigurationRequest", elbAPI + "SubnetMapping.html"},
	{"a-subnet-without-8-free-addresses", "InvalidSubnet", nlbGuide + "network-load-balancers.html"},
	{"a-vpc-without-internet-gateway", "InvalidSubnet", nlbGuide + "load-balancer-troubleshooting.html"},
	{"a-security-group-of-another-vpc", "InvalidSecurityGroup", nlbGuide + "load-balancer-security-groups.html"},
	{"an-address-of-a-load-balancer-just-deleted", "ResourceInUse", elbAPI + "CreateLoadBalancer.html"},
	{"a-load-balancer-too-many", "TooManyLoadBalancers", nlbGuide + "load-balancer-limits.html"},
	{"deleting-a-load-balancer-twice-succeeds", "", elbAPI + "DeleteLoadBalancer.html"},
	{"an-attribute-with-a-bad-value", "ValidationError", elbAPI + "LoadBalancerAttribute.html"},
	{"access-logs-without-bucket", "InvalidConfigurationRequest", nlbGuide + "load-balancer-access-logs.html"},
	{"an-unknown-load-balancer", "LoadBalancerNotFound", elbAPI + "DescribeLoadBalancers.html"},
	{"names-and-arns", "ValidationError", elbAPI + "DescribeLoadBalancers.html"},
	{"a-page-of-401", "ValidationError", elbAPI + "DescribeLoadBalancers.html"},
	{"a-group-for-a-load-balancer-made-without", "InvalidConfigurationRequest", nlbGuide + "load-balancer-security-groups.html"},
	{"taking-the-last-security-group-away", "InvalidConfigurationRequest", nlbGuide + "load-balancer-security-groups.html"},
	{"another-address-for-a-zone-in-place", "InvalidConfigurationRequest", nlbGuide + "availability-zones.html"},
	{"another-subnet-of-a-zone-in-place", "InvalidConfigurationRequest", nlbGuide + "availability-zones.html"},
	{"a-zone-that-is-still-being-removed", "InvalidConfigurationRequest", nlbGuide + "availability-zones.html"},
	{"dual-stack-later-without-ipv6", "InvalidSubnet", elbAPI + "SetIpAddressType.html"},
	{"a-load-balancer-of-another-account", "LoadBalancerNotFound", elbAPI + "DescribeLoadBalancerAttributes.html"},
	{"another-regions-things-are-not-seen", "LoadBalancerNotFound", elbAPI + "DescribeLoadBalancers.html"},

	// Target groups and targets.
	{"a-target-group-too-many", "TooManyTargetGroups", nlbGuide + "load-balancer-limits.html"},
	{"deleting-a-target-group-just-let-go-of", "ResourceInUse", elbAPI + "DeleteTargetGroup.html"},
	{"deleting-a-target-group-twice-succeeds", "", elbAPI + "DeleteTargetGroup.html"},
	{"a-target-group-name-of-33-characters", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"a-target-group-without-port", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"a-target-group-without-vpc", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"a-target-group-in-an-unknown-vpc", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"a-health-check-every-4-seconds", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"a-health-check-longer-than-its-interval", "ValidationError", nlbGuide + "target-group-health-checks.html"},
	{"a-health-check-with-one-success", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"a-health-check-on-udp", "InvalidConfigurationRequest", elbAPI + "CreateTargetGroup.html"},
	{"a-health-check-path-on-tcp", "InvalidConfigurationRequest", elbAPI + "CreateTargetGroup.html"},
	{"a-health-check-path-without-slash", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"a-health-check-port-that-is-none", "ValidationError", elbAPI + "CreateTargetGroup.html"},
	{"an-unknown-group-attribute", "ValidationError", elbAPI + "TargetGroupAttribute.html"},
	{"a-draining-of-an-hour-and-a-second", "ValidationError", elbAPI + "TargetGroupAttribute.html"},
	{"a-client-address-hidden-from-udp", "InvalidConfigurationRequest", nlbGuide + "edit-target-group-attributes.html"},
	{"a-draining-interval-that-would-not-matter", "InvalidConfigurationRequest", nlbGuide + "edit-target-group-attributes.html"},
	{"a-termination-attribute-on-udp", "InvalidConfigurationRequest", nlbGuide + "edit-target-group-attributes.html"},
	{"a-private-address-without-zone", "ValidationError", elbAPI + "TargetDescription.html"},
	{"an-address-in-the-vpc-with-another-zone", "InvalidTarget", elbAPI + "TargetDescription.html"},
	{"an-ipv6-address-among-ipv4", "InvalidTarget", elbAPI + "TargetDescription.html"},
	{"a-stopped-instance-as-target", "InvalidTarget", elbAPI + "RegisterTargets.html"},
	{"too-many-targets", "TooManyTargets", nlbGuide + "load-balancer-limits.html"},
	{"targets-of-an-unknown-group", "TargetGroupNotFound", elbAPI + "RegisterTargets.html"},
	{"a-target-registered-again-stops-draining", "", nlbGuide + "target-group-register-targets.html"},
	{"a-target-in-a-zone-that-is-not-enabled-is-unused", "", nlbGuide + "target-group-health-checks.html"},
	{"a-target-that-fails-its-checks-is-unhealthy", "", nlbGuide + "target-group-health-checks.html"},

	// Listeners.
	{"a-listener-with-a-foreign-protocol", "UnsupportedProtocol", elbAPI + "CreateListener.html"},
	{"a-listener-on-port-0", "ValidationError", elbAPI + "CreateListener.html"},
	{"a-redirect-on-a-network-listener", "InvalidLoadBalancerAction", elbAPI + "CreateListener.html"},
	{"two-default-actions", "InvalidLoadBalancerAction", elbAPI + "CreateListener.html"},
	{"a-certificate-on-a-tcp-listener", "InvalidConfigurationRequest", elbAPI + "CreateListener.html"},
	{"a-certificate-that-is-not-there", "CertificateNotFound", elbAPI + "CreateListener.html"},
	{"a-listener-to-unknown-targets", "TargetGroupNotFound", elbAPI + "CreateListener.html"},
	{"a-listener-on-no-load-balancer", "LoadBalancerNotFound", elbAPI + "CreateListener.html"},
	{"targets-behind-two-load-balancers", "TargetGroupAssociationLimit", elbAPI + "CreateListener.html"},
	{"ipv6-targets-on-an-ipv4-load-balancer", "InvalidConfigurationRequest", nlbGuide + "load-balancer-target-groups.html"},
	{"udp-on-dual-stack-without-source-nat", "InvalidConfigurationRequest", nlbGuide + "create-network-load-balancer.html"},
	{"a-listener-too-many", "TooManyListeners", nlbGuide + "load-balancer-limits.html"},
	{"the-same-listener-twice-is-one", "", elbAPI + "CreateListener.html"},
	{"the-listeners-of-nothing", "ValidationError", elbAPI + "DescribeListeners.html"},
	{"moving-a-listener-to-a-taken-port", "DuplicateListener", elbAPI + "ModifyListener.html"},
	{"an-idle-timeout-of-59-seconds", "ValidationError", elbAPI + "ListenerAttribute.html"},
}

// networkRules are those of EC2 and of tags.
var networkRules = []Rule{
	{"a-tag-with-a-strange-character", "ValidationError", elbAPI + "Tag.html"},
	{"the-tags-of-what-is-not-there", "LoadBalancerNotFound", elbAPI + "DescribeTags.html"},
	{"51-tags-on-an-address", "TagLimitExceeded", ec2API + "CreateTags.html"},
	{"a-tag-of-awss-own-on-an-address", "InvalidParameterValue", ec2API + "CreateTags.html"},
	{"tags-for-something-else-than-is-created", "InvalidParameterValue", ec2API + "TagSpecification.html"},
	{"tagging-what-is-not-there", "InvalidAllocationID.NotFound", ec2API + "CreateTags.html"},
	{"a-tag-is-deleted-only-with-its-value", "", ec2API + "DeleteTags.html"},
	{"releasing-an-address-that-an-interface-has", "InvalidIPAddress.InUse", ec2API + "ReleaseAddress.html"},
	{"releasing-an-address-twice", "InvalidAllocationID.NotFound", ec2API + "ReleaseAddress.html"},
	{"allocating-twice-makes-two", "", ec2API + "AllocateAddress.html"},
	{"an-unknown-public-ip", "InvalidAddress.NotFound", ec2API + "DescribeAddresses.html"},
	{"an-unknown-filter", "InvalidParameterValue", ec2API + "Filter.html"},
	{"addresses-are-found-by-tag", "", ec2API + "DescribeAddresses.html"},
	{"an-unknown-subnet-to-describe", "InvalidSubnetID.NotFound", ec2Codes},
	{"an-unknown-vpc", "InvalidVpcID.NotFound", ec2Codes},
	{"an-unknown-instance", "InvalidInstanceID.NotFound", ec2Codes},
	{"a-malformed-instance", "InvalidInstanceID.Malformed", ec2Codes},
	{"an-unknown-region", "InvalidParameterValue", ec2API + "DescribeRegions.html"},
	{"a-page-of-4", "InvalidParameterValue", ec2API + "DescribeSubnets.html"},
	{"subnets-have-pages", "", ec2API + "DescribeSubnets.html"},
	{"deleting-a-group-whose-load-balancer-was-just-deleted", "DependencyViolation", ec2API + "DeleteSecurityGroup.html"},
	{"deleting-a-group-that-a-rule-refers-to", "DependencyViolation", ec2API + "DeleteSecurityGroup.html"},
	{"deleting-the-default-group", "CannotDelete", ec2Codes},
	{"deleting-a-group-twice", "InvalidGroup.NotFound", ec2Codes},
	{"a-group-named-like-an-id", "InvalidParameterValue", ec2API + "CreateSecurityGroup.html"},
	{"a-group-named-default", "InvalidParameterValue", ec2API + "CreateSecurityGroup.html"},
	{"a-group-in-an-unknown-vpc", "InvalidVpcID.NotFound", ec2API + "CreateSecurityGroup.html"},
	{"a-group-too-many", "SecurityGroupLimitExceeded", vpcGuide + "amazon-vpc-limits.html"},
	{"an-unknown-security-group-to-describe", "InvalidGroup.NotFound", ec2Codes},
	{"a-malformed-security-group", "InvalidGroupId.Malformed", ec2Codes},
	{"one-rule-twice-in-a-request", "InvalidParameterValue", ec2API + "AuthorizeSecurityGroupIngress.html"},
	{"a-malformed-range", "InvalidParameterValue", ec2API + "AuthorizeSecurityGroupIngress.html"},
	{"ports-the-wrong-way-round", "InvalidParameterValue", ec2API + "IpPermission.html"},
	{"a-rule-without-peer", "InvalidParameterCombination", ec2API + "IpPermission.html"},
	{"a-rule-for-an-unknown-group", "InvalidGroup.NotFound", ec2API + "UserIdGroupPair.html"},
	{"a-rule-too-many", "RulesPerSecurityGroupLimitExceeded", vpcGuide + "amazon-vpc-limits.html"},
	{"revoking-what-is-not-there", "InvalidPermission.NotFound", ec2API + "RevokeSecurityGroupIngress.html"},
	{"revoking-an-unknown-rule", "InvalidSecurityGroupRuleId.NotFound", ec2API + "RevokeSecurityGroupIngress.html"},
	{"a-request-with-one-bad-rule-adds-none", "", ec2API + "AuthorizeSecurityGroupIngress.html"},
	{"a-rule-loses-the-bits-of-its-host", "", ec2API + "IpRange.html"},
}

// recordRules are those of Route 53.
var recordRules = []Rule{
	{"deleting-a-record-that-is-not-there", "InvalidChangeBatch", dnsAPI + "ChangeResourceRecordSets.html"},
	{"a-text-of-256-characters", "InvalidChangeBatch", dnsGuide + "ResourceRecordTypes.html"},
	{"an-ipv6-address-that-is-none", "InvalidChangeBatch", dnsGuide + "ResourceRecordTypes.html"},
	{"an-address-beside-a-cname", "InvalidChangeBatch", dnsGuide + "ResourceRecordTypes.html"},
	{"an-alias-in-another-regions-zone", "InvalidChangeBatch", dnsAPI + "AliasTarget.html"},
	{"an-alias-to-a-load-balancer-that-is-not", "InvalidChangeBatch", dnsAPI + "AliasTarget.html"},
	{"an-alias-of-a-type-that-the-target-has-not", "InvalidChangeBatch", dnsGuide + "resource-record-sets-choosing-alias-non-alias.html"},
	{"a-record-without-values", "InvalidInput", dnsAPI + "ResourceRecordSet.html"},
	{"a-value-twice", "InvalidChangeBatch", dnsAPI + "ResourceRecord.html"},
	{"deleting-the-zones-own-soa", "InvalidChangeBatch", dnsGuide + "SOA-NSrecords.html"},
	{"one-record-twice-in-a-batch", "InvalidChangeBatch", dnsAPI + "ChangeResourceRecordSets.html"},
	{"a-batch-of-1001-records", "InvalidChangeBatch", dnsGuide + "DNSLimitations.html"},
	{"an-empty-batch", "InvalidInput", dnsAPI + "ChangeBatch.html"},
	{"an-alias-with-a-ttl", "InvalidInput", dnsAPI + "ResourceRecordSet.html"},
	{"a-delete-and-a-create-in-one-batch-replace", "", dnsAPI + "ChangeResourceRecordSets.html"},
	{"an-upsert-changes-what-is-there", "", dnsAPI + "Change.html"},
	{"a-name-differs-not-in-case", "InvalidChangeBatch", dnsGuide + "DomainNameFormat.html"},
	{"a-refused-batch-says-why-change-by-change", "", dnsAPI + "ChangeResourceRecordSets.html"},
	{"a-type-without-a-name-to-start-from", "InvalidInput", dnsAPI + "ListResourceRecordSets.html"},
	{"an-unknown-zone", "NoSuchHostedZone", dnsAPI + "GetHostedZone.html"},
	{"an-unknown-change", "NoSuchChange", dnsAPI + "GetChange.html"},
	{"a-zone-of-another-account", "AccessDenied", dnsGuide + "access-control-overview.html"},
	{"zones-are-listed-by-name", "", dnsAPI + "ListHostedZonesByName.html"},
	{"a-second-batch-at-once", "PriorRequestNotComplete", dnsGuide + "DNSLimitations.html"},
}

// accessRules say who may call, and how often.
var accessRules = []Rule{
	{"a-strange-key-at-ec2", "AuthFailure", ec2Codes},
	{"a-strange-key-at-elb", "InvalidClientTokenId", iamGuide + "troubleshoot_access-denied.html"},
	{"a-strange-key-at-route-53", "InvalidClientTokenId", dnsAPI + "ListHostedZones.html"},
	{"a-strange-key-at-sts", "InvalidClientTokenId", "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"},
	{"a-strange-key-at-the-tagging-api", "UnrecognizedClientException", "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/CommonErrors.html"},
	{"a-wrong-secret-at-ec2", "AuthFailure", ec2Codes},
	{"a-wrong-secret-at-elb", "SignatureDoesNotMatch", iamGuide + "reference_sigv-troubleshooting.html"},
	{"a-wrong-secret-at-route-53", "SignatureDoesNotMatch", iamGuide + "reference_sigv-troubleshooting.html"},
	{"a-wrong-secret-at-the-tagging-api", "InvalidSignatureException", iamGuide + "reference_sigv-troubleshooting.html"},
	{"an-expired-key-at-elb", "ExpiredToken", iamGuide + "id_credentials_temp_use-resources.html"},
	{"a-request-that-is-not-signed", "MissingAuthenticationToken", "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"},
	{"what-the-policy-denies-at-ec2", "UnauthorizedOperation", ec2Codes},
	{"what-the-policy-does-not-allow", "AccessDenied", iamGuide + "troubleshoot_access-denied.html"},
	{"what-the-policy-denies-at-route-53", "AccessDenied", iamGuide + "troubleshoot_access-denied.html"},
	{"tagging-what-one-creates-takes-a-permission", "UnauthorizedOperation", "https://docs.aws.amazon.com/ec2/latest/devguide/supported-iam-actions-tagging.html"},
	{"everyone-may-ask-who-they-are", "", "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"},
	{"a-mistyped-region-has-no-address", "", "https://docs.aws.amazon.com/general/latest/gr/elb.html"},
	{"a-mistyped-region-at-elb", "SignatureDoesNotMatch", iamGuide + "reference_sigv-troubleshooting.html"},
	{"a-mistyped-region-at-ec2", "AuthFailure", ec2Codes},
	{"too-many-calls-of-ec2", "RequestLimitExceeded", ec2Rates},
	{"too-many-calls-of-elb", "ThrottlingException", elbRates},
	{"too-many-calls-of-route-53", "Throttling", dnsGuide + "DNSLimitations.html"},
	{"five-calls-a-second-to-route-53", "", dnsGuide + "DNSLimitations.html"},
	{"the-tagging-api-learns-late", "", tagAPI + "GetResources.html"},
	{"101-resources-on-a-page", "InvalidParameterException", tagAPI + "GetResources.html"},
}
