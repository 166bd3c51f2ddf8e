package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// baseline is a scenario in a world as it goes when nothing goes wrong.
type baseline struct {
	world    string
	scenario scenario
	// start is the settled run that all others are copies of.
	start *sim
	// trace are the calls up to a while after the last write; end is all that there is then.
	trace []string
	times []time.Time
	end   []string
	// cloud, kube and statuses are how often was written.
	cloud, kube, statuses int
}

// after the last write, calls are counted for as long: one more round.
const afterwards = 6 * time.Second

// newBaseline plays a scenario without faults. It is an error if that breaks an oracle.
func newBaseline(worldName string, sc scenario, m mutation) (*baseline, error) {
	setup := sc
	setup.disruptive = true // what came before is not judged
	start := newSim(worlds[worldName](), setup)
	if err := start.play(sc.before); err != nil {
		return nil, fmt.Errorf("setting up %s/%s: %w", worldName, sc.name, err)
	}
	if err := start.run(time.Time{}); err != nil {
		return nil, fmt.Errorf("setting up %s/%s: %w", worldName, sc.name, err)
	}
	b := &baseline{world: worldName, scenario: sc, start: start}
	s, err := b.begin(plan{}, m)
	if err != nil {
		return nil, err
	}
	times := []time.Time{}
	s.gate.before = func(*process) { times = append(times, s.now()) }
	if err := s.play(sc.act); err != nil {
		return nil, fmt.Errorf("%s/%s without faults: %w", worldName, sc.name, err)
	}
	b.end = s.final()
	b.cloud, b.kube, b.statuses = s.cloud, s.kube, s.statuses
	counted := slices.IndexFunc(times, func(at time.Time) bool { return at.After(s.lastWrite.Add(afterwards)) })
	if counted < 0 {
		counted = len(s.gate.trace)
	}
	b.trace, b.times = s.gate.trace[:counted], times[:counted]
	if !readyAgain(s) {
		return nil, fmt.Errorf("%s/%s without faults: the gateway does not become ready:\n%s", worldName, sc.name, strings.Join(b.end, "\n"))
	}
	return b, s.verdict()
}

