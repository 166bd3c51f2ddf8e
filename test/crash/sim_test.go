package crash

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// quiet is how long nothing may be written before a run counts as settled: more than ten resyncs of two minutes each.
const quiet = 21 * time.Minute

// patience is how long a run may take to settle, in virtual time.
const patience = 2 * time.Hour

// maxRounds of the controllers in one virtual minute: more is a hot loop.
const maxRounds = 150

// sim is one run: an API server, a world, and the processes of an operator.
type sim struct {
	store *store
	world world
	// cluster is the UID of the cluster that it is.
	cluster   string
	gate      *gate
	processes []*process
	serial    int
	scenario  scenario
	mutation  mutation
	// deaf loses all events of watches; stale is how late caches are; twins is how many operators run at once.
	deaf  bool
	stale time.Duration
	twins int
	order *rand.Rand

	agenda []timer
	// written is when something was written last, or a person did something; lastWrite is the former. rounds how many the controllers have run in all and, at minute, in this one.
	written    time.Time
	lastWrite  time.Time
	rounds     int
	minute     time.Time
	thisMinute int
	// cloud, kube and statuses count what the operators changed: outside the cluster, in it, and in the statuses of gateways.
	cloud, kube, statuses int
	// unsaid is that the API server refused a gateway's status in the look that is under way.
	unsaid bool
	// false beliefs in a row, by gateway.
	beliefs  map[item]int
	problems []string
	lastErr  error
}

// timer is something that happens in the cluster by itself.
type timer struct {
	at     time.Time
	happen func()
}

var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		panic(err)
	}
	if err := api.AddToScheme(s); err != nil {
		panic(err)
	}
	return s
}()

// newSim returns a run in a world that nothing has happened in yet.
func newSim(w world, s scenario) *sim {
	return newSimOf(w, s, clusterUID)
}

// newSimOf is newSim in a cluster of its own.
func newSimOf(w world, s scenario, cluster string) *sim {
	run := &sim{world: w, cluster: cluster, gate: &gate{open: true}, scenario: s, twins: 1, beliefs: map[item]int{}, order: rand.New(rand.NewPCG(1, 1))}
	run.store = newStore(scheme, w.now)
	run.attach()
	w.populate(run)
	return run
}

func (s *sim) attach() {
	s.store.changed = s.observe
	s.world.attach(s)
	s.written = s.now()
}

// fork returns a run that goes on from here in copies of everything, with a new process. It must be settled.
func (s *sim) fork(sc scenario, mutation mutation) *sim {
	w, err := s.world.fork()
	if err != nil {
		panic(fmt.Sprintf("copying a settled world: %v", err))
	}
	run := &sim{world: w, cluster: s.cluster, gate: &gate{open: true}, scenario: sc, mutation: mutation, twins: 1, beliefs: map[item]int{}, order: rand.New(rand.NewPCG(1, 1))}
	run.store = s.store.fork(w.now)
	run.attach()
	return run
}

func (s *sim) now() time.Time { return s.world.now() }

func (s *sim) staleness() time.Duration { return s.stale }

// later has something happen in the cluster by itself.
func (s *sim) later(after time.Duration, happen func()) {
	s.agenda = append(s.agenda, timer{s.now().Add(after), happen})
}

// observe is told of each change of the API server.
func (s *sim) observe(r revision) {
	s.kubelet(r)
	s.world.noticed(r)
	if r.id.kind != "EdgeGateway" || r.after == nil {
		return
	}
	before, _ := r.before.(*api.EdgeGateway)
	after := r.after.(*api.EdgeGateway)
	lost := before != nil && len(before.Status.Addresses) > 0 && len(after.Status.Addresses) == 0
	if lost && !s.scenario.disruptive && after.DeletionTimestamp == nil && s.world.serves(before) == nil {
		s.problem("the status of %s/%s loses its addresses while clients are served there", after.Namespace, after.Name)
	}
	if isReady(after) && !isReady(before) {
		if err := s.world.serves(after); err != nil {
			s.problem("%s/%s becomes Ready while %v", after.Namespace, after.Name, err)
		}
	}
}

// wrote counts what a process wrote to the API server.
func (s *sim) wrote(_ *process, verb string, id objectID, effective bool) {
	if !effective {
		return
	}
	s.written, s.lastWrite = s.now(), s.now()
	switch {
	case s.world.holds(id):
		s.cloud++
	case id.kind == "EdgeGateway" && verb == "patch status of":
		s.statuses++
	default:
		s.kube++
	}
	s.inspect()
}

