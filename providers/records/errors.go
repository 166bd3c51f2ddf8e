package records

import (
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
)

// The reasons that are the same for every DNS adapter.
const (
	// ReasonConflict: the name is someone else's.
	ReasonConflict = "RecordConflict"
	// ReasonZone: the name is in none of the class's zones.
	ReasonZone = "ZoneNotAllowed"
)

// The fields that errors name.
const (
	fieldZones     = "spec.dns.zones"
	fieldHostnames = "spec.hostnames"
)

// conflicting is the error for a record that is not written because of what is in its way.
func conflicting(key Key, in obstacle) error {
	return &providers.Error{
		Class: providers.Denied, Reason: ReasonConflict,
		Err: fmt.Errorf("%s record of %s in zone %s is left alone: %s; remove that record, or use another hostname%s", key.Type, key.Host, key.Zone, in.what, in.content()),
	}
}
