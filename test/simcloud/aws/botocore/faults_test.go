package botocore

import "strings"

// faults are exchanges with one fault each, by what is wrong.
func faults() map[string]fault {
	all := map[string]fault{}
	for _, some := range []map[string]fault{formFaults(), restFaults(), replyFaults(), errorFaults()} {
		for name, f := range some {
			all[name] = f
		}
	}
	return all
}

func formFaults() map[string]fault {
	return map[string]fault{
		"an unknown action":         {exchange: ec2("AllocateAdress", "", ""), request: `no model has the action "AllocateAdress"`},
		"another service's version": {exchange: elb("AllocateAddress", "", ""), request: `no model has the action "AllocateAddress" of the version "2015-12-01"`},
		"an unknown parameter":      {exchange: elb("DeleteListener", "ListenerArn=a&Force=true", ""), request: "Force: the model has no such member"},
		"an unknown parameter deep in a list": {exchange: elb("RegisterTargets", "TargetGroupArn=a&Targets.member.1.Id=i-1&Targets.member.1.Weight=1", ""),
			request: "Targets[0].Weight: the model has no such member"},
		"a required one is missing":                 {exchange: elb("DeleteListener", "", ""), request: "ListenerArn: it is required and missing"},
		"a required one is missing in a list":       {exchange: elb("RegisterTargets", "TargetGroupArn=a&Targets.member.1.Port=80", ""), request: "Targets[0].Id: it is required and missing"},
		"a value out of its enumeration":            {exchange: elb("CreateLoadBalancer", "Name=a&Type=classic", ""), request: `Type: "classic" is none of application, network, gateway`},
		"a number below its least":                  {exchange: elb("CreateListener", "LoadBalancerArn=a&Port=0&DefaultActions.member.1.Type=forward", ""), request: "Port: 0: the least is 1"},
		"a number above its most":                   {exchange: elb("CreateListener", "LoadBalancerArn=a&Port=65536&DefaultActions.member.1.Type=forward", ""), request: "Port: 65536: the most is 65535"},
		"a text for a number":                       {exchange: elb("DescribeLoadBalancers", "PageSize=many", ""), request: `PageSize: "many" is no integer`},
		"a number that is too large":                {exchange: ec2("DescribeTags", "MaxResults=99999999999", "<tagSet/>"), request: `"99999999999" is no integer`},
		"a number for a boolean":                    {exchange: ec2("ReleaseAddress", "DryRun=1", "<return>true</return>"), request: `DryRun: "1" is no boolean`},
		"a text that breaks its pattern":            {exchange: elb("AddTags", "ResourceArns.member.1=a&Tags.member.1.Key=a*b", ""), request: `Tags[0].Key: "a*b" does not match`},
		"a text that is too short":                  {exchange: elb("AddTags", "ResourceArns.member.1=a&Tags.member.1.Key=", ""), request: `Key: 0 characters of "": the least is 1`},
		"a list that is empty":                      {exchange: elb("AddTags", "ResourceArns.member.1=a&Tags=", ""), request: "Tags: 0 items: the least is 1"},
		"a structure with a text":                   {exchange: elb("CreateTargetGroup", "Name=a&Matcher=200", ""), request: `Matcher: it is a structure and has the text "200"`},
		"a text with parts":                         {exchange: elb("DeleteListener", "ListenerArn.member.1=a", ""), request: "ListenerArn: it is a string and has parts: member"},
		"a list as ec2 names it at elb":             {exchange: elb("DescribeLoadBalancers", "Names.1=a", ""), request: "the items of this list are called member.N, not 1"},
		"a list as elb names it at ec2":             {exchange: ec2("DescribeSubnets", "SubnetId.member.1=a", ""), request: "not numbered from 1 on: there is member"},
		"a list from 0":                             {exchange: elb("DescribeLoadBalancers", "Names.member.0=a", ""), request: "not numbered from 1 on: there is 0"},
		"a list with a hole":                        {exchange: ec2("DescribeSubnets", "SubnetId.1=a&SubnetId.3=b", ""), request: "not numbered from 1 on"},
		"a list with a text":                        {exchange: ec2("DescribeSubnets", "SubnetId=a", ""), request: `it is a list and has the text "a"`},
		"a member's name instead of the location's": {exchange: ec2("DescribeSubnets", "SubnetIds.1=a", ""), request: "SubnetIds: the model has no such member"},
		"a small letter where ec2 has a capital":    {exchange: ec2("ReleaseAddress", "dryRun=true", "<return>true</return>"), request: "dryRun: the model has no such member"},
		"a parameter twice":                         {exchange: elb("DeleteListener", "ListenerArn=a&ListenerArn=b", ""), request: "ListenerArn: it comes more than once"},
		"json of the wrong kind":                    {exchange: tagging(`{"ResourcesPerPage":"10"}`, `{}`), request: `"10" can't be a integer`},
		"json with an unknown member":               {exchange: tagging(`{"Tags":[]}`, `{}`), request: "Tags: the model has no such member"},
		"json that is none":                         {exchange: tagging(`{`, `{}`), request: "the body is no JSON"},
	}
}

