package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/providers/registry"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// account is an AWS account as an operator of one class uses it.
type account struct {
	cloud    *simaws.Cloud
	registry *registry.Registry
	class    api.EdgeGatewayClassSpec
	secret   registry.Credentials
}

func newAccount(t *testing.T) *account {
	t.Helper()
	return newAccountOf(t, simaws.Config{})
}

// newAccountOf is newAccount with a cloud of its own kind.
func newAccountOf(t *testing.T, config simaws.Config) *account {
	t.Helper()
	cloud := simaws.New(config)
	t.Cleanup(func() {
		if gaps := cloud.Gaps(); len(gaps) > 0 {
			t.Errorf("gaps: %v", gaps)
		}
	})
	pace := engine.DefaultPace()
	pace.Now = cloud.Now
	key := simaws.DefaultKey
	return &account{
		cloud: cloud, registry: &registry.Registry{AWS: cloud.Connect().Client(), Pace: pace},
		class: api.EdgeGatewayClassSpec{
			Provider: api.ProviderAWS, AWS: &api.AWSSettings{Region: "eu-west-1", Endpoint: simaws.Endpoint},
			DNS: &api.DNSSettings{Provider: api.DNSRoute53, Zones: []string{"example.com"}},
		},
		secret: registry.Credentials{Provider: map[string][]byte{
			registry.AWSAccessKeyID: []byte(key.ID), registry.AWSSecretAccessKey: []byte(key.Secret),
		}},
	}
}

