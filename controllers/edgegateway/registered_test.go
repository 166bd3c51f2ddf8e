package edgegateway

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// balanced is a round in which the load balancer forwards and has these targets.
func balanced(targets ...map[string]providers.State) engine.Outcome {
	all := map[string]providers.State{}
	for _, one := range targets {
		maps.Copy(all, one)
	}
	return engine.Outcome{Quiet: true, Status: providers.Status{Provisioned: providers.Verdict{State: providers.Ready}, Targets: all}}
}

func target(ip string, state providers.State) map[string]providers.State {
	return map[string]providers.State{ip: state}
}

// other is a proxy that is there anyway, and mine the one in question.
var (
	other      = target("10.0.0.9", providers.Ready)
	mine       = func(state providers.State) map[string]providers.State { return target("10.0.0.1", state) }
	unseen     = engine.Outcome{Err: errors.New("timeout")}
	onTheWay   = engine.Outcome{Quiet: true, Status: providers.Status{Provisioned: providers.Verdict{State: providers.Pending}}}
	unfinished = func(out engine.Outcome, change func(*engine.Outcome)) engine.Outcome {
		change(&out)
		return out
	}
)

func TestRegistered(t *testing.T) {
	const yes, no = corev1.ConditionTrue, corev1.ConditionFalse
	served, waived := said(yes, infra.RegisteredServing), said(yes, infra.RegisteredWaived)
	leaving, out := said(yes, infra.RegisteredLeaving), said(no, infra.RegisteredOut)
	applied := func(o *engine.Outcome) { o.Applied = []providers.Change{{}} }
	late := func(o *engine.Outcome) { o.Quiet = false }
	type change = func(*corev1.Pod)
	cases := []struct {
		name string
		pod  []change
		out  engine.Outcome
		want string
	}{
		{"new, and not registered", nil, balanced(other), "False Arriving, awaited"},
		{"registered, and not checked", nil, balanced(other, mine(providers.Pending)), "False Arriving, awaited"},
		{"registered, and failing", nil, balanced(other, mine(providers.Failed)), "False Arriving, awaited"},
		{"served", nil, balanced(other, mine(providers.Ready)), "True Serving"},
		{"served, and the check fails later", []change{served}, balanced(other, mine(providers.Failed)), "True Serving"},
		{"served, and not registered any more", []change{served}, balanced(other), "True Serving"},
		{"served, and the cloud can't be seen", []change{served}, unseen, "True Serving"},
		{"new, and the cloud can't be seen, which never served", nil, unseen, "True NoLoadBalancer"},
		{"new, while the load balancer is being made", nil, onTheWay, "True NoLoadBalancer"},
		{"new, while the load balancer is being made, with targets already", nil,
			unfinished(onTheWay, func(o *engine.Outcome) { o.Status.Targets = balanced(mine(providers.Pending)).Status.Targets }), "True NoLoadBalancer"},
		{"new, before anything was tried", nil, engine.Outcome{}, "True NoLoadBalancer"},
		{"waived, and the load balancer has come", []change{waived}, balanced(mine(providers.Pending)), "True NoLoadBalancer"},
		{"waived, and served since", []change{waived}, balanced(mine(providers.Ready)), "True Serving"},

		{"leaves, and still registered", []change{served, leaves}, balanced(other, mine(providers.Ready)), "True Leaving, awaited"},
		{"leaves, and its check fails", []change{served, leaves}, balanced(other, mine(providers.Failed)), "True Leaving, awaited"},
		{"leaves, and deregistered", []change{leaving, leaves}, balanced(other, mine(providers.Leaving)), "True Leaving, awaited"},
		{"leaves, and let go of", []change{leaving, leaves}, balanced(other), "False Deregistered"},
		{"leaves, and let go of before anyone looked", []change{served, leaves}, balanced(other), "False Deregistered"},
		{"leaves, never registered", []change{said(no, infra.RegisteredArriving), leaves}, balanced(other), "False Deregistered"},
		{"leaves, registered and never served", []change{said(no, infra.RegisteredArriving), leaves}, balanced(other, mine(providers.Pending)), "False Leaving, awaited"},
		{"leaves, and a registration may be on its way", []change{said(no, infra.RegisteredArriving), leaves}, unfinished(balanced(other), applied), "False Arriving, awaited"},
		{"leaves, and lists may be late", []change{leaving, leaves}, unfinished(balanced(other), late), "True Leaving, awaited"},
		{"leaves, and the cloud can't be seen", []change{leaving, leaves}, unseen, "True Leaving, awaited"},
		{"leaves, and the provider tells of no target", []change{served, leaves}, balanced(), "True Serving, awaited"},
		{"is out, and is listed once more by a late list", []change{out, leaves}, balanced(other, mine(providers.Leaving)), "False Deregistered"},
		{"is out, and the cloud can't be seen", []change{out, leaves}, unseen, "False Deregistered"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := &inputs{class: awsClass(api.TargetPods), pods: []corev1.Pod{proxyPod("p", "10.0.0.1", c.pod...)}}
			if got := registered(in, c.out, 0); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// registered is what a pod of in is to be told.
func registered(in *inputs, out engine.Outcome, i int) string {
	now := registrationsOf(in, out).of(&in.pods[i])
	text := string(now.Status) + " " + now.Reason
	if awaited(&in.pods[i], now) {
		text += ", awaited"
	}
	return text
}

// TestARolloutWaitsForTheCloudWhileItCanNotBeSeen: that a pod has been served shows that there is a load balancer to wait for.
func TestARolloutWaitsForTheCloudWhileItCanNotBeSeen(t *testing.T) {
	for _, reason := range []string{infra.RegisteredServing, infra.RegisteredLeaving} {
		in := &inputs{class: awsClass(api.TargetPods), pods: []corev1.Pod{proxyPod("old", "10.0.0.1", said(corev1.ConditionTrue, reason)), proxyPod("new", "10.0.0.2")}}
		for _, class := range []*api.EdgeGatewayClass{awsClass(api.TargetPods), nil} {
			in.class = class
			for _, out := range []engine.Outcome{unseen, onTheWay} {
				if got := registered(in, out, 1); got != "False Arriving, awaited" {
					t.Errorf("beside one that is %s, with %+v, the new pod is %s", reason, out, got)
				}
			}
		}
	}
}

// TestProxiesOfAGatewayThatIsGoneWaitForNothing: nobody looks at them after this.
func TestProxiesOfAGatewayThatIsGoneWaitForNothing(t *testing.T) {
	in := &inputs{class: awsClass(api.TargetPods), pods: []corev1.Pod{
		proxyPod("there", "10.0.0.1", said(corev1.ConditionTrue, infra.RegisteredServing)), proxyPod("leaves", "10.0.0.2", said(corev1.ConditionTrue, infra.RegisteredLeaving), leaves),
	}}
	for i, before := range []string{"True Serving", "True Leaving, awaited"} {
		in.gateway.DeletionTimestamp = nil
		if got := registered(in, engine.Outcome{}, i); got != before {
			t.Errorf("%s of a gateway that stays is %s", in.pods[i].Name, got)
		}
		in.gateway.DeletionTimestamp = &metav1.Time{Time: time.Unix(1_700_000_000, 0)}
		if got := registered(in, engine.Outcome{Footprint: []providers.Place{{}}}, i); got != before {
			t.Errorf("%s of a gateway of which something is left is %s", in.pods[i].Name, got)
		}
		if got := registered(in, engine.Outcome{}, i); !strings.HasPrefix(got, "False Deregistered") {
			t.Errorf("%s of a gateway that is gone is %s", in.pods[i].Name, got)
		}
	}
}

// TestNobodyWaitsForALoadBalancerThatSendsToNodes: such as when the class has just been changed.
func TestNobodyWaitsForALoadBalancerThatSendsToNodes(t *testing.T) {
	in := &inputs{class: awsClass(api.TargetNodes), pods: []corev1.Pod{
		proxyPod("new", "10.0.0.1"), proxyPod("old", "10.0.0.2", said(corev1.ConditionTrue, infra.RegisteredServing), leaves),
	}}
	out := balanced(target("i-a", providers.Ready))
	if got := registered(in, out, 0); got != "True NoLoadBalancer" {
		t.Errorf("the new pod is %s", got)
	}
	if got := registered(in, out, 1); got != "False Deregistered" {
		t.Errorf("the old pod is %s", got)
	}
	out.Status.Targets["10.0.0.2"] = providers.Ready
	if got := registered(in, out, 1); got != "True Leaving, awaited" {
		t.Errorf("the old pod is %s: what sent to pods has not gone yet", got)
	}
}

// TestWriteRegistrations: kubelet's own conditions stay as they are, and what was said is not said again.
func TestWriteRegistrations(t *testing.T) {
	pod, without := proxyPod("p", "10.0.0.1"), proxyPod("q", "10.0.0.2", func(p *corev1.Pod) { p.Spec.ReadinessGates = nil })
	writes := 0
	api := fake.NewClientBuilder().WithScheme(clientgoscheme.Scheme).WithObjects(&pod, &without).WithStatusSubresource(&corev1.Pod{}).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: func(ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			writes++
			return c.SubResource(sub).Patch(ctx, obj, patch, opts...)
		}}).Build()
	r := &Reconciler{Client: api}
	read := func() corev1.Pod {
		var now corev1.Pod
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(&pod), &now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	cached := read()
	cached.Status.Conditions[0].Status = corev1.ConditionFalse // it has changed since
	in := &inputs{class: awsClass("Pods"), pods: []corev1.Pod{cached, without}}
	if waiting, err := r.writeRegistrations(t.Context(), in, balanced(other)); err != nil || !waiting {
		t.Fatalf("waiting is %v: %v", waiting, err)
	}
	now := read()
	if now.Status.Conditions[0].Status != corev1.ConditionTrue || podCondition(&now, infra.Registered).Reason != infra.RegisteredArriving {
		t.Errorf("the pod says %+v", now.Status.Conditions)
	}
	for range 2 {
		in.pods[0] = read()
		if waiting, err := r.writeRegistrations(t.Context(), in, balanced(other, mine(providers.Ready))); err != nil || waiting {
			t.Fatalf("waiting is %v: %v", waiting, err)
		}
	}
	now = read()
	if c := podCondition(&now, infra.Registered); c.Status != corev1.ConditionTrue || c.LastTransitionTime.IsZero() || len(now.Status.Conditions) != 2 || writes != 2 {
		t.Errorf("after %d writes the pod says %+v", writes, now.Status.Conditions)
	}
	if err := api.Delete(t.Context(), &pod); err != nil {
		t.Fatal(err)
	}
	in.pods[0].Status.Conditions = nil
	if _, err := r.writeRegistrations(t.Context(), in, balanced(other)); err != nil {
		t.Errorf("a pod that is gone is an error: %v", err)
	}
}
