package aws

import (
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(Config{})
	}
}

func BenchmarkCall(b *testing.B) {
	u := newUser(b, Config{Unlimited: true})
	for b.Loop() {
		if _, err := u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{}); err != nil {
			b.Fatal(err)
		}
	}
}
