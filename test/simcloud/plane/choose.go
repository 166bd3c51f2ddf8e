package plane

import (
	"fmt"
	"hash/fnv"
	"net/netip"
)

// targetKey tells a pool's targets apart.
type targetKey struct {
	id   string
	port int
}

func (t Target) key() targetKey { return targetKey{t.ID, t.Port} }

// eligible returns the targets that may get a new connection that came to an address in a zone.
func eligible(pool Pool, zone string, crossZone bool, health func(targetKey) Health) []Target {
	var fit, all []Target
	for _, t := range pool.Targets {
		if t.State != Active && t.State != Leaving || !crossZone && zone != "" && t.Zone != "" && t.Zone != zone {
			continue
		}
		all = append(all, t)
		if health(t.key()) == Healthy {
			fit = append(fit, t)
		}
	}
	if len(fit) == 0 && pool.FailOpen {
		return all
	}
	return fit
}

// choose returns the target for a flow: always the same for the same flow and targets.
func choose(targets []Target, client, address netip.AddrPort) (Target, bool) {
	if len(targets) == 0 {
		return Target{}, false
	}
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, client, address)
	sum := hash.Sum64()
	// FNV's low bits alone tell ports apart badly.
	return targets[(sum^sum>>32)%uint64(len(targets))], true
}
