package rfc2136

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/providers/records"
)

var (
	owner    = providers.Owner{Cluster: "c1", Gateway: "g1"}
	stranger = providers.Owner{Cluster: "c2", Gateway: "g2"}
	both     = []providers.Family{providers.IPv4, providers.IPv6}
)

// edge is the operator as far as DNS goes: a provider, its gateway and its footprint.
type edge struct {
	provider  *Provider
	owner     providers.Owner
	footprint []providers.Place
	observed  providers.Graph
}

func newProvider(t *testing.T, address string, k key, zones ...string) *Provider {
	t.Helper()
	p, err := New(Config{Server: address, Zones: zones, KeyName: k.name, Algorithm: plain(k.algorithm), Secret: k.secret})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func gatewayWith(families []providers.Family, host string, addresses ...string) providers.Gateway {
	return providers.Gateway{
		Hostnames: []string{host}, Families: families,
		Published: providers.Published{Ready: len(addresses) > 0, Addresses: addresses},
	}
}

// reach reconciles until there is nothing to change.
func (e *edge) reach(ctx context.Context, gw providers.Gateway) error {
	return e.reconcile(ctx, func() (providers.Graph, error) { return e.provider.Desired(gw, e.observed) })
}

// leave is what the deletion of the gateway does.
func (e *edge) leave(ctx context.Context) error {
	return e.reconcile(ctx, func() (providers.Graph, error) { return providers.Graph{}, nil })
}

func (e *edge) reconcile(ctx context.Context, want func() (providers.Graph, error)) error {
	for range 6 {
		desired, err := want()
		if err != nil {
			return err
		}
		e.footprint = plan.Extend(e.footprint, desired)
		if e.observed, err = e.provider.Observe(ctx, e.owner, providers.Refs{Places: e.footprint}); err != nil {
			return err
		}
		if desired, err = want(); err != nil {
			return err
		}
		changes := plan.Diff(desired, e.observed)
		if len(changes) == 0 {
			return nil
		}
		if _, err := engine.Apply(ctx, e.provider, e.owner, changes); err != nil {
			return err
		}
	}
	return errors.New("still changing after 6 rounds")
}

func (e *edge) mustReach(t *testing.T, gw providers.Gateway) {
	t.Helper()
	if err := e.reach(t.Context(), gw); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, s nameServer, zone string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, s.content(t, zone)); diff != "" {
		t.Errorf("zone %s (-want +got):\n%s", zone, diff)
	}
}

// wantError wants an error of a class and reason, with words in it.
func wantError(t *testing.T, err error, class providers.Class, reason string, words ...string) {
	t.Helper()
	var classed *providers.Error
	if !errors.As(err, &classed) || classed.Class != class || classed.Reason != reason {
		t.Fatalf("the error is %v, want %s %s", err, class, reason)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error %q does not say %q", err, word)
		}
	}
}

func claimLine(o providers.Owner, name, types string) string {
	return fmt.Sprintf("%s. 60 TXT %q", name, records.ClaimOf(o, strings.Fields(types)...).Text())
}

func TestRecordsAreCreatedUpdatedAndDeletedWithTheirClaim(t *testing.T) {
	names := map[string]string{
		"www.example.test":    "_edgegateway.www.example.test",
		"example.test":        "_edgegateway.example.test",
		"*.apps.example.test": "_edgegateway._wildcard.apps.example.test",
	}
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		for host, claimed := range names {
			t.Run(host, func(t *testing.T) {
				e := &edge{provider: newProvider(t, s.address, edgeKey, "example.test"), owner: owner}
				e.mustReach(t, gatewayWith(both, host, "2001:db8::1", "203.0.113.2", "203.0.113.1"))
				wantContent(t, s, "example.test", host+". 60 A 203.0.113.1", host+". 60 A 203.0.113.2", host+". 60 AAAA 2001:db8::1",
					claimLine(owner, claimed, "A AAAA"))
				if got := e.provider.Report(e.observed).Published; got.State != providers.Ready {
					t.Errorf("published is %+v", got)
				}
				e.mustReach(t, gatewayWith(both, host, "2001:db8::1", "203.0.113.3"))
				wantContent(t, s, "example.test", host+". 60 A 203.0.113.3", host+". 60 AAAA 2001:db8::1", claimLine(owner, claimed, "A AAAA"))
				e.mustReach(t, gatewayWith(both[:1], host, "203.0.113.3"))
				wantContent(t, s, "example.test", host+". 60 A 203.0.113.3", claimLine(owner, claimed, "A"))
				if err := e.leave(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantContent(t, s, "example.test")
			})
		}
	})
}

