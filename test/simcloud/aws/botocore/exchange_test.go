package botocore

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/edgegateway/edgegateway/test/simcloud/python"
)

var awsModels = sync.OnceValues(func() (*Models, error) {
	dir, err := python.Home()
	if err != nil {
		return nil, err
	}
	return Load(filepath.Join(dir, "botocore", "data"), "ec2/2016-11-15", "elbv2/2015-12-01", "resourcegroupstaggingapi/2017-01-26",
		"route53/2013-04-01", "sts/2011-06-15")
})

func ofAWS(t *testing.T) *Models {
	t.Helper()
	python.Find(t)
	models, err := awsModels()
	if err != nil {
		t.Fatal(err)
	}
	return models
}

// form is an exchange of a query protocol. Its reply gets the protocol's wrapping.
func form(version, action, parameters, reply string) Exchange {
	body := "Action=" + action + "&Version=" + version
	if parameters != "" {
		body += "&" + parameters
	}
	switch version {
	case "2016-11-15":
		reply = "<" + action + `Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>` + reply + "</" + action + "Response>"
	case "2015-12-01":
		reply = "<" + action + `Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><` + action + "Result>" + reply + "</" + action +
			"Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></" + action + "Response>"
	}
	return Exchange{Method: http.MethodPost, URL: &url.URL{Path: "/"}, Body: []byte(body), Whole: true, Status: 200, Reply: []byte(reply)}
}

func ec2(action, parameters, reply string) Exchange {
	return form("2016-11-15", action, parameters, reply)
}

func elb(action, parameters, reply string) Exchange {
	return form("2015-12-01", action, parameters, reply)
}

func dns(method, target, body, reply string) Exchange {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	return Exchange{Method: method, URL: u, Body: []byte(body), Whole: true, Status: 200, Reply: []byte(reply)}
}

func changing(inner string) Exchange {
	return dns("POST", "/2013-04-01/hostedzone/Z1/rrset", `<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">`+inner+
		"</ChangeResourceRecordSetsRequest>", changed)
}

const changed = `<ChangeResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>` +
	`<SubmittedAt>2026-01-01T00:00:00.000Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>`

// one is a batch of one change.
func one(set string) string {
	return "<ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet>" + set + "</ResourceRecordSet></Change></Changes></ChangeBatch>"
}

func tagging(body, reply string) Exchange {
	return Exchange{Method: "POST", URL: &url.URL{Path: "/"}, Header: http.Header{"X-Amz-Target": {"ResourceGroupsTaggingAPI_20170126.GetResources"}},
		Body: []byte(body), Whole: true, Status: 200, Reply: []byte(reply)}
}

// failed makes the reply an error.
func failed(x Exchange, status int, reply string) Exchange {
	x.Status, x.Reply = status, []byte(reply)
	return x
}

func elbError(kind, code string) string {
	return "<ErrorResponse><Error><Type>" + kind + "</Type><Code>" + code + "</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
}

const plainRecord = "<Name>a.example.com</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>"

// good are exchanges in which nothing is wrong, by what they show.
func good() map[string]Exchange {
	return map[string]Exchange{
		"ec2's lists and names": ec2("AllocateAddress", "Domain=vpc&TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b",
			"<allocationId>eipalloc-1</allocationId><domain>vpc</domain>"),
		"ec2's reply without output":   ec2("ReleaseAddress", "AllocationId=eipalloc-1", "<return>true</return>"),
		"ec2's return beside output":   ec2("CreateSecurityGroup", "GroupName=a&GroupDescription=b&VpcId=vpc-1", "<return>true</return><groupId>sg-1</groupId>"),
		"members of lists in ec2":      ec2("DescribeSubnets", "Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&MaxResults=5", "<subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet>"),
		"elb's lists":                  elb("DescribeLoadBalancers", "Names.member.1=a&Names.member.2=b&PageSize=400", "<LoadBalancers><member><LoadBalancerName>a</LoadBalancerName></member></LoadBalancers>"),
		"an empty list in a form":      elb("SetSecurityGroups", "LoadBalancerArn=a&SecurityGroups=", ""),
		"an empty list in a reply":     elb("DescribeTags", "ResourceArns.member.1=a", "<TagDescriptions><member><ResourceArn>a</ResourceArn><Tags></Tags></member></TagDescriptions>"),
		"a batch of route 53":          changing(one(plainRecord)),
		"a list with a query":          dns("GET", "/2013-04-01/hostedzone?maxitems=10", "", `<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones/><Marker></Marker><IsTruncated>false</IsTruncated><MaxItems>10</MaxItems></ListHostedZonesResponse>`),
		"json":                         tagging(`{"TagFilters":[{"Key":"a","Values":["b"]}]}`, `{"PaginationToken":"","ResourceTagMappingList":[{"ResourceARN":"arn:aws:a"}]}`),
		"an error that is declared":    failed(elb("DeleteListener", "ListenerArn=a", ""), 400, elbError("Sender", "ListenerNotFound")),
		"an error of ec2":              failed(ec2("ReleaseAddress", "", ""), 400, "<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors><RequestID>1</RequestID></Response>"),
		"a refused batch in its words": failed(changing(one(plainRecord)), 400, "<InvalidChangeBatch><Messages><Message>no</Message></Messages><RequestId>1</RequestId></InvalidChangeBatch>"),
		"a reply that never came":      {Method: "POST", URL: &url.URL{Path: "/"}, Body: []byte("Action=ReleaseAddress&Version=2016-11-15"), Reply: []byte("<Rel")},
	}
}

func TestWhatAWSDoesPasses(t *testing.T) {
	models := ofAWS(t)
	for name, x := range good() {
		v := models.Judge(x)
		if len(v.Request)+len(v.Reply) > 0 || v.Operation == "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := models.Judge(good()["an error that is declared"]); !v.Declared || v.Code != "ListenerNotFound" {
		t.Errorf("a declared error: %+v", v)
	}
	if v := models.Judge(good()["a refused batch in its words"]); !v.Declared || v.Code != "InvalidChangeBatch" {
		t.Errorf("a refused batch: %+v", v)
	}
	if v := models.Judge(failed(elb("DeleteListener", "ListenerArn=a", ""), 400, elbError("Sender", "SubnetNotFound"))); v.Declared {
		t.Errorf("an error of others: %+v", v)
	}
	if unread := models.Unreadable(); len(unread) > 0 {
		t.Errorf("Go can't read the patterns %q", unread)
	}
}

// fault is one that the models must find, and where.
type fault struct {
	exchange       Exchange
	request, reply string
}

func TestEachKindOfFaultIsFound(t *testing.T) {
	models := ofAWS(t)
	for name, c := range faults() {
		v := models.Judge(c.exchange)
		for side, found := range map[string]struct {
			want string
			got  []string
		}{"request": {c.request, v.Request}, "reply": {c.reply, v.Reply}} {
			all := strings.Join(found.got, "\n")
			if found.want == "" && all != "" || len(found.got) > 1 || !strings.Contains(all, found.want) {
				t.Errorf("%s: of the %s it says %q, not %q", name, side, all, found.want)
			}
		}
	}
}
