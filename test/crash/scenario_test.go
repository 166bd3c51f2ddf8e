package crash

import (
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// kubeObject is any object of the API server.
type kubeObject = client.Object

// step is something that people do, and how long is waited after it: until all is settled if it is zero.
type step struct {
	do   func(s *sim)
	wait time.Duration
}

// scenario is a story: what was done before, and what is done while faults happen.
type scenario struct {
	name string
	// worlds that it is played in; none means all.
	worlds []string
	before []step
	act    []step
	// disruptive says that the plan of some change says so: clients may find nobody for a while.
	disruptive bool
}

// play does steps one after the other.
func (s *sim) play(steps []step) error {
	for i, step := range steps {
		step.do(s)
		s.world.touch()
		s.written = s.now()
		until := time.Time{}
		if step.wait > 0 {
			until = s.now().Add(step.wait)
		}
		if err := s.run(until); err != nil {
			return fmt.Errorf("after step %d: %w", i+1, err)
		}
	}
	return nil
}

// edit changes an object in a person's name.
func edit[T client.Object](s *sim, id objectID, change func(T)) {
	object, err := s.store.get(id)
	if err != nil {
		panic(err)
	}
	changed := copied(object).(T)
	change(changed)
	if _, err := s.store.update(changed, false); err != nil {
		panic(err)
	}
}

func editGateway(change func(*api.EdgeGateway)) func(*sim) {
	return func(s *sim) { edit(s, objectID{"EdgeGateway", tenant, gatewayName}, change) }
}

func editClass(change func(*api.EdgeGatewayClass)) func(*sim) {
	return func(s *sim) { edit(s, objectID{"EdgeGatewayClass", "", className}, change) }
}

func createGateway(s *sim) { mustCreate(s, newGateway()) }

func deleteGateway(s *sim) {
	if err := s.store.delete(objectID{"EdgeGateway", tenant, gatewayName}, nil); err != nil {
		panic(err)
	}
}

// worlds by name.
var worlds = map[string]func() world{
	"aws": newAWSWorld, "manual": newManualWorld, "rfc2136": newRFC2136World,
}

// playedIn reports whether a scenario is played in a world.
func (s scenario) playedIn(world string) bool {
	return len(s.worlds) == 0 || slices.Contains(s.worlds, world)
}