func TestWhatIsPublishedStaysWhileNothingIsReady(t *testing.T) {
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		e := &edge{provider: newProvider(t, s.address, edgeKey, "example.test"), owner: owner}
		e.mustReach(t, gatewayWith(both, "www.example.test"))
		wantContent(t, s, "example.test")
		e.mustReach(t, gatewayWith(both, "www.example.test", "203.0.113.1", "2001:db8::1"))
		before := s.content(t, "example.test")
		e.mustReach(t, gatewayWith(both, "www.example.test"))
		e.mustReach(t, gatewayWith(both, "www.example.test", "203.0.113.1"))
		wantContent(t, s, "example.test", before...)
	})
}

func TestTheLongestZoneIsUsed(t *testing.T) {
	zones := []string{"example.test", "shop.example.test"}
	eachServer(t, zones, func(t *testing.T, s nameServer) {
		e := &edge{provider: newProvider(t, s.address, edgeKey, zones...), owner: owner}
		e.mustReach(t, gatewayWith(both[:1], "www.shop.example.test", "203.0.113.1"))
		wantContent(t, s, "shop.example.test", "www.shop.example.test. 60 A 203.0.113.1", claimLine(owner, "_edgegateway.www.shop.example.test", "A"))
		wantContent(t, s, "example.test")
	})
}

func TestAForeignRecordOfOurNameIsAConflictAndStaysAsItIs(t *testing.T) {
	const host = "www.example.test"
	cases := map[string]struct{ record, says string }{
		"an A record":              {host + ". 300 IN A 198.51.100.1", "www.example.test has an A record (198.51.100.1)"},
		"an AAAA record":           {host + ". 300 IN AAAA 2001:db8::99", "www.example.test has an AAAA record (2001:db8::99)"},
		"a CNAME record":           {host + ". 300 IN CNAME elsewhere.example.test.", "CNAME record to elsewhere.example.test"},
		"a TXT record at our name": {"_edgegateway." + host + ". 300 IN TXT \"hello\"", "_edgegateway.www.example.test is not a claim"},
		"another EdgeGateway's claim": {"_edgegateway." + host + ". 300 IN TXT \"edgegateway v1 " + stranger.Mark() + " A\"",
			"claimed by another EdgeGateway"},
	}
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				s.write(t, "example.test", c.record)
				before := s.content(t, "example.test")
				e := &edge{provider: newProvider(t, s.address, edgeKey, "example.test"), owner: owner}
				err := e.reach(t.Context(), gatewayWith(both[:1], host, "203.0.113.1"))
				wantError(t, err, providers.Denied, ReasonConflict, c.says, "example.test")
				if err := e.leave(t.Context()); err != nil {
					t.Errorf("leaving: %v", err)
				}
				wantContent(t, s, "example.test", before...)
				rr := parse(t, []string{c.record})[0].Header()
				s.remove(t, "example.test", plain(rr.Name), rr.Rrtype)
				e.mustReach(t, gatewayWith(both[:1], host, "203.0.113.1"))
				if err := e.leave(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantContent(t, s, "example.test")
			})
		}
	})
}

func TestOtherRecordsAtOurNameStay(t *testing.T) {
	const host = "www.example.test"
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		e := &edge{provider: newProvider(t, s.address, edgeKey, "example.test"), owner: owner}
		s.write(t, "example.test", host+". 300 IN TXT \"hello\"")
		e.mustReach(t, gatewayWith(both[:1], host, "203.0.113.1"))
		s.write(t, "example.test", host+". 300 IN AAAA 2001:db8::99")
		e.mustReach(t, gatewayWith(both[:1], host, "203.0.113.2"))
		wantError(t, e.reach(t.Context(), gatewayWith(both, host, "203.0.113.2", "2001:db8::1")), providers.Denied, ReasonConflict, "2001:db8::99")
		if err := e.leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantContent(t, s, "example.test", host+". 300 TXT \"hello\"", host+". 300 AAAA 2001:db8::99")
	})
}

