package fake

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Kind of an object in the cloud.
type Kind string

// The kinds.
const (
	AddressKind  Kind = "address"
	TargetsKind  Kind = "targets"
	BalancerKind Kind = "loadbalancer"
	ListenerKind Kind = "listener"
	RecordKind   Kind = "record"
)

// Object is a thing in the cloud.
type Object struct {
	Kind Kind
	ID   string
	// Name is unique among its kind, except for addresses.
	Name string
	// Mark of the owner and Role in the gateway: labels, written when it is created. Retain is a label too.
	Mark   string
	Role   string
	Retain bool
	// Spec is an AddressSpec, TargetsSpec, BalancerSpec, ListenerSpec or RecordSpec.
	Spec any
	// Busy is how many ticks it needs until it is ready, or gone if it is Deleting.
	Busy     int
	Deleting bool
}

// AddressSpec is a static address.
type AddressSpec struct {
	Family providers.Family `json:"family" change:"address"`
	IP     string           `json:"ip" change:"output"`
}

// TargetsSpec is a set of targets that get one port's traffic.
type TargetsSpec struct {
	Protocol      providers.Protocol    `json:"protocol" change:"replace"`
	Port          int32                 `json:"port" change:"replace"`
	ProxyProtocol bool                  `json:"proxyProtocol" change:"disruptive"`
	Health        providers.HealthCheck `json:"health"`
	Members       []string              `json:"members"`
}

// BalancerSpec is a load balancer. It has each address alone.
type BalancerSpec struct {
	Families     []providers.Family `json:"families" change:"replace"`
	Addresses    []string           `json:"addresses" change:"disruptive,resolved"` // IDs
	SourceRanges []string           `json:"sourceRanges"`
}

// ListenerSpec is one port of a load balancer.
type ListenerSpec struct {
	Balancer string             `json:"balancer" change:"replace,resolved"` // ID
	Protocol providers.Protocol `json:"protocol" change:"replace"`
	Port     int32              `json:"port" change:"replace"`
	Targets  string             `json:"targets" change:",resolved"` // ID
}

// RecordSpec is a record set.
type RecordSpec struct {
	Zone   string   `json:"zone" change:"replace"`
	Name   string   `json:"name" change:"replace"`
	Type   string   `json:"type" change:"replace"`
	Values []string `json:"values" change:"address,resolved"`
	TTL    int32    `json:"ttl"`
}

// recordName is the natural key of a record set.
func recordName(s RecordSpec) string { return s.Name + "/" + s.Type }

// clone returns a copy that shares no memory with o.
func (o Object) clone() Object {
	switch s := o.Spec.(type) {
	case TargetsSpec:
		s.Members = slices.Clone(s.Members)
		o.Spec = s
	case BalancerSpec:
		s.Families, s.Addresses, s.SourceRanges = slices.Clone(s.Families), slices.Clone(s.Addresses), slices.Clone(s.SourceRanges)
		o.Spec = s
	case RecordSpec:
		s.Values = slices.Clone(s.Values)
		o.Spec = s
	}
	return o
}

// Error is the cloud's answer to a call that it refuses.
type Error struct {
	Code    string
	Message string
}

// Error returns code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The cloud's error codes.
const (
	AlreadyExists    = "AlreadyExists"
	NotFound         = "NotFound"
	InUse            = "InUse"
	AddressInUse     = "AddressInUse"
	PortInUse        = "PortInUse"
	NotReady         = "NotReady"
	InvalidParameter = "InvalidParameter"
	QuotaExceeded    = "QuotaExceeded"
	Forbidden        = "Forbidden"
	TooManyRequests  = "TooManyRequests"
	Unavailable      = "Unavailable"
)
