package crash

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/miekg/dns"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/manual"
	"github.com/edgegateway/edgegateway/providers/registry"
	"github.com/edgegateway/edgegateway/test/simcloud"
)

// The addresses that the ops team may give, at first, and whether the name server's zone is part of the world.
const (
	opsRange      = "203.0.113.0/24"
	opsOtherRange = "198.51.100.0/24"
	nameServerAt  = "127.0.0.1:53"
)

// opsDelay is how long the ops team takes to build what a sheet says.
const opsDelay = 20 * time.Second

// manualWorld is a data centre: an ops team that builds load balancers by hand, as hand-offs in ConfigMaps say, and perhaps a name server.
type manualWorld struct {
	sim   *sim
	clock *simcloud.Clock
	zone  *nameServer
	// zone is nil where there is no name server.
	// built are the load balancers, by hand-off. It is what the ops team did, whatever is in the API server.
	built map[objectID]builtBalancer
	// address is what the ops team gives; away leaves hand-offs unanswered.
	address string
	away    bool
	// foreign is what is not ours, as people left it last.
	foreign map[objectID]corev1.ConfigMap
	records []string
}

// builtBalancer is a load balancer that the ops team has built. It keeps answering on the addresses that it had before.
type builtBalancer struct {
	hash      string
	addresses []string // the newest first
	sheet     manual.Sheet
}

func newManualWorld() world {
	return &manualWorld{clock: simcloud.NewClock(), built: map[objectID]builtBalancer{}, address: "203.0.113.10"}
}

func newRFC2136World() world {
	w := newManualWorld().(*manualWorld)
	w.zone = newNameServer(zone)
	w.zone.add(rrsetID{"wiki." + zone + ".", dns.TypeA}, 300, "192.0.2.10")
	return w
}

func (w *manualWorld) now() time.Time { return w.clock.Now() }

func (w *manualWorld) advance(d time.Duration) { w.clock.Advance(d) }

func (w *manualWorld) slow(int, time.Duration) {}

func (w *manualWorld) fork() (world, error) {
	copied := &manualWorld{clock: simcloud.NewClock(), built: maps.Clone(w.built), address: w.address, away: w.away}
	copied.clock.StartAt(w.now())
	if w.zone != nil {
		copied.zone = w.zone.fork()
	}
	return copied, nil
}

func (w *manualWorld) attach(s *sim) {
	w.sim = s
	w.touch()
}

func (w *manualWorld) populate(s *sim) {
	class := api.EdgeGatewayClassSpec{
		Provider: api.ProviderManual,
		Manual:   &api.ManualSettings{AddressRanges: []string{opsRange}, ProxyProtocol: api.ProxyProtocolV2},
	}
	secrets := map[string]map[string][]byte{}
	if w.zone != nil {
		class.DNS = &api.DNSSettings{
			Provider: api.DNSRFC2136, Zones: []string{zone}, TTLSeconds: 60, Credentials: &api.SecretReference{Name: "tsig"},
			RFC2136: &api.RFC2136Settings{Server: nameServerAt},
		}
		secrets["tsig"] = map[string][]byte{"tsig-key": []byte(tsigKey), "tsig-algorithm": []byte(tsigAlgorithm), "tsig-secret": []byte(tsigSecret)}
	}
	shared(s, class, secrets)
	for i := range 2 {
		w.addNode(s, i)
	}
	w.neighbours(s)
	w.touch()
}

// addNode puts a node into the cluster.
func (w *manualWorld) addNode(s *sim, i int) {
	addNode(s, fmt.Sprintf("node-%d", i), fmt.Sprintf("10.1.0.%d", 10+i), "")
}

func (w *manualWorld) registry(s *sim, p *process) *registry.Registry {
	live, cached := &kubeClient{s, p, false}, &kubeClient{s, p, true}
	pace := engine.DefaultPace()
	pace.Now = w.now
	r := &registry.Registry{Documents: manual.NewConfigMaps(s.mutation.kube(s, "documents", live), s.mutation.kube(s, "documents", cached)), Pace: pace}
	if w.zone != nil {
		r.DialDNS = w.zone.dialer(func(name string, mutating bool) faultKind { return s.gate.enter(p, name, mutating) }, s.changed)
	}
	return r
}

// holds says which ConfigMaps are hand-offs: by their name, since a mutant may forget the mark.
func (w *manualWorld) holds(id objectID) bool {
	return id.kind == "ConfigMap" && strings.HasSuffix(id.name, "-handoff")
}

