package edgegateway

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// round is a gateway's round as it is when all is well; cases change it.
type round struct {
	in  *inputs
	out engine.Outcome
	views
}

func goodRound() round {
	gateway := shop(func(s *api.EdgeGatewaySpec) { s.Hostnames = []string{"www.example.com"} })
	gateway.Generation = 3
	class := manualClass("dc", 1, func(s *api.EdgeGatewayClassSpec) {
		s.DNS = &api.DNSSettings{Provider: api.DNSRFC2136, Zones: []string{"example.com"}}
	})
	ready := providers.Verdict{State: providers.Ready}
	return round{
		in: &inputs{gateway: gateway, class: &class, accepted: yes(api.ReasonAccepted, "fine")},
		out: engine.Outcome{
			Status:   providers.Status{Addresses: []string{"203.0.113.10", "2001:db8:113::10"}, Addressed: ready, Provisioned: ready, Published: ready},
			Observed: providers.NewGraph(providers.Node{Key: "record/www.example.com/A", State: providers.Ready, Place: providers.Place{Names: []string{"www.example.com"}}}),
		},
		views: views{
			proxy: yes(api.ReasonReady, "2 proxies are ready"), health: yes(api.ReasonReady, "checks arrive"), reach: yes(api.ReasonReady, "reached"), settled: yes(api.ReasonReady, "it has held"),
		},
	}
}

// lines are a status's conditions as "Type=Status Reason", in their order.
func lines(status api.EdgeGatewayStatus) []string {
	var text []string
	for _, c := range status.Conditions {
		text = append(text, fmt.Sprintf("%s=%s %s", c.Type, c.Status, c.Reason))
	}
	return text
}

func TestStatusOfAGatewayThatServes(t *testing.T) {
	r := goodRound()
	status := statusOf(r.in, r.out, r.views)
	want := []string{
		"Accepted=True Accepted", "ProxyReady=True Ready", "AddressReady=True Ready", "Provisioned=True Ready",
		"BackendsHealthy=True Ready", "DNSReady=True Ready", "Reachable=True Ready", "Ready=True Ready",
	}
	if diff := cmp.Diff(want, lines(status)); diff != "" {
		t.Error(diff)
	}
	if len(status.Addresses) != 2 || status.Addresses[1].Family != api.IPv6 || status.ClassName != "dc" || status.Hostnames[0] != "www.example.com" {
		t.Errorf("status is %+v", status)
	}
	for _, c := range status.Conditions {
		if c.ObservedGeneration != 3 {
			t.Errorf("%s was observed at generation %d", c.Type, c.ObservedGeneration)
		}
	}
}

