package crash

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers/registry"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// recordable is a world that can be written down once it is settled, and made again of what was written.
type recordable interface {
	world
	// file is the name that its text has among the fixtures.
	file() string
	save() ([]byte, error)
	load(text []byte) error
	// gone returns what is left of the gateways after they were deleted, of what they must not leave.
	gone() []string
}

// recordables are the worlds of the fixtures, by the folder that they are in.
var recordables = map[string]func() recordable{
	"aws":  func() recordable { return &recordedAWS{newAWSWorld().(*awsWorld)} },
	"site": func() recordable { return &recordedSite{manualWorld: newRFC2136World().(*manualWorld)} },
}

// recordedAWS is an AWS account with entrances of every kind. Whether clients are served is not modelled for most of them, and is not asked.
type recordedAWS struct{ *awsWorld }

func (w *recordedAWS) file() string { return "cloud.json" }

func (w *recordedAWS) save() ([]byte, error) { return w.cloud.Snapshot() }

func (w *recordedAWS) load(text []byte) (err error) {
	w.cloud, err = simaws.Restore(awsConfig, text)
	return err
}

func (w *recordedAWS) populate(s *sim) {
	key := simaws.DefaultKey
	common(s, map[string]map[string][]byte{"cloud": {registry.AWSAccessKeyID: []byte(key.ID), registry.AWSSecretAccessKey: []byte(key.Secret)}})
	createAll(s, awsClasses)
	for i := range 2 {
		w.addNode(s, i)
		addProxyPod(s, i)
	}
	w.neighbours()
	w.cloud.Edit(func(t *simaws.Tables) {
		for i := range 2 {
			id := fmt.Sprintf("eipalloc-0b0b%013d", i+1)
			t.Addresses.Put(id, simaws.Address{Place: w.place(), Allocation: id, IP: fmt.Sprintf("203.0.113.7%d", i+1), Tags: simaws.Tags{"Name": "brought"}})
		}
	})
	s.world = w.awsWorld
	share(s)
	s.world = w
	w.touch()
}

// addProxyPod puts a pod of the gateway "pods" onto a node, which has its address of the VPC.
func addProxyPod(s *sim, i int) {
	mustCreate(s, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: fmt.Sprintf("pods-edge-%d", i), Labels: infra.PodsOf("pods")},
		Spec:       corev1.PodSpec{NodeName: fmt.Sprintf("node-%d", i), ReadinessGates: []corev1.PodReadinessGate{{ConditionType: infra.Registered}}},
		Status: corev1.PodStatus{PodIP: fmt.Sprintf("10.0.%d.101", i+16), Conditions: []corev1.PodCondition{
			{Type: corev1.ContainersReady, Status: corev1.ConditionTrue},
		}},
	})
}

func (w *recordedAWS) probe(prober.Request) (bool, string, string) {
	return true, api.ReasonReady, "it answers"
}

func (w *recordedAWS) serves(*api.EdgeGateway) error { return nil }

func (w *recordedAWS) inspect() []string {
	var problems []string
	if gaps := w.cloud.Gaps(); len(gaps) > 0 {
		problems = append(problems, fmt.Sprintf("the simulator can't do what was asked: %v", gaps))
	}
	there := map[string]simaws.Item{}
	for _, item := range w.cloud.Inventory() {
		there[item.ID] = item
	}
	for _, id := range sortedKeys(w.foreign) {
		if was, is := w.foreign[id], unmarked(there[id]); !reflect.DeepEqual(was, is) {
			problems = append(problems, fmt.Sprintf("somebody else's %s %s was %+v and is %+v", was.Kind, was.Name, was, is))
		}
	}
	return problems
}

// touch is the account's, but for the records of wildcards, whose claims are beside them.
func (w *recordedAWS) touch() {
	w.awsWorld.touch()
	w.look(func(t *simaws.Tables, now simcloud.View) {
		records := t.Records.All(now)
		for _, claim := range records {
			below, isWildcards := strings.CutPrefix(claim.Name, "_edgegateway._wildcard.")
			if !isWildcards || strings.Contains(claim.Values[0], theirs.Mark()) {
				continue
			}
			delete(w.foreign, claim.Key())
			for _, record := range records {
				if record.Name == `\052.`+below {
					delete(w.foreign, record.Key())
				}
			}
		}
	})
}

func (w *recordedAWS) attach(s *sim) {
	w.awsWorld.attach(s)
	w.touch()
}

// gone are things that were not there before the gateways, but for the addresses that their class keeps.
func (w *recordedAWS) gone() []string {
	var left []string
	kept := 0
	for _, item := range w.cloud.Inventory() {
		_, foreign := w.foreign[item.ID]
		switch {
		case foreign, item.ID == sharedARN && item.Tags[tagOwner] == "":
		case item.Kind == "address" && item.Tags[tagOwner] == "":
			kept++
		default:
			left = append(left, item.Kind+" "+item.Name)
		}
	}
	if kept != keptAddresses {
		left = append(left, fmt.Sprintf("%d addresses, and %d are to be kept", kept, keptAddresses))
	}
	return left
}

