package peer

// difference is one that is known: at scenario/step/field the simulator shows one thing and moto another, and why that is right.
type difference struct {
	at, ours, motos string
	why             reason
}

// reason is a page of AWS's that the simulator keeps to and moto does not, or else what moto does.
type reason string

// AWS's pages, by what they say.
const (
	elbAPI   reason = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_"
	nlbGuide reason = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/"
	ec2API   reason = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_"
	ec2Codes reason = "https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html"
	dnsAPI   reason = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_"
	dnsGuide reason = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"

	// Accounts and addresses.
	unknownRegion         = ec2Codes + ": InvalidParameterValue for a region that is not there; moto leaves it out"
	attributeNames        = ec2API + "DescribeAccountAttributes.html: those that were asked for; moto gives all"
	pageSizes             = ec2API + "DescribeSubnets.html: MaxResults is 5 or more"
	unknownFilter         = ec2Codes + ": InvalidParameterValue for a filter that is not there; moto breaks down"
	addressPools          = ec2API + "AllocateAddress.html: the reply has pool and border group"
	tagsOfNothing         = ec2Codes + ": InvalidAllocationID.NotFound; moto tags whatever it is given"
	ownTags               = ec2API + "Tag.html: no key begins with aws:; moto lets it"
	tagKinds              = ec2API + "TagDescription.html: the type is elastic-ip, not vpc-elastic-ip"
	quotas         reason = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: 5 addresses; moto has no quotas"

	// Security groups.
	groupTags      = ec2API + "CreateSecurityGroup.html: the reply has the tags"
	groupNames     = ec2API + "CreateSecurityGroup.html: not sg-…, not default, and in a VPC that is there; moto looks at none of it"
	groupInUse     = ec2API + "DeleteSecurityGroup.html: DependencyViolation; moto deletes a group in use"
	malformedGroup = ec2Codes + ": InvalidGroupId.Malformed comes before NotFound"
	hostBits       = ec2API + "IpRange.html: the range is kept in canonical form"
	permissions    = ec2API + "IpPermission.html: protocols by name or number, ports up to 65535; moto looks at neither"
	allPorts       = ec2API + "SecurityGroupRule.html: -1 stands for all ports"

	// Load balancers.
	networkARN         reason = "moto calls every load balancer app/…, though its type is network"
	dnsNames           reason = "https://docs.aws.amazon.com/general/latest/gr/elb.html: each region has a zone, and its own form of names; moto has an example's"
	addressesInZones          = elbAPI + "LoadBalancerAddress.html: zones carry allocation and address; moto drops the mappings"
	balancerNames             = elbAPI + "CreateLoadBalancer.html: a name with the same settings is the same, with others DuplicateLoadBalancerName; moto makes another"
	balancerCharacters        = elbAPI + "CreateLoadBalancer.html: 32 letters, digits and hyphens, no hyphen at the ends, no internal- at the beginning; moto takes anything"
	noSubnet                  = elbAPI + "CommonErrors.html: ValidationError, \"At least one subnet must be specified\""
	balancerErrors            = elbAPI + "CreateLoadBalancer.html, Errors; moto does not look, or has EC2's code"
	addressInUse              = elbAPI + "CreateLoadBalancer.html: ResourceInUse; moto has no association of addresses with load balancers"
	addressReleased           = ec2API + "ReleaseAddress.html: what a load balancer has can't be released; moto releases it"
	protection                = elbAPI + "DeleteLoadBalancer.html: OperationNotPermitted; moto deletes what is protected"
	balancerDefaults          = elbAPI + "LoadBalancerAttribute.html: the attributes of a network load balancer and what they are at first"
	balancerAttributes        = elbAPI + "LoadBalancerAttribute.html: keys by type, and true or false; moto has one list of keys and takes any value"
	groupDefaults             = elbAPI + "TargetGroupAttribute.html: what they are at first; moto has those of application load balancers"
	groupAttributes           = elbAPI + "TargetGroupAttribute.html: the keys; moto takes any"
	idleTimeout               = elbAPI + "ListenerAttribute.html: 60 to 6000 seconds; moto takes any value"

	// Listeners.
	sameListener      = elbAPI + "CreateListener.html: \"This operation is idempotent\"; moto makes another"
	takenPort         = elbAPI + "CreateListener.html: DuplicateListener; moto has two on a port"
	listenerProtocols = nlbGuide + "load-balancer-target-groups.html: UDP goes to UDP or TCP_UDP; moto does not compare"
	tlsCertificate    = elbAPI + "CreateListener.html: TLS takes a certificate; moto wants one for HTTPS only"
	listenerPorts     = elbAPI + "CreateListener.html: ports from 1 to 65535"

	// Targets.
	healthDefaults = elbAPI + "CreateTargetGroup.html: 6 seconds for HTTP checks and 200-399 of a network load balancer; moto has an application load balancer's"
	sameTargets    = elbAPI + "CreateTargetGroup.html: \"This operation is idempotent\"; moto refuses"
	checkIntervals = elbAPI + "ModifyTargetGroup.html: a check ends before the next; moto does not compare"
	targetKinds    = elbAPI + "RegisterTargets.html: InvalidTarget; moto looks at nothing"
	healths        = nlbGuide + "target-group-health-checks.html: unused, initial and draining; moto has every target healthy at once, and gone at once"
	deregistering  = elbAPI + "DeregisterTargets.html: \"If the specified target does not exist, the action returns successfully\""
	deletingTwice  = elbAPI + "DeleteTargetGroup.html: it declares no TargetGroupNotFound"

	// Records.
	zonesByName   = dnsAPI + "ListHostedZonesByName.html: MaxItems and DNSName as they were asked for"
	changes       = dnsAPI + "GetChange.html: /change/…, PENDING before INSYNC, and NoSuchChange; moto knows every change, and all are INSYNC"
	changeErrors  = dnsAPI + "ChangeResourceRecordSets.html: InvalidChangeBatch; moto has InvalidInput"
	changeShape   = dnsAPI + "ResourceRecordSet.html: a TTL from 0 on and values, or an alias; a batch has changes; moto takes anything"
	quotedText    = dnsGuide + "ResourceRecordTypes.html: texts are in quotation marks; moto takes any"
	addressValues = dnsGuide + "ResourceRecordTypes.html: addresses are of their family; moto takes any text"
	cnames        = dnsGuide + "ResourceRecordTypes.html: a CNAME is alone at its name, and not at the apex; moto takes it"
	wildcard      = dnsGuide + "DomainNameFormat.html: a * is listed as \\052"
	aliasNames    = dnsAPI + "AliasTarget.html: names are listed with a dot at their end"
	aliasZones    = dnsAPI + "AliasTarget.html: the zone is that of the load balancer; moto does not look"
)