func TestStatusWhenSomethingIsWrong(t *testing.T) {
	cases := []struct {
		name   string
		change func(*round)
		// want are conditions that must be there; not are types that must not.
		want []string
		not  []string
		says string
	}{
		{"not accepted, nothing made", func(r *round) {
			r.in.accepted = no(api.ReasonClassNotFound, "no such class")
			r.in.class, r.out = nil, engine.Outcome{}
		}, []string{"Accepted=False ClassNotFound", "ProxyReady=False NotAccepted", "Reachable=False NotAccepted", "Ready=False NotAccepted"}, nil, "no such class"},
		{"a spec that the provider refuses", func(r *round) {
			r.out.Err = providers.Invalidf("spec.manual.ack.addresses[0]", "169.254.169.254 is link-local")
		}, []string{"Accepted=False InvalidSpec", "Ready=False NotAccepted"}, nil, "spec.manual.ack.addresses[0]"},
		{"no proxy is ready", func(r *round) { r.proxy = no(api.ReasonPending, "0 of 2") },
			[]string{"ProxyReady=False Pending", "Ready=False Pending"}, nil, "ProxyReady: 0 of 2"},
		{"the ops team has not answered", func(r *round) {
			v := providers.Verdict{State: providers.Waiting, Reason: "AwaitingAck", Message: "build it"}
			r.out.Status.Addressed, r.out.Status.Provisioned = v, v
		}, []string{"AddressReady=False AwaitingAck", "Provisioned=False AwaitingAck", "Ready=False AwaitingAck"}, nil, "AddressReady: build it"},
		{"a name is somebody else's", func(r *round) {
			r.out.Status.Published = providers.Verdict{State: providers.Pending}
			r.out.Err = &providers.Error{Class: providers.Denied, Reason: "RecordConflict", Err: errors.New("www.example.com is taken")}
		}, []string{"AddressReady=True Ready", "DNSReady=False RecordConflict", "Ready=False RecordConflict"}, nil, "www.example.com is taken"},
		{"the name server fails", func(r *round) {
			r.out.Status.Published = providers.Verdict{State: providers.Pending}
			r.out.Err = errors.New("timeout")
		}, []string{"DNSReady=False CloudError", "Ready=False CloudError"}, nil, "timeout"},
		{"no DNS in the class", func(r *round) { r.in.class.Spec.DNS, r.out.Status.Published = nil, providers.Verdict{} },
			[]string{"DNSReady=True NoDNS", "Ready=True Ready"}, nil, ""},
		{"no names to publish", func(r *round) { r.in.gateway.Spec.Hostnames, r.out.Status.Published = nil, providers.Verdict{} },
			[]string{"DNSReady=True NoDNS", "Ready=True Ready"}, nil, ""},
		{"no health check arrives", func(r *round) { r.health = no(api.ReasonHealthCheckMissing, "none came") },
			[]string{"BackendsHealthy=False HealthCheckMissing", "Ready=False HealthCheckMissing"}, nil, "BackendsHealthy: none came"},
		{"the proxies can't be asked", func(r *round) { r.health = unknown(api.ReasonNotMeasured, "no route") },
			[]string{"BackendsHealthy=Unknown NotMeasured", "Ready=True Ready"}, nil, ""},
		{"nobody comes in", func(r *round) { r.reach = no(api.ReasonTCPRefused, "client: refused") },
			[]string{"Reachable=False TCPRefused", "Ready=False TCPRefused"}, nil, "Reachable: client: refused"},
		{"the vantage is silent", func(r *round) { r.reach = unknown(api.ReasonVantageUnavailable, "no answer") },
			[]string{"Reachable=Unknown VantageUnavailable", "Ready=False VantageUnavailable"}, nil, ""},
		{"nobody looks from outside", func(r *round) { r.reach = unknown(api.ReasonNoOutsideVantage, "no vantage") },
			[]string{"Reachable=Unknown NoOutsideVantage", "Ready=True Ready"}, nil, "nobody looked"},
		{"all is well only since a moment ago", func(r *round) { r.settled = no(api.ReasonSettling, "it holds since 12:00") },
			[]string{"Reachable=True Ready", "Ready=False Settling"}, nil, "it holds since 12:00"},
		{"all was well, and something behind the way in has changed", func(r *round) {
			r.settled = no(api.ReasonSettling, "it holds since 12:00")
			r.in.gateway.Status.Conditions = []metav1.Condition{{Type: api.ConditionReady, Status: metav1.ConditionTrue, Reason: api.ReasonReady}}
		}, []string{"Ready=True Ready"}, nil, ""},
		{"nobody comes in, and nothing has settled", func(r *round) {
			r.reach, r.settled = no(api.ReasonTCPRefused, "client: refused"), no(api.ReasonSettling, "it holds since 12:00")
		}, []string{"Ready=False TCPRefused"}, nil, "Reachable: client: refused"},
		{"a change waits for approval", func(r *round) {
			r.out.Held = true
			r.out.Plan = &plan.Plan{Impact: providers.Address, Hash: "abc-Address", Changes: []providers.Change{{Verb: providers.Delete}}}
		}, []string{"PlanPending=True ApprovalNeeded", "Ready=True Ready"}, nil, ""},
		{"being deleted, with something left", func(r *round) {
			now := metav1.Now()
			r.in.gateway.DeletionTimestamp = &now
		}, []string{"Ready=False Deleting"}, nil, "record/www.example.com/A"},
		{"being deleted, and nobody can see what is left", func(r *round) {
			now := metav1.Now()
			r.in.gateway.DeletionTimestamp = &now
			r.out = engine.Outcome{Err: errors.New("i/o timeout"), Footprint: []providers.Place{{Provider: "rfc2136", Names: []string{"www.example.com"}}, {Provider: "manual"}}}
		}, []string{"Ready=False Deleting"}, nil, "still there: www.example.com, what manual made; i/o timeout"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := goodRound()
			c.change(&r)
			status := statusOf(r.in, r.out, r.views)
			got := strings.Join(lines(status), "\n") + "\n"
			for _, line := range c.want {
				if !strings.Contains(got, line+"\n") {
					t.Errorf("no %q in\n%s", line, got)
				}
			}
			if ready := conditionOf(status.Conditions, api.ConditionReady); !strings.Contains(ready.Message, c.says) {
				t.Errorf("Ready says %q, not %q", ready.Message, c.says)
			}
		})
	}
}

// TestConditionsThatApplyNoMoreGo, and nothing else is read back.
func TestConditionsThatApplyNoMoreGo(t *testing.T) {
	r := goodRound()
	r.in.gateway.Status.Conditions = []metav1.Condition{
		{Type: api.ConditionPlanPending, Status: metav1.ConditionTrue, Reason: api.ReasonApprovalNeeded},
		{Type: api.ConditionHandoffStale, Status: metav1.ConditionTrue, Reason: api.ReasonHandoffStale},
	}
	r.in.gateway.Status.Addresses = []api.StatusAddress{{Value: "198.51.100.1"}}
	status := statusOf(r.in, r.out, r.views)
	for _, kind := range []string{api.ConditionPlanPending, api.ConditionHandoffStale} {
		if conditionOf(status.Conditions, kind).Type != "" {
			t.Errorf("%s is still there", kind)
		}
	}
	if status.Addresses[0].Value != "203.0.113.10" {
		t.Errorf("addresses are %v", status.Addresses)
	}
}

