package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
)

// headless is the cluster IP of a Service that has none.
const headless = "None"

// service is what DNS needs of a Service.
type service struct {
	Spec struct {
		Type                     string        `json:"type"`
		ClusterIP                string        `json:"clusterIP"`
		ExternalName             string        `json:"externalName"`
		Ports                    []servicePort `json:"ports"`
		PublishNotReadyAddresses bool          `json:"publishNotReadyAddresses"`
	} `json:"spec"`
}

type servicePort struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
}

// slice is what DNS needs of an EndpointSlice.
type slice struct {
	AddressType string `json:"addressType"`
	Endpoints   []struct {
		Addresses  []string `json:"addresses"`
		Hostname   string   `json:"hostname"`
		Conditions struct {
			Ready *bool `json:"ready"`
		} `json:"conditions"`
	} `json:"endpoints"`
	Ports []servicePort `json:"ports"`
}

// table is one kind's objects by namespace/name.
type table[T any] struct {
	mu      sync.RWMutex
	objects map[string]T
	// group names what an object belongs to, as namespace/name; by default itself.
	group  func(metadata) string
	groups map[string]map[string]bool
}

func newTable[T any](group func(metadata) string) *table[T] {
	return &table[T]{objects: map[string]T{}, group: group, groups: map[string]map[string]bool{}}
}

func (t *table[T]) replace(items []object) {
	t.mu.Lock()
	t.objects, t.groups = map[string]T{}, map[string]map[string]bool{}
	t.mu.Unlock()
	for _, item := range items {
		t.change("ADDED", item)
	}
}

func (t *table[T]) change(kind string, o object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key, group := o.Metadata.Namespace+"/"+o.Metadata.Name, t.group(o.Metadata)
	if kind == "DELETED" {
		delete(t.objects, key)
		delete(t.groups[group], key)
		return
	}
	var value T
	if err := json.Unmarshal(o.raw, &value); err != nil {
		fmt.Fprintln(os.Stderr, "agent: reading", key, err)
		return
	}
	t.objects[key] = value
	if t.groups[group] == nil {
		t.groups[group] = map[string]bool{}
	}
	t.groups[group][key] = true
}

// of returns the objects of a group, in the order of their names.
func (t *table[T]) of(group string) []T {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var found []T
	for _, key := range slices.Sorted(maps.Keys(t.groups[group])) {
		found = append(found, t.objects[key])
	}
	return found
}

// directory answers what a name of the cluster means.
type directory struct {
	services *table[service]
	slices   *table[slice]
}

func newDirectory() *directory {
	return &directory{
		services: newTable[service](func(m metadata) string { return m.Namespace + "/" + m.Name }),
		slices: newTable[slice](func(m metadata) string {
			return m.Namespace + "/" + m.Labels["kubernetes.io/service-name"]
		}),
	}
}

// entry is what a name stands for.
type entry struct {
	exists    bool
	alias     string
	addresses []netip.Addr
	ports     []uint16
	target    string
}

// find takes the labels left of svc.<cluster domain>: [endpoint.]service.namespace, or _port._protocol.service.namespace.
func (d *directory) find(labels []string) entry {
	if len(labels) < 2 {
		return entry{}
	}
	namespace, name, rest := labels[len(labels)-1], labels[len(labels)-2], labels[:len(labels)-2]
	group := namespace + "/" + name
	found := d.services.of(group)
	if len(found) == 0 {
		return entry{}
	}
	s := found[0]
	switch {
	case len(rest) == 0 && s.Spec.Type == "ExternalName":
		return entry{exists: true, alias: s.Spec.ExternalName}
	case len(rest) == 0 && s.Spec.ClusterIP != headless:
		return entry{exists: true, addresses: parse(s.Spec.ClusterIP)}
	case len(rest) == 0:
		return entry{exists: true, addresses: d.endpoints(group, s, "")}
	case len(rest) == 1 && s.Spec.ClusterIP == headless:
		addresses := d.endpoints(group, s, rest[0])
		return entry{exists: len(addresses) > 0, addresses: addresses}
	case len(rest) == 2:
		return servicePorts(s, strings.TrimPrefix(rest[0], "_"), strings.TrimPrefix(rest[1], "_"), labels)
	}
	return entry{}
}

// endpoints are a headless Service's addresses, of one hostname if that is not empty.
func (d *directory) endpoints(group string, s service, hostname string) []netip.Addr {
	var addresses []netip.Addr
	for _, part := range d.slices.of(group) {
		for _, endpoint := range part.Endpoints {
			ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			if (!ready && !s.Spec.PublishNotReadyAddresses) || (hostname != "" && endpoint.Hostname != hostname) {
				continue
			}
			addresses = append(addresses, parse(endpoint.Addresses...)...)
		}
	}
	return addresses
}

func servicePorts(s service, port, protocol string, labels []string) entry {
	e := entry{target: strings.Join(labels[2:], ".")}
	for _, p := range s.Spec.Ports {
		if p.Name == port && strings.EqualFold(p.Protocol, protocol) {
			e.exists, e.ports = true, append(e.ports, p.Port)
		}
	}
	return e
}

func parse(texts ...string) []netip.Addr {
	var addresses []netip.Addr
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			addresses = append(addresses, address)
		}
	}
	return addresses
}
