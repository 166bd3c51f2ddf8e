package dns

import (
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// Report implements providers.Provider.
func (p *Provider) Report(observed providers.Graph) providers.Status {
	return records.Report(observed)
}
