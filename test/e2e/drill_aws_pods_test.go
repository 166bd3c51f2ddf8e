package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/simcloud/plane"
	"github.com/edgegateway/edgegateway/test/site"
)

// deregistration is how long AWS goes on sending to a target that was deregistered: two minutes by its own clock.
const deregistration = 2 * time.Minute / cloudSpeed

// playPods rolls proxies that are targets themselves, which a short run does once, and has the gateway go.
func (d *cloudDrill) playPods(t *testing.T) {
	d.play(t, d.observed("proxies that are targets, restarted in turn", d.restartProxies))
	if d.seconds > 0 {
		d.play(t,
			d.observed("such proxies scaled 2, 4, 2", d.scaleProxies),
			d.observed("such proxies restarted, both operators deleted by force", d.restartProxiesWithoutOperators))
	}
	for _, name := range d.names() {
		addresses, err := d.cloud.Lookup(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range addresses {
			if seen, err := seenClient(t.Context(), d.Site, name, address.Unmap()); err != nil || !slices.Contains(d.askers, seen) {
				t.Errorf("%s by %s: the backend is told that %q asks, %v", name, address, seen, err)
			}
		}
	}
	// Its addresses are needed: AWS gives five.
	if err := d.cloudGateway.delete(t.Context(), d.Site); err != nil {
		t.Error(err)
	}
}

// observed is an operation on two proxies or more, of which two leave, that also holds AWS's targets against the pods that there are.
func (d *cloudDrill) observed(name string, run func(context.Context) error) operation {
	watch := newPodWatch(2)
	return operation{name: name, note: watch.String, run: func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		looked := make(chan error, 1)
		go func() { looked <- d.look(ctx, watch) }()
		err := run(ctx)
		stop()
		return errors.Join(err, <-looked, watch.verdict(2))
	}}
}

