package rfc2136

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
	"github.com/edgegateway/edgegateway/providers/records"
)

// worlds of the suite are views of one BIND, each with a zone and a key of its own. The suite asks for hundreds and uses a few at a time, so
// they are emptied and used again.
const (
	worldCount = 16
	worldZone  = "example.com"
)

func worldKey(i int) key {
	secret := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "secret of the world number %03d ", i))
	return key{fmt.Sprintf("world%d.", i), dns.HmacSHA256, secret}
}

func viewsConfig(dir string, port int, zones []string) ([]string, string) {
	args, text := bindConfig(dir, port, nil)
	var views strings.Builder
	for i := range worldCount {
		k := worldKey(i)
		fmt.Fprintf(&views, "key %q { algorithm %s; secret %q; };\n", k.name, plain(k.algorithm), k.secret)
		fmt.Fprintf(&views, "view %q { match-clients { key %q; }; allow-transfer { key %q; };\n", plain(k.name), k.name, k.name)
		fmt.Fprintf(&views, "\tzone %q { type primary; file \"%d.%s.zone\"; allow-update { key %q; }; };\n};\n", worldZone, i, worldZone, k.name)
	}
	fmt.Fprintf(&views, "view \"rest\" { match-clients { any; }; zone %q { type primary; file %q; }; };\n", zones[0], zones[0]+".zone")
	return args, text + views.String()
}

func TestBINDBehindTheProviderKeepsTheContract(t *testing.T) {
	zones := []string{worldZone}
	s := startServer(t, "named", func(dir string, port int, _ []string) ([]string, string) {
		for i := range worldCount {
			writeFile(t, filepath.Join(dir, fmt.Sprintf("%d.%s.zone", i, worldZone)), fmt.Sprintf(zoneText, worldZone))
		}
		return viewsConfig(dir, port, zones)
	}, zones)
	var all [worldCount]*world
	next := 0
	tally := providertest.Run(t, providertest.Harness{
		New: func() providertest.World {
			if all[next] != nil {
				all[next].close()
			}
			w := &world{t: t, server: s, key: worldKey(next)}
			w.wipe()
			all[next] = w
			next = (next + 1) % worldCount
			return w.asSeen()
		},
		Gateway: conformanceGateway,
		Other: func() providers.Gateway {
			gw := conformanceGateway()
			gw.Owner.Cluster = "another-cluster"
			gw.Hostnames = []string{"other.example.com"}
			return gw
		},
		Edits:   conformanceEdits(),
		Invalid: []providertest.Invalid{{Name: "a foreign zone", Field: "spec.hostnames[1]", Apply: func(gw *providers.Gateway) { gw.Hostnames[1] = "example.org" }}},
		Answers: []providertest.FaultKind{providertest.Outage, providertest.Forbid},
	})
	if tally.Runs == 0 {
		t.Error("no fault was tried")
	}
}

func conformanceGateway() providers.Gateway {
	return providers.Gateway{
		Namespace: "shop", Name: "main",
		Owner:     providers.Owner{Cluster: "cluster", Gateway: "gateway", Namespace: "shop", Name: "main"},
		Hostnames: []string{"*.apps.example.com", "www.example.com"},
		Families:  []providers.Family{providers.IPv4},
		Published: providers.Published{Ready: true, Addresses: []string{"203.0.113.1", "2001:db8::1"}},
	}
}

func conformanceEdits() []providertest.Edit {
	return []providertest.Edit{
		{Name: "another address", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
			gw.Published.Addresses = []string{"203.0.113.2", "2001:db8::1"}
		}},
		{Name: "a family is added", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
			gw.Families = append(gw.Families, providers.IPv6)
		}},
		{Name: "the family changes", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
			gw.Families = []providers.Family{providers.IPv6}
		}},
		{Name: "a hostname is renamed", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
			gw.Hostnames = []string{"*.apps.example.com", "new.example.com"}
		}},
	}
}

// world is one view of the name server.
type world struct {
	t      *testing.T
	server nameServer
	key    key

	mu               sync.Mutex
	counter          providertest.Counter
	generation, died int // providers made up to died get no answer any more
	reads, mutations int
	relays           []net.Listener
}