func TestAForeignWildcardIsNotInTheWayOfANewName(t *testing.T) {
	wildcards := map[string]string{
		"A":     "*.example.test. 300 IN A 198.51.100.1",
		"TXT":   "*.example.test. 300 IN TXT \"hello\"",
		"CNAME": "*.example.test. 300 IN CNAME ns.example.test.",
	}
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		for kind, record := range wildcards {
			t.Run(kind, func(t *testing.T) {
				s.write(t, "example.test", record)
				before := s.content(t, "example.test")
				e := &edge{provider: newProvider(t, s.address, edgeKey, "example.test"), owner: owner}
				e.mustReach(t, gatewayWith(both, "www.example.test", "203.0.113.1", "2001:db8::1"))
				wantContent(t, s, "example.test", append(before, "www.example.test. 60 A 203.0.113.1", "www.example.test. 60 AAAA 2001:db8::1",
					claimLine(owner, "_edgegateway.www.example.test", "A AAAA"))...)
				if err := e.leave(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantContent(t, s, "example.test", before...)
				s.remove(t, "example.test", "*.example.test", parse(t, []string{record})[0].Header().Rrtype)
			})
		}
	})
}

func TestWhatSomeoneChangedByHandIsMended(t *testing.T) {
	const host = "www.example.test"
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		e := &edge{provider: newProvider(t, s.address, edgeKey, "example.test"), owner: owner}
		gw := gatewayWith(both[:1], host, "203.0.113.1")
		e.mustReach(t, gw)
		want := s.content(t, "example.test")
		s.remove(t, "example.test", host, dns.TypeA)
		e.mustReach(t, gw)
		wantContent(t, s, "example.test", want...)
		s.write(t, "example.test", host+". 60 IN A 198.51.100.1")
		e.mustReach(t, gw)
		wantContent(t, s, "example.test", want...)
		s.remove(t, "example.test", host, dns.TypeA)
		if err := e.leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantContent(t, s, "example.test")
	})
}

func TestTheServersRefusalsSayWhatToDo(t *testing.T) {
	unknown, wrong, short := edgeKey, edgeKey, edgeKey
	unknown.name = "nobody."
	wrong.secret = readKey.secret
	short.algorithm = dns.HmacSHA512
	// BIND says REFUSED to a key that may not; Knot says BADKEY.
	const forbidden = "ZoneNotAllowed or TSIGRefused"
	cases := []struct {
		name   string
		key    key
		host   string
		reason string
		says   string
	}{
		{"a key that it does not know", unknown, "www.example.test", ReasonTSIG, "BADKEY"},
		{"another secret", wrong, "www.example.test", ReasonTSIG, "BADSIG"},
		{"another algorithm", short, "www.example.test", ReasonTSIG, "correct the class's DNS credentials"},
		{"a key that may not update", readKey, "www.example.test", forbidden, "allow"},
		{"a zone that nobody may update", edgeKey, "www.frozen.test", forbidden, "frozen.test"},
		{"a zone that it does not have", edgeKey, "www.absent.test", ReasonZone, "absent.test"},
	}
	eachServer(t, []string{"example.test", "frozen.test"}, func(t *testing.T, s nameServer) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				e := &edge{provider: newProvider(t, s.address, c.key, "example.test", "frozen.test", "absent.test"), owner: owner}
				err := e.reach(t.Context(), gatewayWith(both[:1], c.host, "203.0.113.1"))
				if c.reason == forbidden {
					c.reason = map[string]string{"BIND": ReasonZone, "Knot": ReasonTSIG}[s.kind]
				}
				wantError(t, err, providers.Denied, c.reason, c.says)
				if strings.Contains(err.Error(), c.key.secret) {
					t.Errorf("the error %q tells the secret", err)
				}
				wantContent(t, s, "example.test")
			})
		}
	})
}

