package fake

import (
	"errors"
	"time"

	"github.com/edgegateway/edgegateway/providers"
)

// classes is the code table.
var classes = map[string]providers.Error{
	InUse:            {Class: providers.Transient, Reason: "InUse"},
	NotReady:         {Class: providers.Transient, Reason: "NotReady"},
	NotFound:         {Class: providers.Transient, Reason: "NotFound"},
	Unavailable:      {Class: providers.Transient, Reason: "CloudError"},
	TooManyRequests:  {Class: providers.Throttled, Reason: "Throttled", After: 2 * time.Second},
	AlreadyExists:    {Class: providers.Denied, Reason: "ForeignOwner"},
	AddressInUse:     {Class: providers.Denied, Reason: "AddressInUse"},
	PortInUse:        {Class: providers.Denied, Reason: "PortInUse"},
	QuotaExceeded:    {Class: providers.Denied, Reason: "QuotaExceeded"},
	Forbidden:        {Class: providers.Denied, Reason: "Forbidden"},
	InvalidParameter: {Class: providers.Invalid, Reason: "InvalidSpec"},
}

// classed gives an error of the cloud its class. Errors that are not the cloud's stay as they are.
func classed(err error) error {
	var refused *Error
	if !errors.As(err, &refused) {
		return err
	}
	class, ok := classes[refused.Code]
	if !ok {
		class = classes[Unavailable]
	}
	class.Err = err
	return &class
}

func hasCode(err error, code string) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == code
}

func foreign(o Object) error {
	return &providers.Error{
		Class:  providers.Denied,
		Reason: "ForeignOwner",
		Err:    refuse(AlreadyExists, "%s %s (%s) is not ours", o.Kind, o.Name, o.ID),
	}
}