// noticed has the ops team read a hand-off that was written, or tear down what one that is gone had them build.
func (w *manualWorld) noticed(r revision) {
	if !w.holds(r.id) {
		return
	}
	if r.after == nil {
		w.torn(r)
		return
	}
	w.sim.later(opsDelay, func() { w.build(r.id) })
}

// torn looks, when a hand-off goes, whether names still point at what it stood for.
func (w *manualWorld) torn(r revision) {
	balancer, ok := w.built[r.id]
	if !ok {
		return
	}
	for _, address := range balancer.addresses {
		if host := w.pointedAt(address); host != "" {
			w.sim.problem("the address of hand-off %s is given up while %s points at it", r.id, host)
		}
	}
	delete(w.built, r.id)
}

// pointedAt returns a claimed name that has an address, or "".
func (w *manualWorld) pointedAt(address string) string {
	for host, addresses := range w.claimed() {
		if slices.Contains(addresses, address) {
			return host
		}
	}
	return ""
}

// build does what a hand-off says, and answers it.
func (w *manualWorld) build(id objectID) {
	object, err := w.sim.store.get(id)
	if err != nil || w.away {
		return
	}
	var published struct {
		Hash         string `json:"hash"`
		manual.Sheet `json:",inline"`
	}
	if err := yaml.Unmarshal([]byte(object.(*corev1.ConfigMap).Data["handoff.yaml"]), &published); err != nil || published.Hash == "" {
		return
	}
	address := w.address
	if len(published.Addresses) > 0 {
		address = published.Addresses[0]
	}
	before := w.built[id].addresses
	if w.built[id].hash == published.Hash && before[0] == address {
		return
	}
	earlier := slices.DeleteFunc(slices.Clone(before), func(a string) bool { return a == address })
	w.built[id] = builtBalancer{published.Hash, append([]string{address}, earlier...), published.Sheet}
	namespace, name, _ := strings.Cut(published.Gateway, "/")
	if gateway := w.sim.gateway(namespace, name); gateway != nil && gateway.DeletionTimestamp == nil {
		ack := &api.HandoffAck{Hash: published.Hash, Addresses: []string{address}}
		edit(w.sim, objectID{"EdgeGateway", namespace, name}, func(g *api.EdgeGateway) { g.Spec.Manual = &api.ManualAnswer{Ack: ack} })
		w.sim.written = w.sim.now()
	}
}

// return has the ops team come back and look at all hand-offs.
func (w *manualWorld) back() {
	w.away = false
	for _, object := range w.sim.store.list("ConfigMap") {
		if id := w.sim.store.identify(object); w.holds(id) {
			w.build(id)
		}
	}
}

func (w *manualWorld) touch() {
	w.foreign = map[objectID]corev1.ConfigMap{}
	for _, object := range w.sim.store.list("ConfigMap") {
		config := object.(*corev1.ConfigMap)
		if mark := config.Labels[manual.LabelOwner]; (mark == "" || mark == theirs.Mark()) && len(config.OwnerReferences) == 0 {
			w.foreign[w.sim.store.identify(object)] = *config
		}
	}
	w.records = w.others()
}

// others are the records of the zone that no claim of ours covers.
func (w *manualWorld) others() []string {
	if w.zone == nil {
		return nil
	}
	ours := w.claimed()
	return slices.DeleteFunc(w.zone.lines(), func(line string) bool {
		name, _, _ := strings.Cut(line, " ")
		host := plainName(strings.TrimPrefix(name, "_edgegateway."))
		_, claimed := ours[host]
		return claimed
	})
}

// claimed are the names that a claim of ours is for, with the addresses that they have.
func (w *manualWorld) claimed() map[string][]string {
	found := map[string][]string{}
	if w.zone == nil {
		return found
	}
	for _, id := range w.zone.ids() {
		host, isClaim := strings.CutPrefix(id.name, "_edgegateway.")
		text := fmt.Sprint(w.zone.sets[id].values)
		if isClaim && id.kind == dns.TypeTXT && strings.Contains(text, "edgegateway v1") && !strings.Contains(text, theirs.Mark()) {
			found[plainName(host)] = w.zone.values(host, dns.TypeA)
		}
	}
	return found
}