func TestALongKeySignsAsWell(t *testing.T) {
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		e := &edge{provider: newProvider(t, s.address, longKey, "example.test"), owner: owner}
		e.mustReach(t, gatewayWith(both[:1], "www.example.test", "203.0.113.1"))
	})
}

func TestAfterALostReplyTheSameUpdateSucceeds(t *testing.T) {
	const host = "www.example.test"
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		var mu sync.Mutex
		lost := 0
		relayed := startRelay(t, s.address, func(message *dns.Msg) fate {
			mu.Lock()
			defer mu.Unlock()
			if message.Opcode != dns.OpcodeUpdate || lost > 0 {
				return pass
			}
			lost++
			return loseReply
		})
		e := &edge{provider: newProvider(t, relayed.Addr().String(), edgeKey, "example.test"), owner: owner}
		place := providers.Place{Provider: Name, Zone: "example.test", Names: []string{host}}
		node := recordNode("example.test", host, typeA)
		node.Place, node.Spec = place, Record{Values: []string{"203.0.113.1"}, TTL: 60}
		changed := node
		changed.Spec = Record{Values: []string{"203.0.113.2"}, TTL: 60}
		for _, change := range []providers.Change{
			{Verb: providers.Create, Node: node}, {Verb: providers.Update, Node: changed, Old: &node}, {Verb: providers.Delete, Node: changed},
		} {
			mu.Lock()
			lost = 0
			mu.Unlock()
			_, err := e.provider.Apply(t.Context(), owner, change)
			wantError(t, err, providers.Transient, ReasonUnreachable)
			after := s.content(t, "example.test")
			for range 2 {
				if _, err := e.provider.Apply(t.Context(), owner, change); err != nil {
					t.Errorf("%s again: %v", change.Verb, err)
				}
			}
			wantContent(t, s, "example.test", after...)
			if change.Verb == providers.Delete == (len(after) > 0) {
				t.Errorf("after %s there is %q", change.Verb, after)
			}
		}
	})
}

func TestAnUpdateCountsOnlyWhenTheServerAnswersWithIt(t *testing.T) {
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		relayed := startRelay(t, s.address, func(message *dns.Msg) fate {
			if message.Opcode == dns.OpcodeUpdate {
				return pretend
			}
			return pass
		})
		e := &edge{provider: newProvider(t, relayed.Addr().String(), edgeKey, "example.test"), owner: owner}
		err := e.reach(t.Context(), gatewayWith(both[:1], "www.example.test", "203.0.113.1"))
		wantError(t, err, providers.Transient, ReasonNotServed, "www.example.test")
	})
}

func TestOfTwoOwnersAtOnceExactlyOneWins(t *testing.T) {
	const rounds = 10
	eachServer(t, []string{"example.test"}, func(t *testing.T, s nameServer) {
		for round := range rounds {
			host := fmt.Sprintf("www%d.example.test", round)
			owners := []providers.Owner{owner, stranger}
			errs := make([]error, len(owners))
			var group sync.WaitGroup
			for i := range owners {
				e := &edge{provider: newProvider(t, s.address, edgeKey, "example.test"), owner: owners[i]}
				group.Go(func() {
					errs[i] = e.reach(context.Background(), gatewayWith(both[:1], host, fmt.Sprintf("203.0.113.%d", i)))
				})
			}
			group.Wait()
			winner := slices.Index(errs, nil)
			if winner < 0 || errs[1-winner] == nil {
				t.Fatalf("not exactly one of the two won: %v", errs)
			}
			wantError(t, errs[1-winner], providers.Denied, ReasonConflict, host)
			content := strings.Join(s.content(t, "example.test"), "\n")
			for _, line := range []string{fmt.Sprintf("%s. 60 A 203.0.113.%d", host, winner), claimLine(owners[winner], "_edgegateway."+host, "A")} {
				if !strings.Contains(content, line) {
					t.Errorf("the zone lacks %q", line)
				}
			}
		}
		if got := len(s.content(t, "example.test")); got != 2*rounds {
			t.Errorf("the zone has %d records, want %d", got, 2*rounds)
		}
	})
}