func restFaults() map[string]fault {
	const zones = `<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones/><Marker/><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListHostedZonesResponse>`
	return map[string]fault{
		"an unknown path":             {exchange: dns("GET", "/2013-04-01/zones", "", ""), request: "no model has GET /2013-04-01/zones"},
		"an unknown method":           {exchange: dns("PATCH", "/2013-04-01/hostedzone/Z1", "", ""), request: "no model has PATCH"},
		"an unknown query":            {exchange: dns("GET", "/2013-04-01/hostedzone?page=2", "", zones), request: "page: the model has no such parameter"},
		"a query of the wrong type":   {exchange: dns("GET", "/2013-04-01/hostedzone?hostedzonetype=Public", "", zones), request: "is none of"},
		"an ID that is too long":      {exchange: dns("GET", "/2013-04-01/change/"+long(6501), "", `<GetChangeResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeInfo><Id>C</Id><Status>INSYNC</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>`), request: "the most is"},
		"a body where there is none":  {exchange: dns("GET", "/2013-04-01/hostedzone", "<a/>", zones), request: "body: there is one, and the operation has none"},
		"no body where there is one":  {exchange: dns("POST", "/2013-04-01/hostedzone/Z1/rrset", "", changed), request: "body: it is no XML"},
		"another outermost element":   {exchange: dns("POST", "/2013-04-01/hostedzone/Z1/rrset", `<Change xmlns="https://route53.amazonaws.com/doc/2013-04-01/">`+one(plainRecord)+"</Change>", changed), request: "the outermost element is ChangeResourceRecordSetsRequest, not Change"},
		"no namespace":                {exchange: dns("POST", "/2013-04-01/hostedzone/Z1/rrset", "<ChangeResourceRecordSetsRequest>"+one(plainRecord)+"</ChangeResourceRecordSetsRequest>", changed), request: "the namespace is"},
		"an unknown element":          {exchange: changing(one(plainRecord + "<Ttl>1</Ttl>")), request: "Ttl: the model has no such member"},
		"an element twice":            {exchange: changing(one(plainRecord + "<TTL>1</TTL>")), request: "TTL: it comes 2 times"},
		"an element that is missing":  {exchange: changing(one("<Name>a</Name>")), request: "Type: it is required and missing"},
		"an item with another name":   {exchange: changing(strings.NewReplacer("<Change>", "<member>", "</Change>", "</member>").Replace(one(plainRecord))), request: `an item of this list is called "member"`},
		"a type that route 53 has no": {exchange: changing(one("<Name>a</Name><Type>ANY</Type>")), request: `Type: "ANY" is none of`},
		"a boolean in Python's words": {exchange: changing(one("<Name>a</Name><Type>A</Type><MultiValueAnswer>True</MultiValueAnswer>")), request: `"True" is no boolean`},
	}
}

