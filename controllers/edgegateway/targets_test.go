package edgegateway

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
)

// awsClass sends to these targets.
func awsClass(targets api.TargetKind) *api.EdgeGatewayClass {
	return &api.EdgeGatewayClass{Spec: api.EdgeGatewayClassSpec{Provider: api.ProviderAWS, AWS: &api.AWSSettings{Region: "eu-west-1", Targets: targets}}}
}

// proxyPod is one that serves and that nobody has told yet how the load balancer has it.
func proxyPod(name, ip string, change ...func(*corev1.Pod)) corev1.Pod {
	pod := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), Labels: infra.PodsOf("web")},
		Spec:       corev1.PodSpec{NodeName: "a", ReadinessGates: []corev1.PodReadinessGate{{ConditionType: infra.Registered}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: ip,
			Conditions: []corev1.PodCondition{{Type: corev1.ContainersReady, Status: corev1.ConditionTrue}},
		},
	}
	pod.Labels[infra.GatewayLabel] = "web"
	for _, c := range change {
		c(&pod)
	}
	return pod
}

func leaves(pod *corev1.Pod) { pod.DeletionTimestamp = &metav1.Time{Time: time.Unix(1_700_000_000, 0)} }

func unready(pod *corev1.Pod) { pod.Status.Conditions[0].Status = corev1.ConditionFalse }

// said is what was written on a pod before.
func said(status corev1.ConditionStatus, reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: infra.Registered, Status: status, Reason: reason, Message: "before"})
	}
}

func TestPodTargets(t *testing.T) {
	cases := []struct {
		name string
		pod  corev1.Pod
		want []providers.Target
	}{
		{"one that serves", proxyPod("p", "10.0.0.1"), []providers.Target{{Name: "p", Address: "10.0.0.1", ProviderID: "aws:///eu-west-1a/i-a"}}},
		{"one whose node has gone", proxyPod("p", "10.0.0.1", func(p *corev1.Pod) { p.Spec.NodeName = "b" }), []providers.Target{{Name: "p", Address: "10.0.0.1"}}},
		{"one without an address", proxyPod("p", ""), nil},
		{"one that has not come up yet", proxyPod("p", "10.0.0.1", unready), nil},
		{"one whose gate is open, and that has not come up", proxyPod("p", "10.0.0.1", unready, said(corev1.ConditionTrue, infra.RegisteredWaived)), nil},
		{"one that was served, and whose Envoy starts again", proxyPod("p", "10.0.0.1", unready, said(corev1.ConditionTrue, infra.RegisteredServing)),
			[]providers.Target{{Name: "p", Address: "10.0.0.1", ProviderID: "aws:///eu-west-1a/i-a"}}},
		{"one that leaves", proxyPod("p", "10.0.0.1", leaves), []providers.Target{{Name: "p", Address: "10.0.0.1", ProviderID: "aws:///eu-west-1a/i-a", Draining: true}}},
		{"one that leaves and fails its probe", proxyPod("p", "10.0.0.1", leaves, unready), []providers.Target{{Name: "p", Address: "10.0.0.1", ProviderID: "aws:///eu-west-1a/i-a", Draining: true}}},
		{"one that was evicted, whose address may be another's", proxyPod("p", "10.0.0.1", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }), nil},
		{"one that has ended, whose address may be another's", proxyPod("p", "10.0.0.1", leaves, func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), nil},
		{"one with its node's address", proxyPod("p", "10.0.0.1", func(p *corev1.Pod) { p.Spec.HostNetwork = true }), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := &inputs{class: awsClass(api.TargetPods), pods: []corev1.Pod{c.pod}, nodes: []corev1.Node{node("a", "192.0.2.1")}}
			kind, got := targets(in)
			if diff := cmp.Diff(c.want, got); diff != "" || kind != providers.Pods {
				t.Errorf("%s (-want +got):\n%s", kind, diff)
			}
		})
	}
}

func node(name, ip string, change ...func(*corev1.Node)) corev1.Node {
	node := corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}, Spec: corev1.NodeSpec{ProviderID: "aws:///eu-west-1a/i-" + name},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: name}}},
	}
	if ip != "" {
		node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: ip})
	}
	for _, c := range change {
		c(&node)
	}
	return node
}