// recordedSite is a data centre with an ops team and a name server. The ops team answers each gateway with addresses of its own.
type recordedSite struct {
	*manualWorld
	// silent says that the ops team answers no more; so do those who only look at what was recorded.
	silent bool
}

func (w *recordedSite) file() string { return "zone.txt" }

// save writes the zone as a zone file, with the time before it.
func (w *recordedSite) save() ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "; at %s\n", w.now().Format(time.RFC3339))
	for _, id := range w.zone.ids() {
		set := w.zone.sets[id]
		for _, value := range set.values {
			fmt.Fprintf(&out, "%s %d IN %s %s\n", id.name, set.ttl, dns.TypeToString[id.kind], value)
		}
	}
	return []byte(out.String()), nil
}

func (w *recordedSite) load(text []byte) error {
	first, rest, _ := strings.Cut(string(text), "\n")
	at, err := time.Parse("; at "+time.RFC3339, first)
	if err != nil {
		return err
	}
	w.clock = simcloud.NewClock()
	w.clock.StartAt(at)
	w.silent = true
	w.zone = newNameServer(zone)
	w.zone.sets = map[rrsetID]rrset{}
	parser := dns.NewZoneParser(strings.NewReader(rest), "", "")
	for rr, more := parser.Next(); more; rr, more = parser.Next() {
		set := w.zone.sets[idOf(rr)]
		w.zone.sets[idOf(rr)] = rrset{rr.Header().Ttl, append(slices.Clone(set.values), valueOf(rr))}
	}
	return parser.Err()
}

func (w *recordedSite) populate(s *sim) {
	common(s, map[string]map[string][]byte{
		"tsig": {"tsig-key": []byte(tsigKey), "tsig-algorithm": []byte(tsigAlgorithm), "tsig-secret": []byte(tsigSecret)},
	})
	createAll(s, siteClasses)
	for i := range 2 {
		w.addNode(s, i)
	}
	w.neighbours(s)
	w.touch()
}

// noticed has the ops team build what a hand-off says.
func (w *recordedSite) noticed(r revision) {
	if w.holds(r.id) && r.after != nil && !w.silent {
		w.sim.later(opsDelay, func() { w.answer(r.id) })
	}
}

// answer acknowledges a hand-off as it is now.
func (w *recordedSite) answer(id objectID) {
	object, err := w.sim.store.get(id)
	if err != nil {
		return
	}
	var published struct{ Hash, Gateway string }
	if err := yaml.Unmarshal([]byte(object.(*corev1.ConfigMap).Data["handoff.yaml"]), &published); err != nil {
		panic(err)
	}
	namespace, name, _ := strings.Cut(published.Gateway, "/")
	addresses := siteAddresses[name]
	if w.silent || len(addresses) == 0 {
		return
	}
	edit(w.sim, objectID{"EdgeGateway", namespace, name}, func(g *api.EdgeGateway) {
		g.Spec.Manual = &api.ManualAnswer{Ack: &api.HandoffAck{Hash: published.Hash, Addresses: addresses}}
	})
	w.sim.written = w.sim.now()
}

func (w *recordedSite) probe(prober.Request) (bool, string, string) {
	return true, api.ReasonReady, "it answers"
}

func (w *recordedSite) serves(*api.EdgeGateway) error { return nil }

func (w *recordedSite) inspect() []string {
	var problems []string
	for id, was := range w.foreign {
		if is, err := w.sim.store.get(id); err != nil || !reflect.DeepEqual(is, &was) {
			problems = append(problems, fmt.Sprintf("somebody else's %s is not as it was: %v", id, is))
		}
	}
	lines := w.zone.lines()
	for _, record := range w.records {
		if !slices.Contains(lines, record) {
			problems = append(problems, fmt.Sprintf("somebody else's record %q is gone", record))
		}
	}
	return problems
}

// touch is the ops team's, with the records that are neither a claim of ours nor at a name that has one. A wildcard's claim is beside it.
func (w *recordedSite) touch() {
	w.manualWorld.touch()
	ours := map[string]bool{}
	for host := range w.claimed() {
		ours[strings.Replace(host, "_wildcard.", "*.", 1)] = true
		ours["_edgegateway."+host] = true
	}
	w.records = slices.DeleteFunc(w.zone.lines(), func(line string) bool {
		name, _, _ := strings.Cut(line, " ")
		return ours[plainName(name)]
	})
}

func (w *recordedSite) attach(s *sim) {
	w.manualWorld.attach(s)
	w.touch()
}

func (w *recordedSite) gone() []string {
	left := slices.DeleteFunc(w.zone.lines(), func(line string) bool { return slices.Contains(w.records, line) })
	for _, object := range w.sim.store.list("ConfigMap") {
		if id := w.sim.store.identify(object); w.holds(id) {
			left = append(left, id.String())
		}
	}
	return left
}