func (a *account) provider(t *testing.T) providers.Provider {
	t.Helper()
	p, err := a.registry.New(t.Context(), a.class, a.secret)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tenant is a gateway and what its status keeps.
type tenant struct {
	owner     providers.Owner
	gateway   *providers.Gateway
	footprint []providers.Place
	memory    plan.LastApplied
	// awaited says that somebody waits for one of its targets.
	awaited bool
}

func newTenant(name string) *tenant {
	owner := providers.Owner{Cluster: "cluster", Gateway: name, Namespace: "shop", Name: name}
	return &tenant{owner: owner, gateway: &providers.Gateway{
		Namespace: "shop", Name: name, Owner: owner, Hostnames: []string{name + ".example.com"}, Families: []providers.Family{providers.IPv4},
		Ports:  []providers.Port{{Name: "tcp-80", Protocol: providers.TCP, Number: 80, NodePort: 30080, PodPort: 10080, ProxyProtocol: true}},
		Health: providers.HealthCheck{Path: "/healthz", NodePort: 30999, PodPort: 19003, IntervalSeconds: 5, Fall: 2, Rise: 2},
		Targets: []providers.Target{
			{Name: "a", Address: "10.0.0.1", ProviderID: "aws:///eu-west-1a/" + simaws.SeedNodes[0]},
			{Name: "b", Address: "10.0.0.2", ProviderID: "aws:///eu-west-1b/" + simaws.SeedNodes[1]},
		},
	}}
}

func (g *tenant) round(ctx context.Context, p providers.Provider) engine.Outcome {
	out := engine.Round{
		Provider: p, Owner: g.owner, Gateway: g.gateway, Refs: providers.Refs{Places: g.footprint}, LastApplied: g.memory, Awaited: g.awaited,
		Store: func(_ context.Context, footprint []providers.Place, memory plan.LastApplied) error {
			g.footprint, g.memory = footprint, memory
			return nil
		},
	}.Run(ctx)
	g.footprint, g.memory = out.Footprint, out.LastApplied
	return out
}

// drive makes rounds, five seconds apart, until done says so.
func (a *account) drive(t *testing.T, g *tenant, done func(engine.Outcome) bool) {
	t.Helper()
	var out engine.Outcome
	for range 200 {
		out = g.round(t.Context(), a.provider(t))
		if class := providers.ClassOf(out.Err); class == providers.Denied || class == providers.Invalid {
			t.Fatal(out.Err)
		}
		if done(out) {
			return
		}
		a.cloud.Advance(5 * time.Second)
	}
	t.Fatalf("not done after 200 rounds: %v; %v", out.Err, plan.Diff(out.Desired, out.Observed))
}

func settled(out engine.Outcome) bool { return out.Settled() }

func gone(out engine.Outcome) bool { return out.Gone() }

func TestAClassOfAWSMakesAndRemovesAGateway(t *testing.T) {
	a, g := newAccount(t), newTenant("web")
	before := fmt.Sprint(a.cloud.Inventory())
	a.drive(t, g, settled)
	if len(g.memory) == 0 || len(a.cloud.Inventory()) == 0 {
		t.Fatal("nothing was made, or nothing is known of it")
	}
	// A settled gateway costs sweeps, and changes nothing.
	a.drive(t, g, func(engine.Outcome) bool { a.cloud.Advance(time.Minute); return true })
	_, wrote := a.cloud.Calls()
	for range 20 {
		g.round(t.Context(), a.provider(t))
		a.cloud.Advance(2 * time.Minute)
	}
	if _, writes := a.cloud.Calls(); writes != wrote {
		t.Errorf("%d mutating calls in a settled state", writes-wrote)
	}
	g.gateway = nil
	a.drive(t, g, gone)
	if after := fmt.Sprint(a.cloud.Inventory()); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	if gaps := a.cloud.Gaps(); len(gaps) > 0 {
		t.Errorf("the simulator lacks %v", gaps)
	}
}

func TestAProviderIsMadeOnce(t *testing.T) {
	a := newAccount(t)
	first := a.provider(t)
	a.class.ChangePolicy = api.ChangeApprove
	if a.provider(t) != first {
		t.Error("what the provider does not depend on makes another one")
	}
	if n := a.cloud.Counts()["sts:GetCallerIdentity"]; n != 2 {
		t.Errorf("AWS was asked %d times who this is, once for load balancers and once for names are enough", n)
	}
	a.class.AWS.Subnets = []string{"subnet-0123456789abcdef0"}
	if a.provider(t) == first {
		t.Error("other subnets are left to the same provider")
	}
}

// TestWrongKeysAreDenied asks for what a person must do, and keeps no provider.
func TestWrongKeysAreDenied(t *testing.T) {
	for name, c := range map[string]struct {
		secret map[string][]byte
		fate   *simcloud.Fault
		class  providers.Class
	}{
		"an unknown key": {map[string][]byte{registry.AWSAccessKeyID: []byte("AKIAWRONG"), registry.AWSSecretAccessKey: []byte("x")}, nil, providers.Denied},
		"half a key":     {map[string][]byte{registry.AWSAccessKeyID: []byte("AKIAWRONG")}, nil, providers.Denied},
		"an outage":      {nil, &simcloud.Fault{Fate: simcloud.Fate{Act: simcloud.Outage}}, providers.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			good := a.secret
			if c.secret != nil {
				a.secret = registry.Credentials{Provider: c.secret}
			}
			if c.fate != nil {
				a.cloud.Inject(*c.fate)
			}
			_, err := a.registry.New(t.Context(), a.class, a.secret)
			if providers.ClassOf(err) != c.class {
				t.Fatalf("%v is %s", err, providers.ClassOf(err))
			}
			var classed *providers.Error
			if c.class == providers.Denied && (!errors.As(err, &classed) || classed.Field != "spec.credentials") {
				t.Errorf("it does not name the field: %v", err)
			}
			a.secret = good
			a.provider(t)
		})
	}
}

func TestWhatHasNoAdapterIsRefused(t *testing.T) {
	r := &registry.Registry{}
	for field, class := range map[string]api.EdgeGatewayClassSpec{
		"spec.provider": {Provider: api.ProviderAzure},
		"spec.dns.provider": {Provider: api.ProviderManual, Manual: &api.ManualSettings{AddressRanges: []string{"203.0.113.0/24"}},
			DNS: &api.DNSSettings{Provider: api.DNSAzure}},
	} {
		_, err := r.New(t.Context(), class, registry.Credentials{})
		var classed *providers.Error
		if !errors.As(err, &classed) || classed.Class != providers.Invalid || classed.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