func TestNodeTargets(t *testing.T) {
	in := &inputs{
		pods: []corev1.Pod{proxyPod("p", "10.0.0.1")},
		nodes: []corev1.Node{
			node("b", "192.0.2.2"), node("a", "192.0.2.1", func(n *corev1.Node) {
				n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse}}
			}),
			node("gone", "192.0.2.3", func(n *corev1.Node) { n.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }),
			node("out", "192.0.2.4", func(n *corev1.Node) { n.Labels[corev1.LabelNodeExcludeBalancers] = "" }), node("new", ""),
		},
	}
	want := []providers.Target{
		{Name: "a", Address: "192.0.2.1", ProviderID: "aws:///eu-west-1a/i-a"}, {Name: "b", Address: "192.0.2.2", ProviderID: "aws:///eu-west-1a/i-b"},
	}
	manual := manualClass("dc", 1, func(*api.EdgeGatewayClassSpec) {})
	for _, class := range []*api.EdgeGatewayClass{nil, &manual, awsClass(""), awsClass(api.TargetNodes)} {
		in.class = class
		kind, got := targets(in)
		if diff := cmp.Diff(want, got); diff != "" || kind != providers.Nodes {
			t.Errorf("%+v: %s (-want +got):\n%s", class, kind, diff)
		}
	}
}

// TestPodMoved: a heartbeat of a probe, or what we write ourselves, is no news.
func TestPodMoved(t *testing.T) {
	cases := []struct {
		name   string
		change func(*corev1.Pod)
		want   bool
	}{
		{"an address", func(p *corev1.Pod) { p.Status.PodIP = "10.0.0.2" }, true},
		{"a node", func(p *corev1.Pod) { p.Spec.NodeName = "b" }, true},
		{"its container fails", unready, true},
		{"it leaves", leaves, true},
		{"it ends", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, true},
		{"what we wrote", said(corev1.ConditionTrue, infra.RegisteredServing), false},
		{"a label", func(p *corev1.Pod) { p.Labels["x"] = "y" }, false},
		{"a probe", func(p *corev1.Pod) { p.Status.Conditions[0].LastProbeTime = metav1.Now() }, false},
	}
	for _, c := range cases {
		before := proxyPod("p", "10.0.0.1")
		after := before.DeepCopy()
		if c.change(after); podMoved().Update(event.UpdateEvent{ObjectOld: &before, ObjectNew: after}) != c.want {
			t.Errorf("%s: passed is %v", c.name, !c.want)
		}
	}
	pod := proxyPod("p", "10.0.0.1")
	if !podMoved().Delete(event.DeleteEvent{Object: &pod}) || !podMoved().Create(event.CreateEvent{Object: &pod}) {
		t.Error("a pod that comes or goes is not seen")
	}
}

// TestAPodIsItsGateways: what infra labels is cached, and wakes its gateway.
func TestAPodIsItsGateways(t *testing.T) {
	gateway := shop(func(*api.EdgeGatewaySpec) {})
	made := infra.Desired(infra.Inputs{Gateway: &gateway, Targets: api.TargetPods}).Deployment.Spec.Template
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: gateway.Namespace, Labels: made.Labels}, Spec: made.Spec}
	for _, by := range Cached() {
		if !by.Label.Matches(labels.Set(pod.Labels)) || by.Label.Matches(labels.Set{"app": "other"}) {
			t.Errorf("the cache selects %s of %v", by.Label, pod.Labels)
		}
	}
	requests := gatewayOfPod(t.Context(), &pod)
	if len(requests) != 1 || requests[0].Namespace != gateway.Namespace || requests[0].Name != gateway.Name {
		t.Errorf("it wakes %v", requests)
	}
	if !gated(&pod) {
		t.Error("it waits for no registration")
	}
	if requests := gatewayOfPod(t.Context(), &corev1.Pod{}); requests != nil {
		t.Errorf("a stranger wakes %v", requests)
	}
}
