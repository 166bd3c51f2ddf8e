package crash

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	corev1 "k8s.io/api/core/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// world is what is outside the cluster: a cloud, a name server, an ops team. It keeps the time.
type world interface {
	now() time.Time
	advance(d time.Duration)
	// fork returns a copy. The world must be settled.
	fork() (world, error)
	// attach joins the world to a run, whose gate its calls pass.
	attach(s *sim)
	// populate puts into a run's cluster what is there before any gateway: nodes, Secrets and the class.
	populate(s *sim)
	// registry returns the adapters of a process, with empty memory.
	registry(s *sim, p *process) *registry.Registry
	// probe answers as a vantage does; it is the operator's only sight of the data plane.
	probe(request prober.Request) (ok bool, reason, message string)
	// serves returns what a client of the gateway would find amiss; nil if all is well.
	serves(gateway *api.EdgeGateway) error
	// holds reports whether an object of the API server is part of this world: a hand-off.
	holds(id objectID) bool
	// noticed is told of changes of the API server.
	noticed(r revision)
	// inspect returns what is as it must never be.
	inspect() []string
	// touch takes what others have as theirs from now on: people may change their own things.
	touch()
	// describe returns all that there is, a line each. Names replaces IDs and addresses, which differ between equal runs, by what they are of.
	describe() []string
	names() *strings.Replacer
	// strays returns what bears a mark of none of these owners.
	strays(owners []providers.Owner) []string
	// slow makes lists late, by calls and time.
	slow(calls int, d time.Duration)
}

// The cast.
const (
	className   = "public"
	tenant      = "shop"
	gatewayName = "web"
	zone        = "example.com"
	hostname    = "www.example.com"
)

// shared puts into the cluster what every world has.
func shared(s *sim, class api.EdgeGatewayClassSpec, secrets map[string]map[string][]byte) {
	mustCreate(s, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenant}})
	mustCreate(s, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}})
	secrets["vantage"] = map[string][]byte{"token": []byte("token")}
	for _, name := range sortedKeys(secrets) {
		mustCreate(s, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: name}, Data: secrets[name]})
	}
	class.Vantages = []api.Vantage{{Name: "outside", URL: "https://vantage.example.net", Credentials: api.SecretReference{Name: "vantage"}}}
	class.ReclaimPolicy, class.ChangePolicy, class.DriftPolicy = api.ReclaimDelete, api.ChangeAutomatic, api.DriftRepair
	mustCreate(s, &api.EdgeGatewayClass{ObjectMeta: metav1.ObjectMeta{Name: className}, Spec: class})
	// Somebody else's, which must stay as they are.
	mustCreate(s, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: "settings"}, Data: map[string]string{"theirs": "true"}})
}

// mustCreate adds an object in a person's name.
func mustCreate(s *sim, object interface {
	metav1.Object
	kubeObject
}) {
	if _, err := s.store.create(object); err != nil {
		panic(err)
	}
}

// addNode puts a node into the cluster.
func addNode(s *sim, name, address, providerID string) {
	mustCreate(s, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.NodeSpec{ProviderID: providerID},
		Status:     corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}}},
	})
}

// newGateway is what the tenant asks for.
func newGateway() *api.EdgeGateway {
	return &api.EdgeGateway{
		ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: gatewayName},
		Spec: api.EdgeGatewaySpec{
			ClassName: className, Hostnames: []string{hostname}, IPFamilies: []api.IPFamily{api.IPv4},
			Listeners: []gatewayv1.Listener{{Name: "http", Port: 80, Protocol: gatewayv1.HTTPProtocolType}},
		},
	}
}
