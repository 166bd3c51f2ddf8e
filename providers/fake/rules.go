package fake

import (
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

var (
	namePattern = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$`)
	markPattern = regexp.MustCompile(`^[a-z0-9-]{0,63}$`)
)

// admit refuses an object that can't be created.
func (c *Cloud) admit(o Object) error {
	count := 0
	for _, other := range c.objects {
		if other.Kind == o.Kind {
			count++
			if other.Name == o.Name && o.Kind != AddressKind {
				return refuse(AlreadyExists, "%s %s is there", o.Kind, o.Name)
			}
		}
	}
	if limit, ok := c.Quota[o.Kind]; ok && count >= limit {
		return refuse(QuotaExceeded, "at most %d of %s", limit, o.Kind)
	}
	if o.Kind != RecordKind && !namePattern.MatchString(o.Name) {
		return refuse(InvalidParameter, "bad name %q", o.Name)
	}
	if !markPattern.MatchString(o.Mark) {
		return refuse(InvalidParameter, "bad mark %q", o.Mark)
	}
	return c.check(o)
}

// amend refuses a change that can't be made.
func (c *Cloud) amend(old, next Object) error {
	if reflect.TypeOf(old.Spec) != reflect.TypeOf(next.Spec) {
		return refuse(InvalidParameter, "%s can't become a %T", old.ID, next.Spec)
	}
	if !reflect.DeepEqual(fixed(old.Spec), fixed(next.Spec)) {
		return refuse(InvalidParameter, "%s: what was fixed when it was created can't be changed", old.ID)
	}
	return c.check(next)
}

// fixed returns what of a spec can't be changed.
func fixed(spec any) any {
	switch s := spec.(type) {
	case TargetsSpec:
		return []any{s.Protocol, s.Port}
	case BalancerSpec:
		return fmt.Sprint(s.Families)
	case ListenerSpec:
		return []any{s.Balancer, s.Protocol, s.Port}
	case RecordSpec:
		return []any{s.Zone, s.Name, s.Type}
	default:
		return spec
	}
}

// check refuses a spec that can't be.
func (c *Cloud) check(o Object) error {
	switch s := o.Spec.(type) {
	case AddressSpec:
		if s.Family != providers.IPv4 && s.Family != providers.IPv6 {
			return refuse(InvalidParameter, "no address family %q", s.Family)
		}
		return nil
	case TargetsSpec:
		return judgeTargets(s)
	case BalancerSpec:
		return c.judgeBalancer(o.ID, s)
	case ListenerSpec:
		return c.judgeListener(o.ID, s)
	case RecordSpec:
		return c.judgeRecord(o.Name, s)
	default:
		return refuse(InvalidParameter, "no spec %T", o.Spec)
	}
}

func judgeTargets(s TargetsSpec) error {
	h := s.Health
	switch {
	case s.Protocol != providers.TCP:
		return refuse(InvalidParameter, "no protocol %q", s.Protocol)
	case s.Port < 1 || s.Port > 65535:
		return refuse(InvalidParameter, "no port %d", s.Port)
	case !strings.HasPrefix(h.Path, "/"):
		return refuse(InvalidParameter, "bad health path %q", h.Path)
	case h.IntervalSeconds < 5 || h.IntervalSeconds > 300:
		return refuse(InvalidParameter, "health interval %ds is not from 5s to 300s", h.IntervalSeconds)
	case !slices.IsSorted(s.Members) || len(slices.Compact(slices.Clone(s.Members))) != len(s.Members):
		return refuse(InvalidParameter, "members are not sorted or not unique")
	default:
		return nil
	}
}

func (c *Cloud) judgeBalancer(id string, s BalancerSpec) error {
	if len(s.Addresses) == 0 || len(s.Addresses) != len(s.Families) {
		return refuse(InvalidParameter, "%d addresses for %d families", len(s.Addresses), len(s.Families))
	}
	for i, address := range s.Addresses {
		o, ok := c.objects[address]
		if !ok || o.Kind != AddressKind {
			return refuse(NotFound, "no address %s", address)
		}
		if o.Spec.(AddressSpec).Family != s.Families[i] {
			return refuse(InvalidParameter, "%s is not %s", address, s.Families[i])
		}
		for other, lb := range c.objects {
			if spec, ok := lb.Spec.(BalancerSpec); ok && other != id && slices.Contains(spec.Addresses, address) {
				return refuse(AddressInUse, "%s is on %s", address, other)
			}
		}
	}
	for _, r := range s.SourceRanges {
		if _, err := netip.ParsePrefix(r); err != nil {
			return refuse(InvalidParameter, "bad source range %q", r)
		}
	}
	return nil
}

func (c *Cloud) judgeListener(id string, s ListenerSpec) error {
	lb, ok := c.objects[s.Balancer]
	if !ok || lb.Kind != BalancerKind {
		return refuse(NotFound, "no load balancer %s", s.Balancer)
	}
	if lb.Busy > 0 {
		return refuse(NotReady, "%s is being changed", lb.ID)
	}
	targets, ok := c.objects[s.Targets].Spec.(TargetsSpec)
	if !ok {
		return refuse(NotFound, "no targets %s", s.Targets)
	}
	if targets.Protocol != s.Protocol {
		return refuse(InvalidParameter, "targets %s are not %s", s.Targets, s.Protocol)
	}
	for other, o := range c.objects {
		l, ok := o.Spec.(ListenerSpec)
		if ok && other != id && l.Balancer == s.Balancer && l.Port == s.Port && l.Protocol == s.Protocol {
			return refuse(PortInUse, "%s has port %d", other, s.Port)
		}
	}
	return nil
}

func (c *Cloud) judgeRecord(name string, s RecordSpec) error {
	family := map[string]func(netip.Addr) bool{"A": netip.Addr.Is4, "AAAA": netip.Addr.Is6}[s.Type]
	switch {
	case !slices.Contains(c.Zones, s.Zone):
		return refuse(NotFound, "no zone %s", s.Zone)
	case s.Name != s.Zone && !strings.HasSuffix(s.Name, "."+s.Zone):
		return refuse(InvalidParameter, "%s is not in %s", s.Name, s.Zone)
	case name != recordName(s):
		return refuse(InvalidParameter, "record %s has the name %s", recordName(s), name)
	case family == nil || len(s.Values) == 0:
		return refuse(InvalidParameter, "no record of type %q with %d values", s.Type, len(s.Values))
	case s.TTL < 30 || s.TTL > 86400:
		return refuse(InvalidParameter, "TTL %d is not from 30 to 86400", s.TTL)
	}
	for _, value := range s.Values {
		if ip, err := netip.ParseAddr(value); err != nil || !family(ip) {
			return refuse(InvalidParameter, "bad %s value %q", s.Type, value)
		}
	}
	return nil
}

// newIP gives an address that nobody has had before.
func (c *Cloud) newIP(f providers.Family) string {
	c.last4++
	if f == providers.IPv6 {
		return fmt.Sprintf("2001:db8:1::%x", c.last4)
	}
	return fmt.Sprintf("203.0.113.%d", c.last4)
}