// differences are all that are known.
var differences = []difference{
	{"accounts/an unknown region/code", "InvalidParameterValue", "ok", unknownRegion},
	{"accounts/the account's attributes/attributes", "[supported-platforms]", "[vpc-max-security-groups-per-interface max-instances supported-platforms default-vpc max-elastic-ips vpc-max-elastic-ips]", attributeNames},
	{"accounts/a page of 4 subnets/code", "InvalidParameterValue", "ok", pageSizes},
	{"accounts/an unknown filter/code", "InvalidParameterValue", "no API error, status 500", unknownFilter},

	{"addresses/allocate with tags/border", "eu-west-1", "", addressPools},
	{"addresses/allocate with tags/pool", "amazon", "", addressPools},
	{"addresses/tag what is not there/code", "InvalidAllocationID.NotFound", "ok", tagsOfNothing},
	{"addresses/tag as AWS alone may/code", "InvalidParameterValue", "ok", ownTags},
	{"addresses/list tags/tags", "<address>elastic-ip Name=address, <address>elastic-ip more=yes, <address>elastic-ip owner=you", "<address>vpc-elastic-ip Name=address, <address>vpc-elastic-ip more=yes, <address>vpc-elastic-ip owner=you", tagKinds},
	{"addresses/allocate a sixth/code", "AddressLimitExceeded", "ok", quotas},

	{"attributes/its defaults/access_logs.s3.enabled", "false", "absent", balancerDefaults},
	{"attributes/its defaults/dns_record.client_routing_policy", "any_availability_zone", "absent", balancerDefaults},
	{"attributes/cross-zone maybe/code", "ValidationError", "ok", balancerAttributes},
	{"attributes/an unknown attribute/code", "ValidationError", "InvalidConfigurationRequest", balancerAttributes},
	{"attributes/an application load balancer's/code", "InvalidConfigurationRequest", "ok", balancerAttributes},
	{"attributes/its attributes/access_logs.s3.enabled", "false", "absent", balancerDefaults},
	{"attributes/delete it, protected/code", "OperationNotPermitted", "ok", protection},
	{"attributes/the group's defaults/preserve_client_ip.enabled", "true", "absent", groupDefaults},
	{"attributes/the group's defaults/proxy_protocol_v2.enabled", "false", "absent", groupDefaults},
	{"attributes/an unknown attribute of the group/code", "ValidationError", "ok", groupAttributes},
	{"attributes/the group's attributes/preserve_client_ip.enabled", "true", "absent", groupDefaults},
	{"attributes/an idle timeout that is too short/code", "ValidationError", "ok", idleTimeout},

	{"balancers/create/arn", "arn:aws:elasticloadbalancing:eu-west-1:<account>:loadbalancer/net/eg-main/*", "arn:aws:elasticloadbalancing:eu-west-1:<account>:loadbalancer/app/eg-main/*", networkARN},
	{"balancers/create/dns", "NAME-*.elb.eu-west-1.amazonaws.com", "NAME-1.eu-west-1.elb.amazonaws.com", dnsNames},
	{"balancers/create/zone", "Z2IFOLAFXWLO4F", "Z2P70J7EXAMPLE", dnsNames},
	{"balancers/create/zones", "eu-west-1a <public-a> <address> with address=true", "eu-west-1a <public-a>", addressesInZones},
	{"balancers/create the same/it is the same", "true", "false", balancerNames},
	{"balancers/create one with the name and other settings/code", "DuplicateLoadBalancerName", "ok", balancerNames},
	{"balancers/describe/arn", "arn:aws:elasticloadbalancing:eu-west-1:<account>:loadbalancer/net/eg-main/*", "arn:aws:elasticloadbalancing:eu-west-1:<account>:loadbalancer/app/eg-main/*", networkARN},
	{"balancers/describe/dns", "NAME-*.elb.eu-west-1.amazonaws.com", "NAME-1.eu-west-1.elb.amazonaws.com", dnsNames},
	{"balancers/describe/zone", "Z2IFOLAFXWLO4F", "Z2P70J7EXAMPLE", dnsNames},
	{"balancers/describe/zones", "eu-west-1a <public-a> <address> with address=true", "eu-west-1a <public-a>", addressesInZones},
	{"balancers/a name of 33 characters/code", "ValidationError", "ok", balancerCharacters},
	{"balancers/a name with an underscore/code", "ValidationError", "ok", balancerCharacters},
	{"balancers/a name that begins with internal-/code", "ValidationError", "ok", balancerCharacters},
	{"balancers/a name that ends with a hyphen/code", "ValidationError", "ok", balancerCharacters},
	{"balancers/no subnet/code", "ValidationError", "SubnetNotFound", noSubnet},
	{"balancers/an unknown subnet/code", "SubnetNotFound", "InvalidSubnetID.NotFound", balancerErrors},
	{"balancers/an unknown address/code", "AllocationIdNotFound", "ok", balancerErrors},
	{"balancers/an unknown group/code", "InvalidSecurityGroup", "ok", balancerErrors},
	{"balancers/an address that is taken/code", "ResourceInUse", "ok", addressInUse},
	{"balancers/an unknown scheme/code", "InvalidScheme", "ok", balancerErrors},
	{"balancers/a tag key twice/code", "DuplicateTagKeys", "ok", balancerErrors},
	{"balancers/the address in use/associated", "true", "false", addressInUse},
	{"balancers/release the address in use/code", "AuthFailure", "ok", addressReleased},
	{"balancers/delete the group in use/code", "DependencyViolation", "ok", groupInUse},
	{"balancers/add a tag of AWS's own/code", "ValidationError", "ok", ownTags},

	{"groups/create/tags", "owner=me", "", groupTags},
	{"groups/create with a name like an ID/code", "InvalidParameterValue", "ok", groupNames},
	{"groups/create as default/code", "InvalidParameterValue", "InvalidGroup.Duplicate", groupNames},
	{"groups/create in an unknown VPC/code", "InvalidVpcID.NotFound", "ok", groupNames},
	{"groups/create a peer/tags", "owner=me", "", groupTags},
	{"groups/admit a range with the bits of its host/rules", "<group> egress=false tcp 80-80 192.0.2.0/24 \"\"", "<group> egress=false tcp 80-80 192.0.2.1/24 \"\"", hostBits},
	{"groups/admit an unknown protocol/code", "InvalidParameterValue", "ok", permissions},
	{"groups/admit a port that is none/code", "InvalidParameterValue", "ok", permissions},
	{"groups/admit all protocols/rules", "<group> egress=false -1 -1--1 198.51.100.0/24 \"\"", "<group> egress=false -1 0-0 198.51.100.0/24 \"\"", allPorts},
	{"groups/describe a malformed one/code", "InvalidGroupId.Malformed", "InvalidGroup.NotFound", malformedGroup},
	{"groups/delete the peer, to which a rule refers/code", "DependencyViolation", "ok", groupInUse},
	{"groups/delete the nodes' group, which nodes have/code", "DependencyViolation", "ok", groupInUse},

	{"listeners/create/arn", "arn:aws:elasticloadbalancing:eu-west-1:<account>:listener/net/eg-main/*/*", "arn:aws:elasticloadbalancing:eu-west-1:<account>:listener/app/eg-main/*/*", networkARN},
	{"listeners/create the same/it is the same", "true", "false", sameListener},
	{"listeners/create on a taken port/code", "DuplicateListener", "ok", takenPort},
	{"listeners/create udp to tcp targets/code", "IncompatibleProtocols", "ok", listenerProtocols},
	{"listeners/create tls without certificate/code", "ValidationError", "ok", tlsCertificate},
	{"listeners/create on port 0/code", "ValidationError", "ok", listenerPorts},
	{"listeners/send it elsewhere/arn", "arn:aws:elasticloadbalancing:eu-west-1:<account>:listener/net/eg-main/*/*", "arn:aws:elasticloadbalancing:eu-west-1:<account>:listener/app/eg-main/*/*", networkARN},
	{"listeners/move it to a taken port/code", "DuplicateListener", "ok", takenPort},

	{"records/zones by name/most", "1", "0", zonesByName},
	{"records/zones by name/name", "example.com", "example.com.", zonesByName},
	{"records/an unknown change/code", "NoSuchChange", "ok", changes},
	{"records/the change at once/id", "/change/<change>", "<change>", changes},
	{"records/the change at once/status", "PENDING", "INSYNC", changes},
	{"records/the change later/id", "/change/<change>", "<change>", changes},
	{"records/delete with another value/code", "InvalidChangeBatch", "InvalidInput", changeErrors},
	{"records/delete with another ttl/code", "InvalidChangeBatch", "InvalidInput", changeErrors},
	{"records/delete what is not there/code", "InvalidChangeBatch", "InvalidInput", changeErrors},
	{"records/a batch of good and bad/code", "InvalidChangeBatch", "InvalidInput", changeErrors},
	{"records/a text without quotation marks/code", "InvalidChangeBatch", "ok", quotedText},
	{"records/list the wildcard/records", "[\\052.apps.example.com. A 60 192.0.2.1]", "[*.apps.example.com. A 60 192.0.2.1]", wildcard},
	{"records/an IPv6 address that is none/code", "InvalidChangeBatch", "ok", addressValues},
	{"records/an address that is none/code", "InvalidChangeBatch", "ok", addressValues},
	{"records/a negative ttl/code", "InvalidInput", "ok", changeShape},
	{"records/a CNAME beside an address/code", "InvalidChangeBatch", "ok", cnames},
	{"records/an address beside a CNAME/code", "InvalidChangeBatch", "ok", cnames},
	{"records/a CNAME at the apex/code", "InvalidChangeBatch", "ok", cnames},
	{"records/list the alias/records", "[www.example.com. A alias Z2IFOLAFXWLO4F <balancer's dns>. true]", "[www.example.com. A alias Z2IFOLAFXWLO4F <balancer's dns> true]", aliasNames},
	{"records/an alias in an unknown zone/code", "InvalidChangeBatch", "ok", aliasZones},
	{"records/neither values nor alias/code", "InvalidInput", "ok", changeShape},
	{"records/an empty batch/code", "InvalidInput", "ok", changeShape},
	{"records/a page from a name on/records", "[_eg.a.example.com. TXT 300 \"owner=me\" \\052.apps.example.com. A 60 192.0.2.1]", "[_eg.a.example.com. TXT 300 \"owner=me\" *.apps.example.com. A 60 192.0.2.1]", wildcard},
	{"records/all from a name on/records", "[www.example.com. A alias Z2IFOLAFXWLO4F <balancer's dns>. true]", "[www.example.com. A alias Z2IFOLAFXWLO4F <balancer's dns> true]", aliasNames},
	{"records/an alias with a ttl/code", "InvalidInput", "ok", changeShape},
	{"records/delete the zone's own records/code", "InvalidChangeBatch", "InvalidInput", changeErrors},

	{"targets/create/matcher", "200-399", "200", healthDefaults},
	{"targets/create/timeout", "6", "10", healthDefaults},
	{"targets/describe/matcher", "200-399", "200", healthDefaults},
	{"targets/describe/timeout", "6", "10", healthDefaults},
	{"targets/create the same/code", "ok", "DuplicateTargetGroupName", sameTargets},
	{"targets/modify the check/matcher", "200-399", "200", healthDefaults},
	{"targets/modify the check/timeout", "6", "10", healthDefaults},
	{"targets/check more often than a check takes/code", "ValidationError", "ok", checkIntervals},
	{"targets/register an unknown node/code", "InvalidTarget", "ok", targetKinds},
	{"targets/register an address of elsewhere/code", "InvalidTarget", "ok", targetKinds},
	{"targets/register a node among addresses/code", "InvalidTarget", "ok", targetKinds},
	{"targets/health behind no listener/node-a", "unused Target.NotInUse", "healthy ", healths},
	{"targets/health behind no listener/node-b", "unused Target.NotInUse", "healthy ", healths},
	{"targets/health at once/node-a", "initial Elb.RegistrationInProgress", "healthy ", healths},
	{"targets/health at once/node-b", "unused Target.NotInUse", "healthy ", healths},
	{"targets/health later/node-b", "unused Target.NotInUse", "healthy ", healths},
	{"targets/describe behind a load balancer/matcher", "200-399", "200", healthDefaults},
	{"targets/describe behind a load balancer/timeout", "6", "10", healthDefaults},
	{"targets/health while one drains/node-a", "draining Target.DeregistrationInProgress", "", healths},
	{"targets/health while one drains/node-a port", "30443 checked at 30999", "", healths},
	{"targets/health while one drains/node-b", "unused Target.NotInUse", "healthy ", healths},
	{"targets/health while one drains/targets", "2", "1", healths},
	{"targets/health when it is gone/node-b", "unused Target.NotInUse", "healthy ", healths},
	{"targets/deregister what is gone/code", "ok", "InvalidTarget", deregistering},
	{"targets/delete again/code", "ok", "TargetGroupNotFound", deletingTwice},
}
