package crash

import "iter"

// strand is one look of one process, which stops at each of its calls.
type strand struct {
	process *process
	resume  func() (struct{}, bool)
	stop    func()
}

// interleave lets each process look at what is due, and switches between them at calls, as the plan's seed decides.
func (s *sim) interleave() {
	var running []*strand
	busy := map[*process]bool{}
	yields := map[*process]func(struct{}) bool{}
	s.gate.before = func(p *process) {
		if yield := yields[p]; yield != nil {
			yield(struct{}{})
		}
	}
	defer func() { s.gate.before = nil }()
	begin := func() {
		for _, p := range s.processes {
			i, at, any := p.queue.next()
			if busy[p] || p.dead || !any || at.After(s.now()) {
				continue
			}
			busy[p] = true
			resume, stop := iter.Pull(func(yield func(struct{}) bool) {
				yields[p] = yield
				p.look(i)
				yields[p] = nil
			})
			running = append(running, &strand{p, resume, stop})
		}
	}
	for begin(); len(running) > 0; begin() {
		k := s.order.IntN(len(running))
		if _, more := running[k].resume(); !more {
			running[k].stop()
			busy[running[k].process] = false
			running = append(running[:k], running[k+1:]...)
		}
		for _, p := range s.processes {
			p.catchUp()
		}
		if len(running) == 1 && s.order.IntN(3) == 0 {
			// Let the one that is left finish its round alone.
			for more := true; more; {
				_, more = running[0].resume()
			}
			busy[running[0].process] = false
			running = nil
			return
		}
	}
}
