package aws

import (
	"strings"
)

// AWS's pages on how many calls it takes.
const (
	ec2LimitsPage = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"
	elbLimitsPage = "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html"
	dnsLimitsPage = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"
)

// allowance is a token bucket of AWS's: so many calls at once, and so many more each second.
type allowance struct {
	// calls that share it, for people and to tell buckets apart.
	calls     string
	burst     float64
	perSecond float64
	page      string
}

// The services as policies call them.
const (
	serviceEC2 = "ec2"
	serviceELB = "elasticloadbalancing"
	serviceDNS = "route53"
	serviceSTS = "sts"
)

// allowancesOf returns the buckets that AWS takes a token of a call from, the narrowest first. EC2 has one for each API; ELB has one for
// each category and one for all of it; Route 53 has one. Nobody limits what we ask STS.
func allowancesOf(service, operation string) []allowance {
	switch service {
	case serviceEC2:
		return []allowance{ec2Allowance(operation)}
	case serviceELB:
		return []allowance{elbAllowance(operation), {"all calls", 40, 10, elbLimitsPage}}
	case serviceDNS:
		return []allowance{{"all calls", 5, 5, dnsLimitsPage}}
	default:
		return nil
	}
}

// ec2Allowance is the bucket of one API. Reads that some of them give a smaller one, without filter and page, are never made here.
func ec2Allowance(operation string) allowance {
	switch {
	case operation == "CreateTags" || operation == "DeleteTags":
		return allowance{operation, 100, 10, ec2LimitsPage}
	case reads(operation):
		return allowance{operation, 100, 20, ec2LimitsPage}
	default:
		return allowance{operation, 50, 5, ec2LimitsPage}
	}
}

func elbAllowance(operation string) allowance {
	switch {
	case operation == "CreateLoadBalancer" || operation == "SetSubnets":
		return allowance{"resource-intensive calls", 10, 0.2, elbLimitsPage}
	case operation == "RegisterTargets" || operation == "DeregisterTargets":
		return allowance{"registrations", 20, 4, elbLimitsPage}
	case reads(operation):
		return allowance{"reading calls", 40, 10, elbLimitsPage}
	default:
		return allowance{"changing calls", 20, 3, elbLimitsPage}
	}
}

func reads(operation string) bool { return strings.HasPrefix(operation, "Describe") }

// regional says whether a service counts calls region by region.
func regional(service string) bool { return service != serviceDNS }
