package aws

import "github.com/edgegateway/edgegateway/test/simcloud"

// The pages that the buckets are from: each bucket's size, and what it is refilled by a second.
//   - EC2 (ec2Rates) has one for each API.
//   - ELB (elbRates) has one for each category of APIs, and another one for all of them together.
//   - Route 53 (dnsGuide's DNSLimitations.html) has one of five requests a second for the account, in whatever region.
var (
	ec2Read  = simcloud.Limit{Burst: 100, PerSecond: 20}
	ec2Write = simcloud.Limit{Burst: 50, PerSecond: 5}
	ec2Tag   = simcloud.Limit{Burst: 100, PerSecond: 10}

	elbHeavy    = simcloud.Limit{Burst: 10, PerSecond: 0.2}
	elbRegister = simcloud.Limit{Burst: 20, PerSecond: 4}
	elbRead     = simcloud.Limit{Burst: 40, PerSecond: 10}
	elbWrite    = simcloud.Limit{Burst: 20, PerSecond: 3}
	elbAll      = simcloud.Limit{Burst: 40, PerSecond: 10}

	dnsAll = simcloud.Limit{Burst: 5, PerSecond: 5}
	tagAll = simcloud.Limit{Burst: 15, PerSecond: 15}
)

// limitsOf returns the token buckets of a call.
func limitsOf(call simcloud.Call) []simcloud.Bucket {
	at := call.Account + "/" + call.Region + "/"
	switch call.Service {
	case ec2Service:
		return []simcloud.Bucket{{Key: at + call.Name(), Limit: ec2LimitOf(call)}}
	case elbService:
		category, limit := elbCategoryOf(call)
		return []simcloud.Bucket{{Key: at + "elb " + category, Limit: limit}, {Key: at + "elb", Limit: elbAll}}
	case dnsService:
		return []simcloud.Bucket{{Key: call.Account + "/route53", Limit: dnsAll}}
	case tagService:
		return []simcloud.Bucket{{Key: at + "tagging", Limit: tagAll}}
	default:
		return nil
	}
}

func ec2LimitOf(call simcloud.Call) simcloud.Limit {
	switch {
	case call.Action == "CreateTags" || call.Action == "DeleteTags":
		return ec2Tag
	case call.Mutating:
		return ec2Write
	default:
		return ec2Read
	}
}

func elbCategoryOf(call simcloud.Call) (string, simcloud.Limit) {
	switch {
	case call.Action == "CreateLoadBalancer" || call.Action == "SetSubnets":
		return "resource-intensive", elbHeavy
	case call.Action == "RegisterTargets" || call.Action == "DeregisterTargets":
		return "registration", elbRegister
	case call.Mutating:
		return "mutating", elbWrite
	default:
		return "non-mutating", elbRead
	}
}
