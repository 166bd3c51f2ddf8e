// Package aws is a strict simulator of the parts of AWS that an entrance to a cluster needs: EC2 (addresses, security groups, subnets,
// instances, network interfaces, tags), Elastic Load Balancing v2 (Network Load Balancers), Route 53, STS and the resource groups tagging API.
// Cloud is an http.Handler for a custom endpoint: the real SDK talks to it, signs its requests, and gets AWS's error codes.
//
// What AWS refuses, it refuses; Rules lists each refusal with the page that documents it and with the test that proves it. A request that AWS
// would accept and that is not modelled is never accepted silently: it answers SimulatorGap, and Cloud.Gaps has it.
//
// Two judges that others wrote look at it: a Gate, which compares every exchange of every test with AWS's own models (package botocore), and
// moto, with which package peer compares it step by step.
//
// Where it is known to differ from AWS:
//   - Not modelled, and refused as a gap: Application and Gateway Load Balancers, QUIC, PROXY protocol with UDP, target groups that share a
//     listener's traffic (a second one of weight 0 is modelled), targets that are load balancers or functions, IPAM and customer-owned pools,
//     hosted zones' creation, health checks and routing policies of records other than weights, and making VPCs, subnets and instances, which
//     are seeded or edited.
//   - The ranges of pods are delegated to an interface in one piece each, where AWS delegates pieces of 16 addresses.
//   - A subnet is public if it says so; route tables are derived from that. There are no network ACLs and no prefix lists.
//   - Policies are lists of actions: no resources, no conditions. The date of a signature is not compared with the clock.
//   - Route 53 may be signed for the client's region, as the SDK does with a custom endpoint.
//   - A group that is named in DescribeTargetHealth, DescribeListeners or a tag call is looked up without lag; only what is listed lags.
//     Calls that mutate see everything at once.
//   - AWS does not publish how long things take: they are settings with likely defaults.
//   - EC2 takes some reads from a smaller bucket if they have neither filter nor page; here every read has the normal one.
//   - Messages are AWS's where they are known from its pages and from reports; codes are to be relied on, words are not.
//   - The tags of a second CreateLoadBalancer, CreateTargetGroup or CreateListener count among its settings.
//   - Targets are healthy, after their time, unless SetHealth says otherwise, or Config.Measured leaves it to a data plane, to which Table says what
//     to do. What Table asks of it is less than what AWS does: no TLS is ended, HTTPS health checks are connections only, targets by address outside
//     an interface's own let nothing in, and an alias answers the addresses of all of a load balancer's zones, whatever their targets' health.
//
// It imports the standard library, the kernel in test/simcloud, the tables of its data plane and the packages of its judges, and for Suite the
// contract and its conformance suite; tests moreover the AWS SDK.
package aws
