package crash

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// pointer is an alias record of ours: a name that points at a load balancer.
type pointer struct {
	host, kind, target, mark string
	// key and claim are the IDs of the record and of its claim.
	key, claim string
}

// look runs something on the tables as they are now.
func (w *awsWorld) look(do func(t *simaws.Tables, now simcloud.View)) {
	w.cloud.Edit(func(t *simaws.Tables) { do(t, w.cloud.Kernel.Inventory.Now()) })
}

// pointers returns the records that a claim says are ours, with the claims' marks.
func (w *awsWorld) pointers() []pointer {
	var found []pointer
	w.look(func(t *simaws.Tables, now simcloud.View) {
		records := t.Records.All(now)
		for _, claim := range records {
			host, isClaim := strings.CutPrefix(claim.Name, "_edgegateway.")
			if claim.Type != "TXT" || !isClaim || len(claim.Values) != 1 {
				continue
			}
			words := strings.Fields(strings.Trim(claim.Values[0], `"`))
			if len(words) < 4 || words[0] != "edgegateway" || words[2] == theirs.Mark() {
				continue
			}
			for _, record := range records {
				if record.Name != host || record.Zone != claim.Zone || !slices.Contains(words[3:], record.Type) {
					continue
				}
				p := pointer{host: plainName(record.Name), kind: record.Type, mark: words[2], key: record.Key(), claim: claim.Key()}
				if record.Alias != nil {
					p.target = plainName(record.Alias.DNSName)
				}
				found = append(found, p)
			}
		}
	})
	return found
}

// resolve returns the addresses that a name has, sorted.
func (w *awsWorld) resolve(host string) []string {
	var addresses []string
	for _, p := range w.pointers() {
		if p.host == host {
			addresses = append(addresses, w.addressesOf(p)...)
		}
	}
	slices.Sort(addresses)
	return addresses
}

// addressesOf returns those of the load balancer that a name points at, of the record's family.
func (w *awsWorld) addressesOf(p pointer) []string {
	var addresses []string
	w.look(func(t *simaws.Tables, now simcloud.View) {
		for _, b := range t.Balancers.All(now) {
			for _, m := range b.Mappings {
				ip := map[string]string{"A": m.IP, "AAAA": m.IPv6}[p.kind]
				if plainName(b.DNSName) == p.target && ip != "" {
					addresses = append(addresses, ip)
				}
			}
		}
	})
	return addresses
}

var errNobody = errors.New("nobody answers at an address")

// answers returns why a client that connects to an address gets no answer; nil if it does.
func (w *awsWorld) answers(address string, port int) error {
	err := errNobody
	w.look(func(t *simaws.Tables, now simcloud.View) {
		for _, b := range t.Balancers.All(now) {
			switch {
			case slices.ContainsFunc(b.Mappings, func(m simaws.Mapping) bool { return m.IP == address }):
				err = forwards(t, now, b, port, "0.0.0.0/0")
			case slices.ContainsFunc(b.Mappings, func(m simaws.Mapping) bool { return m.IPv6 == address }):
				err = forwards(t, now, b, port, "::/0")
			}
		}
	})
	return err
}

// forwards follows a connection from anywhere through a load balancer to a node.
func forwards(t *simaws.Tables, now simcloud.View, b simaws.Balancer, port int, anywhere string) error {
	if b.State != "active" {
		return fmt.Errorf("load balancer %s is %s", b.Name, b.State)
	}
	listeners := t.Listeners.All(now)
	i := slices.IndexFunc(listeners, func(l simaws.Listener) bool { return l.Balancer == b.ARN && l.Port == port })
	if i < 0 {
		return fmt.Errorf("load balancer %s does not listen on %d", b.Name, port)
	}
	if !lets(t, now, b.Groups, port, func(r simaws.GroupRule) bool { return r.CIDR == anywhere }) {
		return fmt.Errorf("load balancer %s lets nobody in on %d", b.Name, port)
	}
	if serving(t, now, b, listeners[i].TargetGroup) == 0 {
		return fmt.Errorf("load balancer %s has no target that serves port %d", b.Name, port)
	}
	return nil
}

// lets reports whether a rule of one of the groups lets a port in.
func lets(t *simaws.Tables, now simcloud.View, groups []string, port int, from func(simaws.GroupRule) bool) bool {
	return slices.ContainsFunc(t.Rules.All(now), func(r simaws.GroupRule) bool {
		return slices.Contains(groups, r.Group) && !r.Egress && r.From <= port && port <= r.To && from(r)
	})
}