// changed counts what a process changed outside the cluster.
func (s *sim) changed() {
	s.cloud++
	s.written, s.lastWrite = s.now(), s.now()
	s.inspect()
}

// inspect looks whether the world is as it must be at any instant.
func (s *sim) inspect() {
	for _, problem := range s.world.inspect() {
		s.problem("%s", problem)
	}
}

func (s *sim) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(s.problems, text) {
		s.problems = append(s.problems, text)
	}
}

// broken says what clients of a gateway would find.
func (s *sim) broken(i item) error {
	gateway := s.gateway(i.namespace, i.name)
	if i.controller != gateways || !isReady(gateway) {
		return nil
	}
	return s.world.serves(gateway)
}

// believes compares, after a look at a gateway, what its status says with what clients find: that it is wrong once may be news that came
// during the look, and twice a look that failed. A status that the API server refused is none.
func (s *sim) believes(i item, before error) {
	after := s.broken(i)
	if before == nil || after == nil {
		delete(s.beliefs, i)
		return
	}
	if s.beliefs[i]++; s.beliefs[i] > 2 {
		s.problem("%s/%s stays Ready while %v", i.namespace, i.name, after)
	}
}

// revive starts processes in the place of those that died.
func (s *sim) revive() {
	s.processes = slices.DeleteFunc(s.processes, func(p *process) bool { return p.dead })
	for len(s.processes) < s.twins {
		s.start()
	}
}

// restart ends all processes and starts new ones.
func (s *sim) restart() {
	for _, p := range s.processes {
		p.die()
	}
	s.revive()
}

// run lets time go by until nothing was written for as long as quiet says, or until a time if that is not zero. It returns an error if it never comes to rest.
func (s *sim) run(until time.Time) error {
	began := s.now()
	for {
		s.revive()
		s.wake()
		due := s.nextEvent()
		end := s.written.Add(quiet)
		if !until.IsZero() {
			end = until
		}
		if due.IsZero() || due.After(end) {
			s.advance(end)
			return nil
		}
		if len(s.problems) > 0 {
			return fmt.Errorf("it goes wrong on the way: %s", strings.Join(s.problems, "; "))
		}
		if s.now().Sub(began) > patience {
			return fmt.Errorf("it does not come to rest: it still writes after %v; the last error was: %v", patience, s.lastErr)
		}
		s.advance(due)
		if !s.wake() {
			s.work()
		}
	}
}

// wake lets happen what is due beside the queues, and says whether anything did.
func (s *sim) wake() bool {
	happened := false
	for i := 0; i < len(s.agenda); i++ {
		if timer := s.agenda[i]; !timer.at.After(s.now()) {
			s.agenda = slices.Delete(s.agenda, i, i+1)
			timer.happen()
			happened, i = true, -1
		}
	}
	for _, p := range s.processes {
		seen := p.seen
		p.catchUp()
		happened = happened || p.seen != seen
		if s.now().Sub(p.resynced) >= informerResync {
			p.resync()
			happened = true
		}
	}
	return happened
}

// nextEvent is when something is due next; zero if nothing is.
func (s *sim) nextEvent() time.Time {
	var next time.Time
	sooner := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, t := range s.agenda {
		sooner(t.at)
	}
	for _, p := range s.processes {
		if _, at, any := p.queue.next(); any {
			sooner(at)
		}
		sooner(p.resynced.Add(informerResync))
		if p.seen < len(s.store.history) {
			sooner(s.store.history[p.seen].at.Add(s.stale))
		}
	}
	return next
}

func (s *sim) advance(to time.Time) {
	if wait := to.Sub(s.now()); wait > 0 {
		s.world.advance(wait)
	}
}

// work lets the processes look at what is due now, one call after the other, in an order that the plan's seed decides where there are two.
func (s *sim) work() {
	s.count()
	if s.twins > 1 {
		s.interleave()
		return
	}
	for _, p := range s.processes {
		if i, at, any := p.queue.next(); any && !at.After(s.now()) && !p.dead {
			p.look(i)
			return
		}
	}
}

// count notices a hot loop.
func (s *sim) count() {
	if s.now().Sub(s.minute) >= time.Minute {
		s.minute, s.thisMinute = s.now(), 0
	}
	if s.thisMinute++; s.thisMinute > maxRounds*s.twins {
		s.problem("hot loop: more than %d rounds in a minute; the last error was: %v", maxRounds, s.lastErr)
	}
}
