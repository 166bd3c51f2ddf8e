package dns

import (
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/records"
)

// The reasons of errors about records alone.
const (
	ReasonConflict = records.ReasonRecordConflict
	ReasonZone     = "ZoneNotFound"
)

// The fields of the class that errors name.
const (
	fieldZones       = "spec.dns.zones"
	fieldCredentials = "spec.dns.credentials"
)

// codes are the error codes of Route 53.
var codes = session.Codes{
	"PriorRequestNotComplete": session.Retry(session.ReasonCloud),
	"NoSuchChange":            session.Retry(session.ReasonNotThere),
	"InvalidInput":            {Class: providers.Invalid, Reason: session.ReasonInvalid},
	"InvalidDomainName":       {Class: providers.Invalid, Reason: session.ReasonInvalid, Field: fieldZones},
	"InvalidChangeBatch":      {Class: providers.Denied, Reason: ReasonConflict, Cure: "remove the record that is in the way, or use another hostname"},
	"NoSuchHostedZone":        {Class: providers.Denied, Reason: ReasonZone, Field: fieldZones, Cure: "make the hosted zone in this account, or take it out of the class"},
}

// classed gives an error of Route 53 its class. One about credentials names the field that those are from.
func (p *Provider) classed(err error) error { return session.InField(codes.Classed(err), p.field) }

// noZone refuses a zone that the account does not have.
func (p *Provider) noZone(zone string) error {
	return session.Denied(ReasonZone, fieldZones, fmt.Errorf("AWS account %s has no public hosted zone %s; make it there, or take it out of the class", p.account, zone))
}

func (at point) conflicting(why string) error {
	return session.Denied(ReasonConflict, "", fmt.Errorf("%s record of %s in zone %s is left alone: %s; remove that record, or use another hostname", at.kind, at.host, at.zone, why))
}