func (w *manualWorld) inspect() []string {
	var problems []string
	for id, was := range w.foreign {
		is, err := w.sim.store.get(id)
		if err != nil || !reflect.DeepEqual(is, &was) {
			problems = append(problems, fmt.Sprintf("somebody else's %s is not as it was: %v", id, is))
		}
	}
	if others := w.others(); !slices.Equal(others, w.records) {
		problems = append(problems, fmt.Sprintf("somebody else's records were %v and are %v", w.records, others))
	}
	given := map[string]bool{}
	for _, balancer := range w.built {
		for _, address := range balancer.addresses {
			given[address] = true
		}
	}
	for host, addresses := range w.claimed() {
		for _, address := range addresses {
			if !given[address] {
				problems = append(problems, fmt.Sprintf("%s points at %s, which is not its load balancer's", host, address))
			}
		}
	}
	return problems
}

func (w *manualWorld) describe() []string {
	var lines []string
	if w.zone != nil {
		lines = w.zone.lines()
	}
	for id, balancer := range w.built {
		lines = append(lines, fmt.Sprintf("built %s %s at %v", id, balancer.hash, balancer.addresses))
	}
	return lines
}

func (w *manualWorld) names() *strings.Replacer { return strings.NewReplacer() }

func (w *manualWorld) strays(owners []providers.Owner) []string {
	known := map[string]bool{theirs.Mark(): true}
	for _, owner := range owners {
		known[owner.Mark()] = true
	}
	var strays []string
	for _, object := range w.sim.store.list("ConfigMap") {
		if mark := object.GetLabels()[manual.LabelOwner]; mark != "" && !known[mark] {
			strays = append(strays, "ConfigMap "+object.GetName())
		}
	}
	if w.zone == nil {
		return strays
	}
	for _, id := range w.zone.ids() {
		for _, value := range w.zone.sets[id].values {
			if words := strings.Fields(strings.Trim(value, `"`)); len(words) > 3 && words[0] == "edgegateway" && !known[words[2]] {
				strays = append(strays, "claim "+id.name)
			}
		}
	}
	return strays
}

func (w *manualWorld) probe(request prober.Request) (bool, string, string) {
	for _, door := range request.Doors {
		if err := w.answers(door.Address, door.Port); err != nil {
			return false, api.ReasonTimeout, err.Error()
		}
	}
	for _, name := range request.Names {
		if found := w.zone.values(name.Name, dns.TypeA); !slices.Equal(found, name.Addresses) {
			return false, api.ReasonDNSNotPropagated, fmt.Sprintf("%s has %v", name.Name, found)
		}
	}
	return true, api.ReasonReady, "it answers"
}

func (w *manualWorld) serves(gateway *api.EdgeGateway) error {
	var addresses []string
	for _, a := range gateway.Status.Addresses {
		addresses = append(addresses, a.Value)
	}
	if w.zone != nil {
		for _, host := range gateway.Spec.Hostnames {
			found := w.zone.values(host, dns.TypeA)
			if len(found) == 0 {
				return fmt.Errorf("%s has no address", host)
			}
			addresses = append(addresses, found...)
		}
	}
	if len(addresses) == 0 {
		return errNobody
	}
	for _, address := range addresses {
		for _, listener := range gateway.Spec.Listeners {
			if err := w.answers(address, int32(listener.Port)); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers follows a connection through what the ops team built to a node.
func (w *manualWorld) answers(address string, port int32) error {
	nodes := map[string]bool{}
	for _, object := range w.sim.store.list("Node") {
		nodes[object.(*corev1.Node).Status.Addresses[0].Address] = true
	}
	for _, balancer := range w.built {
		if !slices.Contains(balancer.addresses, address) {
			continue
		}
		i := slices.IndexFunc(balancer.sheet.Ports, func(p manual.Port) bool { return p.Port == port })
		if i < 0 {
			return fmt.Errorf("the load balancer at %s does not listen on %d", address, port)
		}
		alive := slices.ContainsFunc(balancer.sheet.Nodes, func(n manual.Node) bool { return nodes[n.Address] })
		if !alive || !w.open(balancer.sheet.Ports[i].NodePort) {
			return fmt.Errorf("nobody is behind port %d of the load balancer at %s", port, address)
		}
		return nil
	}
	return errNobody
}

// open reports whether a Service has a node port.
func (w *manualWorld) open(nodePort int32) bool {
	return slices.ContainsFunc(w.sim.store.list("Service"), func(object kubeObject) bool {
		return slices.ContainsFunc(object.(*corev1.Service).Spec.Ports, func(p corev1.ServicePort) bool { return p.NodePort == nodePort })
	})
}