// TestStatusKeepsWhatCouldNotBeLookedAt shows that what was there is not said to be gone because one look failed.
func TestStatusKeepsWhatCouldNotBeLookedAt(t *testing.T) {
	r := goodRound()
	r.in.gateway.Status = statusOf(r.in, r.out, r.views)
	before := r.in.gateway.Status
	r.out = engine.Outcome{Footprint: r.out.Footprint, Err: errors.New("observing: connection reset")}
	if len(r.out.Footprint) == 0 {
		r.out.Footprint = []providers.Place{{Provider: "fake"}}
	}
	after := statusOf(r.in, r.out, r.views)
	if len(before.Addresses) == 0 || !reflect.DeepEqual(before.Addresses, after.Addresses) || !reflect.DeepEqual(before.Hostnames, after.Hostnames) ||
		!reflect.DeepEqual(before.LoadBalancer, after.LoadBalancer) || !reflect.DeepEqual(before.Handoff, after.Handoff) {
		t.Errorf("before a look that failed there was\n%+v\nand then there is\n%+v", before, after)
	}
	if conditionOf(after.Conditions, api.ConditionProvisioned).Status != metav1.ConditionFalse {
		t.Errorf("it is not said that nobody can see")
	}
	r.out = engine.Outcome{}
	if gone := statusOf(r.in, r.out, r.views); len(gone.Addresses) > 0 {
		t.Errorf("what was looked at and is not there is said to be there: %v", gone.Addresses)
	}
}

func TestResult(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "edgegateways"}, "web", errors.New("newer"))
	cases := []struct {
		name    string
		out     engine.Outcome
		settled bool
		err     error
		after   time.Duration
		fails   bool
	}{
		{name: "all is as wanted", settled: true, after: resync},
		{name: "something is under way", after: whilePending},
		{name: "a change was made", out: engine.Outcome{Applied: []providers.Change{{}}}, settled: true, after: soon},
		{name: "somebody wrote meanwhile", err: conflict, after: afterConflict},
		{name: "the footprint could not be stored since somebody wrote meanwhile", out: engine.Outcome{Err: fmt.Errorf("storing: %w", conflict)}, after: afterConflict},
		{name: "the API fails", err: errors.New("down"), fails: true},
		{name: "the provider fails", out: engine.Outcome{Err: errors.New("down")}, fails: true},
		{name: "the provider asks for patience", out: engine.Outcome{Err: &providers.Error{Class: providers.Throttled, After: time.Minute}}, after: time.Minute},
		{name: "a person must act outside", out: engine.Outcome{Err: &providers.Error{Class: providers.Denied}}, after: whileDenied},
		{name: "a person must edit", out: engine.Outcome{Err: providers.Invalidf("spec.x", "no")}, after: resync},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			result, err := resultOf(c.out, c.settled, c.err)
			if (err != nil) != c.fails || result.RequeueAfter != c.after {
				t.Errorf("got %v, %v", result, err)
			}
		})
	}
}

func TestProxyFinding(t *testing.T) {
	two := int32(2)
	deployment := func(ready int32) *appsv1.Deployment {
		return &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &two}, Status: appsv1.DeploymentStatus{ReadyReplicas: ready}}
	}
	cases := []struct {
		name       string
		deployment *appsv1.Deployment
		err        error
		want       string
	}{
		{"no deployment yet", nil, nil, "false Pending the proxies' Deployment is not there yet"},
		{"none ready", deployment(0), nil, "false Pending 0 of 2 proxies are ready"},
		{"one ready", deployment(1), nil, "true Ready 1 of 2 proxies are ready"},
		{"all ready", deployment(2), nil, "true Ready 2 proxies are ready"},
		{"a name is taken", nil, &takenError{"Service", "shop", "web-edge"}, "false NameTaken Service shop/web-edge exists and is not this EdgeGateway's: delete or rename it"},
		{"an object can't be made", deployment(2), errors.New("forbidden"), "false Pending forbidden"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := proxyFinding(&inputs{deployment: c.deployment}, c.err)
			if got := fmt.Sprint(v.ok, " ", v.reason, " ", v.message); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAGatewayThatOnlyHasToSettleIsLookedAtAsSoonAsItMayHave(t *testing.T) {
	said := func(reason string) api.EdgeGatewayStatus {
		return api.EdgeGatewayStatus{Conditions: []metav1.Condition{{Type: api.ConditionReady, Status: metav1.ConditionFalse, Reason: reason}}}
	}
	for _, c := range []struct {
		reason             string
		after, again, want time.Duration
	}{
		{api.ReasonSettling, whilePending, 2 * time.Second, 2 * time.Second},
		{api.ReasonSettling, soon, 2 * time.Second, soon},
		{api.ReasonSettling, whilePending, 9 * time.Second, whilePending},
		{api.ReasonSettling, whilePending, 0, whilePending},
		{api.ReasonSettling, 0, time.Second, 0}, // the queue's backoff
		{api.ReasonPending, whilePending, time.Second, whilePending},
	} {
		if got := sooner(ctrl.Result{RequeueAfter: c.after}, said(c.reason), c.again).RequeueAfter; got != c.want {
			t.Errorf("%s, after %s or %s: got %s, want %s", c.reason, c.after, c.again, got, c.want)
		}
	}
}