// restartProxiesWithoutOperators takes the operators away while the first proxy leaves, which then has nobody to ask for a while.
func (d *cloudDrill) restartProxiesWithoutOperators(ctx context.Context) error {
	if err := d.rollProxies(ctx); err != nil {
		return err
	}
	err := site.Until(ctx, time.Minute, func(ctx context.Context) error {
		all, err := d.cloud.Registrations(ctx)
		if err == nil && !slices.ContainsFunc(podTargets(all), func(r aws.Registration) bool { return r.Health == "draining" }) {
			err = fmt.Errorf("no pod leaves: %+v", all)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := d.deleteOperators(ctx); err != nil {
		return err
	}
	if err := d.complete(ctx, d.namespace, d.gateway+"-edge", 2); err != nil {
		return err
	}
	return d.complete(ctx, site.OperatorNamespace, operators, 2)
}

// look looks again and again until ctx ends. Pods are read before targets: who is gone then is gone while AWS still has it.
func (d *cloudDrill) look(ctx context.Context, watch *podWatch) error {
	for {
		var pods corev1.PodList
		err := d.client.List(ctx, &pods, client.InNamespace(d.namespace), client.MatchingLabels{infra.GatewayLabel: d.gateway})
		var targets []aws.Registration
		if err == nil {
			targets, err = d.cloud.Registrations(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("looking at pods and targets: %w", err)
		}
		watch.see(time.Now(), running(pods.Items), podTargets(targets))
		time.Sleep(100 * time.Millisecond)
	}
}

// running are the addresses of the pods whose proxy runs, as far as kubelet has said anything else.
func running(pods []corev1.Pod) []string {
	var all []string
	for _, pod := range pods {
		ended := slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.State.Terminated != nil })
		if pod.Status.PodIP != "" && !ended {
			all = append(all, pod.Status.PodIP)
		}
	}
	return all
}

// podTargets are the targets that are pods.
func podTargets(all []aws.Registration) []aws.Registration {
	pods := netip.MustParsePrefix(cluster.PodRange)
	return slices.DeleteFunc(all, func(r aws.Registration) bool {
		address, err := netip.ParseAddr(r.ID)
		return err != nil || !pods.Contains(address)
	})
}

// podWatch is what was seen of pods that come and go as targets.
type podWatch struct {
	// healthy is how many healthy targets each group must have at any time.
	healthy int
	pods    map[string]*podSeen
	faults  []error
	looks   int
}

// podSeen is what was seen of one pod: when AWS was first seen to let go of it, when it last had it, and when the proxy was first seen gone.
type podSeen struct {
	left, had, gone time.Time
}

func newPodWatch(healthy int) *podWatch {
	return &podWatch{healthy: healthy, pods: map[string]*podSeen{}}
}

// see takes in one look: the addresses of the pods that ran, and the targets that AWS had a little later.
func (w *podWatch) see(now time.Time, running []string, targets []aws.Registration) {
	w.looks++
	for _, address := range running {
		if w.pods[address] == nil {
			w.pods[address] = &podSeen{}
		}
	}
	for address, pod := range w.pods {
		if pod.gone.IsZero() && !slices.Contains(running, address) {
			pod.gone = now
		}
	}
	healthy := map[string]int{}
	for _, target := range targets {
		healthy[target.Group] += 0
		if target.Health == "healthy" && target.State == plane.Active {
			healthy[target.Group]++
		}
		pod := w.pods[target.ID]
		if pod == nil {
			continue // it came between the two
		}
		pod.had = now
		if target.Health == "draining" && pod.left.IsZero() {
			pod.left = now
		}
		if !pod.gone.IsZero() {
			w.fault("the proxy at %s is gone, and AWS has it still: %+v", target.ID, target)
		}
	}
	for group, count := range healthy {
		if count < w.healthy {
			w.fault("%s has %d healthy targets: %+v", group, count, targets)
		}
	}
}

func (w *podWatch) fault(format string, args ...any) {
	if len(w.faults) < 5 {
		w.faults = append(w.faults, fmt.Errorf(format, args...))
	}
}

// departed are the pods that AWS has let go of, and whose proxies are gone, in the order of their addresses.
func (w *podWatch) departed() []*podSeen {
	var all []*podSeen
	for _, address := range slices.Sorted(maps.Keys(w.pods)) {
		if pod := w.pods[address]; !pod.left.IsZero() && !pod.gone.IsZero() {
			all = append(all, pod)
		}
	}
	return all
}

// verdict returns what was wrong, or that less than so many pods have left, or left faster than AWS lets targets go.
func (w *podWatch) verdict(leave int) error {
	departed := w.departed()
	if len(departed) < leave {
		w.fault("in %d looks, %d pods were seen to leave, want %d", w.looks, len(departed), leave)
	}
	for _, pod := range departed {
		if took := pod.had.Sub(pod.left); took < deregistration-time.Second {
			w.fault("AWS let go of a target within %s, which proves nothing", took)
		}
	}
	return errors.Join(w.faults...)
}

// String says what was seen, for the report.
func (w *podWatch) String() string {
	text := fmt.Sprintf("%d targets left", len(w.departed()))
	for _, pod := range w.departed() {
		text += fmt.Sprintf("; AWS had one for %.1f s more, its proxy ran %.1f s longer", pod.had.Sub(pod.left).Seconds(), pod.gone.Sub(pod.had).Seconds())
	}
	return text
}

// TestPodWatchNotices: what is proved by it must be able to fail.
func TestPodWatchNotices(t *testing.T) {
	const old, other, young = "198.18.0.2", "198.18.0.3", "198.18.0.4"
	in := func(id, health string) aws.Registration {
		return aws.Registration{Group: "g", ID: id, Health: health, State: plane.Active}
	}
	type look struct {
		at      time.Duration
		running []string
		targets []aws.Registration
	}
	both, three := []string{old, other}, []string{old, other, young}
	steady := look{0, both, []aws.Registration{in(old, "healthy"), in(other, "healthy")}}
	leaves := look{time.Second, three, []aws.Registration{in(old, "draining"), in(other, "healthy"), in(young, "healthy")}}
	last := leaves
	last.at += deregistration
	out := look{last.at + time.Second, three, []aws.Registration{in(other, "healthy"), in(young, "healthy")}}
	gone := look{out.at + time.Second, []string{other, young}, out.targets}
	early := look{last.at, gone.running, leaves.targets}
	unready := look{time.Second, three, []aws.Registration{in(old, "draining"), in(other, "healthy"), in(young, "initial")}}
	for name, c := range map[string]struct {
		looks []look
		fine  bool
	}{
		"a pod leaves as it should":                      {[]look{steady, leaves, last, out, gone}, true},
		"nobody leaves":                                  {[]look{steady}, false},
		"a pod is gone before AWS has let go of it":      {[]look{steady, leaves, early, out, gone}, false},
		"a pod is told to leave before another is there": {[]look{steady, unready, leaves, last, out, gone}, false},
		"AWS takes no time":                              {[]look{steady, leaves, out, gone}, false},
		"AWS lets go of a pod that stays":                {[]look{steady, leaves, last, out}, false},
		"a target that the pods' list is too early for":  {[]look{{0, both, leaves.targets}, leaves, last, out, gone}, true},
	} {
		w := newPodWatch(2)
		for _, l := range c.looks {
			w.see(time.Unix(0, 0).Add(l.at), l.running, l.targets)
		}
		if err := w.verdict(1); (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}