// begin returns a run that is about to meet a plan: a copy of the settled world with a new process, which has looked at everything once.
func (b *baseline) begin(p plan, m mutation) (*sim, error) {
	s := b.start.fork(b.scenario, m)
	s.order = rand.New(rand.NewPCG(p.seed, 1))
	s.gate.plan = map[int]faultKind{}
	for _, f := range p.faults {
		s.gate.plan[f.call] = f.kind
	}
	switch p.mode {
	case lagging:
		s.world.slow(12, 5*time.Second)
	case throttling:
		// The bursts end, as all faults do: a round of more calls than lie between two would never come to its end.
		s.gate.burst = func(number int) bool { return number < 200 && (number+int(p.seed)*7)%35 >= 29 }
	case twinned:
		s.twins = 2
	case deafness:
		s.deaf = true
	case staleness:
		s.stale = 3 * time.Second
	}
	if err := s.run(s.now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	s.gate.open, s.cloud, s.kube, s.statuses = false, 0, 0, 0
	return s, s.verdict()
}

// run meets one plan, and returns what it broke.
func (b *baseline) run(p plan, m mutation) error {
	s, err := b.begin(p, m)
	if err != nil {
		return err
	}
	if err := s.play(b.scenario.act); err != nil {
		return errors.Join(s.verdict(), err)
	}
	if p.mode == "" && len(p.faults) > 0 && p.mutant == "" {
		if err := b.onTrack(s, p); err != nil {
			return err
		}
	}
	faults := max(s.gate.fired, 0)
	errs := []error{s.verdict(), b.compare(s.final()), b.within(s, p, faults)}
	if p.mode == lagging {
		s.world.slow(0, 0)
	}
	errs = append(errs, b.restartChangesNothing(s))
	return errors.Join(errs...)
}

// onTrack reports whether a run went as the clean one up to its first fault: otherwise the harness is not deterministic, and a plan means nothing.
func (b *baseline) onTrack(s *sim, p plan) error {
	first := p.faults[0].call
	if len(s.gate.trace) <= first || s.gate.fired == 0 {
		return fmt.Errorf("the run makes no call %d", first)
	}
	for i := range first + 1 {
		if s.gate.trace[i] != b.trace[i] {
			return fmt.Errorf("the run is not that of the plan: call %d is %q and was %q", i, s.gate.trace[i], b.trace[i])
		}
	}
	return nil
}

// within reports whether a run wrote not much more than the clean one: outside the cluster once more for each fault, and in it as often as it
// takes to say so.
func (b *baseline) within(s *sim, p plan, faults int) error {
	var errs []error
	bound := func(what string, is, most int) {
		if is > most {
			errs = append(errs, fmt.Errorf("%d changes %s, and at most %d are due", is, what, most))
		}
	}
	switch p.mode {
	case "":
		bound("outside the cluster", s.cloud, b.cloud+faults)
		bound("in the cluster", s.kube, b.kube+8*faults)
		bound("of statuses", s.statuses, b.statuses+8*faults)
	default:
		bound("outside the cluster", s.cloud, 2*b.cloud+8)
		bound("of statuses", s.statuses, 4*b.statuses+8*faults+40)
	}
	return errors.Join(errs...)
}

// restartChangesNothing ends all processes and lets new ones look around.
func (b *baseline) restartChangesNothing(s *sim) error {
	s.deaf, s.stale = false, 0
	s.gate.open, s.gate.burst = true, nil
	cloud, kube, statuses := s.cloud, s.kube, s.statuses
	before := s.final()
	s.restart()
	if err := s.run(s.now().Add(5 * time.Minute)); err != nil {
		return err
	}
	if s.cloud != cloud || s.kube != kube || s.statuses != statuses {
		return fmt.Errorf("after a restart there are %d writes outside the cluster, %d in it and %d of statuses:\n%s",
			s.cloud-cloud, s.kube-kube, s.statuses-statuses, difference(before, s.final()))
	}
	return s.verdict()
}

// compare returns how an end differs from that of the clean run.
func (b *baseline) compare(end []string) error {
	if slices.Equal(b.end, end) {
		return nil
	}
	return fmt.Errorf("the end is not that of the run without faults:\n%s", difference(b.end, end))
}

// difference lists the lines that only one of two ends has.
func difference(was, is []string) string {
	var out strings.Builder
	for _, line := range was {
		if !slices.Contains(is, line) {
			fmt.Fprintf(&out, "  - %s\n", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			fmt.Fprintf(&out, "  + %s\n", line)
		}
	}
	if out.Len() == 0 {
		return fmt.Sprintf("  %d lines became %d", len(was), len(is))
	}
	return out.String()
}

// verdict returns what was wrong at some instant, and what is left behind.
func (s *sim) verdict() error {
	var errs []error
	for _, problem := range s.problems {
		errs = append(errs, errors.New(problem))
	}
	var owners []providers.Owner
	for _, object := range s.store.list("EdgeGateway") {
		owners = append(owners, providers.Owner{Cluster: s.cluster, Gateway: string(object.GetUID())})
	}
	for _, stray := range s.world.strays(owners) {
		errs = append(errs, fmt.Errorf("left behind: %s", stray))
	}
	return errors.Join(errs...)
}

// final is all that there is, in lines that are equal for equal ends.
func (s *sim) final() []string {
	lines, names := s.world.describe(), s.world.names()
	for id := range s.store.objects {
		lines = append(lines, describeObject(id, s.store.objects[id], names))
	}
	for i := range lines {
		lines[i] = names.Replace(lines[i])
	}
	slices.Sort(lines)
	return lines
}

// describeObject is an object without what differs between equal ones: versions, times, managers, digests of what holds IDs, and the order of
// addresses, which is that of numbers which a cloud gives.
func describeObject(id objectID, object client.Object, names *strings.Replacer) string {
	o := copied(object)
	o.SetResourceVersion("")
	o.SetGeneration(0)
	o.SetManagedFields(nil)
	o.SetCreationTimestamp(object.GetCreationTimestamp())
	meta := metaOf(o)
	meta.CreationTimestamp.Reset()
	byName := func(a, b string) int { return strings.Compare(names.Replace(a), names.Replace(b)) }
	switch o := o.(type) {
	case *api.EdgeGateway:
		slices.SortFunc(o.Status.Addresses, func(a, b api.StatusAddress) int { return byName(a.Value, b.Value) })
		for i := range o.Status.Resources {
			if r := &o.Status.Resources[i]; r.Digest != "" {
				r.Digest = "known"
			}
		}
	case *corev1.Service:
		slices.SortFunc(o.Status.LoadBalancer.Ingress, func(a, b corev1.LoadBalancerIngress) int { return byName(a.IP, b.IP) })
	case *corev1.ConfigMap:
		if earlier := o.Data["earlier.json"]; earlier != "" {
			o.Data["earlier.json"] = answered(earlier, o.Data["acked.json"])
		}
	}
	tidy(o)
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return id.String() + " " + string(text)
}

// answered returns those of the earlier hand-offs that the ops team has answered. How many there were besides depends on when the operator
// looked at what changed meanwhile, and no promise is about them.
func answered(earlier, acked string) string {
	var all []json.RawMessage
	var ack struct{ Hash string }
	if json.Unmarshal([]byte(earlier), &all) != nil || json.Unmarshal([]byte(acked), &ack) != nil {
		return earlier
	}
	all = slices.DeleteFunc(all, func(text json.RawMessage) bool {
		var issued struct{ Hash string }
		return json.Unmarshal(text, &issued) == nil && issued.Hash != ack.Hash
	})
	return fmt.Sprintf("%s", all)
}

// tidy sorts conditions and takes their times out.
func tidy(object client.Object) {
	conditions := conditionsOf(object)
	for i := range conditions {
		conditions[i].LastTransitionTime.Reset()
		conditions[i].ObservedGeneration = 0
	}
	slices.SortFunc(conditions, func(a, b condition) int { return strings.Compare(a.Type, b.Type) })
}