func replyFaults() map[string]fault {
	bare := ec2("DescribeSubnets", "", "")
	bare.Reply = []byte(`<DescribeSubnetsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"/>`)
	foreign := ec2("DescribeSubnets", "", "")
	foreign.Reply = []byte(`<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId></DescribeVpcsResponse>`)
	spaceless := ec2("DescribeSubnets", "", "")
	spaceless.Reply = []byte(`<DescribeSubnetsResponse><requestId>1</requestId></DescribeSubnetsResponse>`)
	unwrapped := elb("DeleteListener", "ListenerArn=a", "")
	unwrapped.Reply = []byte(`<DeleteListenerResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DeleteListenerResponse>`)
	return map[string]fault{
		"a reply with an unknown element":  {exchange: ec2("DescribeSubnets", "", "<subnetSet><item><subnetID>a</subnetID></item></subnetSet>"), reply: "Subnets[0].subnetID: the model has no such member"},
		"a reply with another enumeration": {exchange: ec2("DescribeSubnets", "", "<subnetSet><item><state>up</state></item></subnetSet>"), reply: `"up" is none of`},
		"a reply of the wrong type":        {exchange: ec2("DescribeSubnets", "", "<subnetSet><item><availableIpAddressCount>x</availableIpAddressCount></item></subnetSet>"), reply: `"x" is no integer`},
		"a reply with a bad time":          {exchange: elb("DescribeLoadBalancers", "", "<LoadBalancers><member><CreatedTime>yesterday</CreatedTime></member></LoadBalancers>"), reply: `"yesterday" is no timestamp`},
		"a reply without what it must have": {exchange: dns("GET", "/2013-04-01/hostedzone", "", `<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones/><Marker/><IsTruncated>false</IsTruncated></ListHostedZonesResponse>`),
			reply: "MaxItems: it is required and missing"},
		"a reply whose items have another name": {exchange: elb("DescribeLoadBalancers", "", "<LoadBalancers><item/></LoadBalancers>"), reply: `an item of this list is called "item"`},
		"a reply with an element twice":         {exchange: ec2("AllocateAddress", "", "<domain>vpc</domain><domain>vpc</domain>"), reply: "Domain: it comes 2 times"},
		"a reply without request ID":            {exchange: bare, reply: "requestId: there is none"},
		"another operation's reply":             {exchange: foreign, reply: "the outermost element is DescribeSubnetsResponse, not DescribeVpcsResponse"},
		"a reply without namespace":             {exchange: spaceless, reply: "the namespace is"},
		"a reply without result":                {exchange: unwrapped, reply: "there is no DeleteListenerResult"},
		"a reply that is no XML":                {exchange: failed(elb("DeleteListener", "ListenerArn=a", ""), 200, "<a>"), reply: "the reply is no XML"},
		"a release that returns nothing":        {exchange: ec2("ReleaseAddress", "", ""), reply: "return: it is not true"},
		"a reply in JSON of the wrong kind":     {exchange: tagging("{}", `{"ResourceTagMappingList":{}}`), reply: "a object is no list"},
	}
}

func errorFaults() map[string]fault {
	drop := elb("DeleteListener", "ListenerArn=a", "")
	return map[string]fault{
		"an error with another status":  {exchange: failed(drop, 404, elbError("Sender", "ListenerNotFound")), reply: "ListenerNotFound has the status 400, not 404"},
		"an error of the wrong side":    {exchange: failed(drop, 400, elbError("Receiver", "ListenerNotFound")), reply: `with the status 400 it is not "Receiver"`},
		"an error in ec2's form at elb": {exchange: failed(drop, 400, "<Response><Errors><Error><Code>a</Code><Message>b</Message></Error></Errors><RequestID>1</RequestID></Response>"), reply: "RequestId: an error has it"},
		"an error without message":      {exchange: failed(ec2("ReleaseAddress", "", ""), 400, "<Response><Errors><Error><Code>a</Code></Error></Errors><RequestID>1</RequestID></Response>"), reply: "Errors.Error.Message: an error has it"},
		"an error that is no XML":       {exchange: failed(drop, 500, "oops"), reply: "the error is no XML"},
		"an error in JSON without type": {exchange: failed(tagging("{}", ""), 400, `{"message":"no"}`), reply: "__type: an error has it"},
		"an error that is no JSON":      {exchange: failed(tagging("{}", ""), 500, "<a/>"), reply: "the error is no JSON"},
	}
}

// long is a text of n characters.
func long(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = 'a'
	}
	return string(text)
}