// serving counts the targets of a group that would answer: registered, not leaving, running, and open to the load balancer for traffic and
// checks. One that was registered just now counts: a load balancer all of whose targets are new sends to all of them.
func serving(t *simaws.Tables, now simcloud.View, b simaws.Balancer, group string) int {
	g, _ := t.TargetGroups.Get(now, group)
	count := 0
	for _, target := range g.Targets {
		instance, ok := t.Instances.Get(now, target.ID)
		fromUs := func(r simaws.GroupRule) bool { return slices.Contains(b.Groups, r.Peer) }
		if ok && instance.State == "running" && !target.Draining && target.Sick == "" && lets(t, now, instance.Groups, target.Port, fromUs) {
			count++
		}
	}
	return count
}

// awsWatch remembers what inspect compares with.
type awsWatch struct {
	// pointed are the pointers that there were; ours the addresses of ours by allocation, with their mark; behind the allocations that each
	// load balancer has had, by its DNS name; served the load balancers that names pointed at and that had a target.
	pointed map[string]bool
	ours    map[string]string
	behind  map[string]map[string]bool
	served  map[string]bool
	// lost are DNS names of load balancers that people took away: removed, or without their mark.
	lost map[string]bool
}

func (a awsWatch) fork() awsWatch {
	behind := map[string]map[string]bool{}
	for name, allocations := range a.behind {
		behind[name] = maps.Clone(allocations)
	}
	return awsWatch{maps.Clone(a.pointed), maps.Clone(a.ours), behind, maps.Clone(a.served), maps.Clone(a.lost)}
}

// look returns what is wrong now, and remembers what is.
func (a *awsWatch) look(w *awsWorld) []string {
	if a.behind == nil {
		a.behind = map[string]map[string]bool{}
	}
	pointers := w.pointers()
	var problems []string
	w.look(func(t *simaws.Tables, now simcloud.View) {
		problems = append(problems, a.released(t, now, pointers)...)
		problems = append(problems, a.misdirected(t, now, pointers)...)
		if !w.sim.scenario.disruptive {
			problems = append(problems, a.unserved(t, now, pointers, w.sim)...)
		}
	})
	return problems
}

// released finds addresses that were given up while a name pointed at them, and remembers what is behind each load balancer.
func (a *awsWatch) released(t *simaws.Tables, now simcloud.View, pointers []pointer) []string {
	var problems []string
	ours := map[string]string{}
	for _, address := range t.Addresses.All(now) {
		if mark := address.Tags[tagOwner]; mark != "" && mark != theirs.Mark() {
			ours[address.Allocation] = mark
		}
	}
	for _, allocation := range sortedKeys(a.ours) {
		if _, still := ours[allocation]; still {
			continue
		}
		for _, p := range pointers {
			if a.behind[p.target][allocation] {
				problems = append(problems, fmt.Sprintf("an address is released while %s points at it", p.host))
			}
		}
	}
	a.ours = ours
	for _, b := range t.Balancers.All(now) {
		held := map[string]bool{}
		for _, m := range b.Mappings {
			held[m.Allocation] = true
		}
		a.behind[plainName(b.DNSName)] = held
	}
	return problems
}

// misdirected finds names that point where they must not.
func (a *awsWatch) misdirected(t *simaws.Tables, now simcloud.View, pointers []pointer) []string {
	var problems []string
	pointed := map[string]bool{}
	for _, p := range pointers {
		id := p.key + " " + p.target
		pointed[id] = true
		balancers := t.Balancers.All(now)
		i := slices.IndexFunc(balancers, func(b simaws.Balancer) bool { return plainName(b.DNSName) == p.target })
		switch {
		case a.lost[p.target]:
		case i < 0:
			problems = append(problems, fmt.Sprintf("%s points at a load balancer that is gone", p.host))
		case balancers[i].Tags[tagOwner] != p.mark:
			problems = append(problems, fmt.Sprintf("%s points at %s, which is not its owner's", p.host, balancers[i].Name))
		case !a.pointed[id]:
			if err := forwards(t, now, balancers[i], 80, "0.0.0.0/0"); err != nil {
				problems = append(problems, fmt.Sprintf("%s is published while %v", p.host, err))
			}
		}
	}
	a.pointed = pointed
	return problems
}

// unserved finds load balancers that names point at and that have lost their last target.
func (a *awsWatch) unserved(t *simaws.Tables, now simcloud.View, pointers []pointer, s *sim) []string {
	gateway := s.gateway(tenant, gatewayName)
	if gateway == nil || gateway.DeletionTimestamp != nil || len(s.store.list("Node")) == 0 {
		a.served = nil
		return nil
	}
	var problems []string
	served := map[string]bool{}
	for _, p := range pointers {
		for _, b := range t.Balancers.All(now) {
			if plainName(b.DNSName) != p.target {
				continue
			}
			err := forwards(t, now, b, 80, "0.0.0.0/0")
			served[p.target] = err == nil
			if err != nil && a.served[p.target] {
				problems = append(problems, fmt.Sprintf("%s had targets, and now %v", p.host, err))
			}
		}
	}
	a.served = served
	return problems
}
