package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

const servicesList = `[
 {"metadata":{"namespace":"a","name":"web"},
  "spec":{"clusterIP":"198.19.0.7","ports":[{"name":"http","protocol":"TCP","port":80}]}},
 {"metadata":{"namespace":"a","name":"db"},"spec":{"clusterIP":"None"}},
 {"metadata":{"namespace":"a","name":"all"},"spec":{"clusterIP":"None","publishNotReadyAddresses":true}},
 {"metadata":{"namespace":"a","name":"alias"},"spec":{"type":"ExternalName","externalName":"web.a.svc.cluster.local"}}
]`

const slicesList = `[
 {"metadata":{"namespace":"a","name":"db-1","labels":{"kubernetes.io/service-name":"db"}},"endpoints":[
  {"addresses":["198.18.0.1"],"hostname":"db-0","conditions":{"ready":true}},
  {"addresses":["198.18.0.2"],"hostname":"db-1","conditions":{"ready":false}}]},
 {"metadata":{"namespace":"a","name":"all-1","labels":{"kubernetes.io/service-name":"all"}},"endpoints":[
  {"addresses":["198.18.0.2"],"conditions":{"ready":false}}]}
]`

func newTestResolver(t *testing.T) *resolver {
	t.Helper()
	d := newDirectory()
	d.services.replace(decode(t, servicesList))
	d.slices.replace(decode(t, slicesList))
	// A port of the discard protocol: no one answers.
	return &resolver{directory: d, next: "127.0.0.1:9"}
}

func decode(t *testing.T, list string) []object {
	t.Helper()
	var objects []object
	if err := json.Unmarshal([]byte(list), &objects); err != nil {
		t.Fatal(err)
	}
	return objects
}

func ask(t *testing.T, r *resolver, name string, kind dnsmessage.Type) dnsmessage.Message {
	t.Helper()
	question := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{
		{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET},
	}}
	packed, err := question.Pack()
	if err != nil {
		t.Fatal(err)
	}
	var reply dnsmessage.Message
	if err := reply.Unpack(r.answer("udp", packed)); err != nil {
		t.Fatal(err)
	}
	if reply.ID != 7 || !reply.Response {
		t.Errorf("the answer to %s is no answer: %v", name, reply.Header)
	}
	return reply
}

func TestNamesOfTheCluster(t *testing.T) {
	r := newTestResolver(t)
	for _, test := range []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
		want string
	}{
		{"web.a.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "[198.19.0.7]"},
		{"WEB.a.SVC.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "[198.19.0.7]"},
		{"web.a.svc.cluster.local.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, "[]"},
		{"web.b.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeNameError, "[]"},
		{"db.a.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "[198.18.0.1]"},
		{"db-0.db.a.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "[198.18.0.1]"},
		{"db-1.db.a.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeNameError, "[]"},
		{"all.a.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "[198.18.0.2]"},
		{"alias.a.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "[web.a.svc.cluster.local. 198.19.0.7]"},
		{"_http._tcp.web.a.svc.cluster.local.", dnsmessage.TypeSRV, dnsmessage.RCodeSuccess, "[80 web.a.svc.cluster.local.]"},
		{"shop.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeNameError, "[]"},
		{"shop.example.", dnsmessage.TypeA, dnsmessage.RCodeServerFailure, "[]"},
	} {
		reply := ask(t, r, test.name, test.kind)
		if got := fmt.Sprint(texts(reply.Answers)); got != test.want || reply.RCode != test.code {
			t.Errorf("%s %s is %s (%s), want %s (%s)", test.name, test.kind, got, reply.RCode, test.want, test.code)
		}
	}
}

func TestChangesAreSeen(t *testing.T) {
	r := newTestResolver(t)
	web := decode(t, servicesList)[0]
	r.directory.services.change("DELETED", web)
	if reply := ask(t, r, "web.a.svc.cluster.local.", dnsmessage.TypeA); reply.RCode != dnsmessage.RCodeNameError {
		t.Errorf("a deleted Service still answers %v", reply.Answers)
	}
	r.directory.services.change("ADDED", web)
	if reply := ask(t, r, "web.a.svc.cluster.local.", dnsmessage.TypeA); len(reply.Answers) != 1 {
		t.Errorf("an added Service answers %v", reply.Answers)
	}
}

func texts(answers []dnsmessage.Resource) []string {
	found := []string{}
	for _, answer := range answers {
		switch body := answer.Body.(type) {
		case *dnsmessage.AResource:
			found = append(found, fmt.Sprintf("%d.%d.%d.%d", body.A[0], body.A[1], body.A[2], body.A[3]))
		case *dnsmessage.CNAMEResource:
			found = append(found, body.CNAME.String())
		case *dnsmessage.SRVResource:
			found = append(found, fmt.Sprintf("%d %s", body.Port, body.Target))
		}
	}
	return found
}
