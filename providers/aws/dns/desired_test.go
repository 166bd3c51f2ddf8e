package dns

import "testing"

func TestTheAliasZoneIsThatOfTheHostnamesRegion(t *testing.T) {
	for hostname, zone := range map[string]string{
		"eg-1-0a.elb.eu-west-1.amazonaws.com":              "Z2IFOLAFXWLO4F",
		"EG-1-0a.elb.us-east-1.amazonaws.com.":             "Z26RNL4JYFTOTI",
		"internal-eg-1-0a.elb.cn-north-1.amazonaws.com.cn": "Z3QFB96KMJ7ED6",
		"eg-1.eu-west-1.elb.amazonaws.com":                 "", // a load balancer of another kind
		"elb.eu-west-1.amazonaws.com":                      "",
		"eg-1-0a.elb.nowhere-1.amazonaws.com":              "",
		"eg-1-0a.elb.eu-west-1.example.com":                "",
		"":                                                 "",
	} {
		if got := aliasZone(hostname); got != zone {
			t.Errorf("%q is in %q, not %q", hostname, got, zone)
		}
	}
}