func (w *world) asSeen() providertest.World {
	return providertest.World{
		Provider:  w.provider,
		Inventory: w.inventory,
		Advance:   func() {},
		Calls: func() (int, int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.reads, w.mutations
		},
		Inject: func(fault *providertest.Fault) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.counter.Inject(fault)
		},
		Plant: func(node providers.Node) (string, bool) {
			at, err := targetOf(node)
			if err != nil {
				return "", false
			}
			value := map[string]string{typeA: "198.51.100.1", typeAAAA: "2001:db8::99"}[at.kind]
			w.change(func(update *dns.Msg) {
				update.Insert(parse(w.t, []string{fmt.Sprintf("%s. 60 IN %s %s", at.host, at.kind, value)}))
			})
			return at.host + "/" + at.kind, true
		},
		Remove: w.remove,
		Disown: w.disown,
	}
}

// provider returns a Provider that reaches the name server through a relay of its own.
func (w *world) provider() providers.Provider {
	w.mu.Lock()
	w.generation++
	generation := w.generation
	w.mu.Unlock()
	relay := startRelay(w.t, w.server.address, func(message *dns.Msg) fate { return w.decide(generation, message) })
	w.relays = append(w.relays, relay)
	return newProvider(w.t, relay.Addr().String(), w.key, worldZone)
}

func (w *world) decide(generation int, message *dns.Msg) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	if generation <= w.died {
		return lose
	}
	mutating := message.Opcode == dns.OpcodeUpdate
	if mutating {
		w.mutations++
	} else {
		w.reads++
	}
	fault := w.counter.Hit(mutating)
	if fault == nil {
		return pass
	}
	switch fault.Kind {
	case providertest.CrashBefore:
		w.died = w.generation
		return lose
	case providertest.CrashAfter:
		w.died = w.generation
		return loseReply
	case providertest.LostReply:
		return loseReply
	case providertest.Outage:
		return fail
	default:
		return refuse
	}
}

// inventory lists sets of records. The mark of an address's is in the claim of its name.
func (w *world) inventory() []providertest.Thing {
	claims := map[string]records.Claim{}
	values := map[string][]string{}
	for _, line := range transfer(w.t, w.server.address, worldZone, w.key) {
		words := strings.SplitN(line, " ", 4)
		id := plain(words[0]) + "/" + words[2]
		values[id] = append(values[id], words[1]+" "+words[3])
		if c, ok := records.ParseClaim([]string{strings.Trim(words[3], `"`)}); ok && words[2] == "TXT" {
			claims[plain(words[0])] = c
		}
	}
	var things []providertest.Thing
	for id, sets := range values {
		host, kind, _ := strings.Cut(id, "/")
		thing := providertest.Thing{ID: id, Name: kind + " " + host, Detail: strings.Join(sets, ", ")}
		if c := claims[records.ClaimName(host)]; c.Has(kind) {
			thing.Mark = c.Mark
		}
		if c, claimed := claims[host]; claimed {
			thing.Mark = c.Mark
		}
		things = append(things, thing)
	}
	return things
}

var errClaim = errors.New("who takes a claim away takes the name: a person must look at it")

func (w *world) remove(id string) error {
	host, kind, _ := strings.Cut(id, "/")
	if kind == "TXT" {
		return errClaim
	}
	w.change(func(update *dns.Msg) { update.RemoveRRset([]dns.RR{empty(host, dns.StringToType[kind])}) })
	return nil
}

func (w *world) disown(id string) bool {
	host, kind, _ := strings.Cut(id, "/")
	for _, thing := range w.inventory() {
		if thing.ID != id || kind == "TXT" {
			continue
		}
		w.change(func(update *dns.Msg) {
			update.RemoveRRset([]dns.RR{empty(records.ClaimName(host), dns.TypeTXT)})
			update.Insert([]dns.RR{claimRecord(host, records.ClaimOf(providers.Owner{Cluster: "thief"}, kind), defaultTTL)})
		})
		return true
	}
	return false
}

func (w *world) wipe() {
	things := w.inventory()
	if len(things) == 0 {
		return
	}
	w.change(func(update *dns.Msg) {
		for _, thing := range things {
			name, kind, _ := strings.Cut(thing.ID, "/")
			update.RemoveRRset([]dns.RR{empty(name, dns.StringToType[kind])})
		}
	})
}

// change makes an update by hand, past the relays.
func (w *world) change(edit func(update *dns.Msg)) {
	update := newUpdate(worldZone)
	edit(update)
	if _, rcode := w.server.exchange(w.t, update, w.key); rcode != "NOERROR" {
		w.t.Errorf("changing the zone by hand: %s", rcode)
	}
}

func (w *world) close() {
	for _, relay := range w.relays {
		relay.Close()
	}
}
