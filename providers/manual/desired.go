package manual

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// earlierKept is how many replaced hand-offs are remembered, so that a late answer to one of them can still be told apart by more than its
// hash.
const earlierKept = 5

var (
	hashPattern = regexp.MustCompile(`^[0-9a-f]{12}$`)
	// What goes into a configuration file must not be able to end a word or a line there.
	pathPattern = regexp.MustCompile(`^/[A-Za-z0-9._~/-]*$`)
	namePattern = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// Desired returns the hand-off. It is Waiting until the nodes, ports and health check are known. A wrong ack is an Invalid error, unless it
// answers an earlier hand-off: an ack that was right once never stops the next hand-off from being published.
func (p *Provider) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	wanted, err := p.check(gw)
	if err != nil {
		return providers.Graph{}, err
	}
	node := documentNode(DocumentRef(gw.Namespace, gw.Name))
	if why := unresolved(gw); why != "" {
		node.State, node.Problem = providers.Waiting, why
		return providers.Graph{Nodes: []providers.Node{node}}, nil
	}
	sheet := p.sheetOf(gw, wanted)
	spec := Spec{Hash: sheet.Hash(), Sheet: sheet}
	if spec.Acked, err = p.ackedOf(gw, spec); err != nil {
		return providers.Graph{}, err
	}
	before := specIn(observed)
	spec.Earlier = earlierOf(before, spec)
	if spec.Files, err = rendered(DocumentRef(gw.Namespace, gw.Name), spec, before); err != nil {
		return providers.Graph{}, fmt.Errorf("rendering the hand-off: %w", err)
	}
	node.Spec = spec
	return providers.Graph{Nodes: []providers.Node{node}}, nil
}

// check refuses fields that can't be done, whatever was published, and returns the wanted addresses.
func (p *Provider) check(gw providers.Gateway) ([]netip.Addr, error) {
	wanted, err := p.addressesAt(fieldAddresses, gw.Addresses)
	if err != nil {
		return nil, err
	}
	if err := checkFamilies(fieldAddresses, gw.Families, gw.Addresses); err != nil {
		return nil, err
	}
	if err := checkRanges(gw.SourceRanges); err != nil {
		return nil, err
	}
	for _, port := range gw.Ports {
		if port.ProxyProtocol && !p.config.ProxyProtocol {
			return nil, providers.Invalidf(fieldListeners,
				"port %d expects PROXY protocol, which the class says its load balancer does not send; turn it on in the class", port.Number)
		}
		if port.ProxyProtocol && port.Protocol != providers.TCP {
			return nil, providers.Invalidf(fieldListeners, "port %d is %s, which has no PROXY protocol; use TCP", port.Number, port.Protocol)
		}
	}
	return wanted, checkTargets(gw)
}

// checkTargets guards the rendered configuration. What it refuses is a defect of the caller, not of a spec.
func checkTargets(gw providers.Gateway) error {
	if gw.Health.Path != "" && !pathPattern.MatchString(gw.Health.Path) {
		return fmt.Errorf("checking the health check: path %q is not plain", gw.Health.Path)
	}
	for _, target := range gw.Targets {
		if !namePattern.MatchString(target.Name) {
			return fmt.Errorf("checking target %q: its name is not plain", target.Name)
		}
		if _, err := netip.ParseAddr(target.Address); err != nil {
			return fmt.Errorf("checking target %q: %w", target.Name, err)
		}
	}
	return nil
}

// ackedOf returns gw's ack.
func (p *Provider) ackedOf(gw providers.Gateway, now Spec) (*Acked, error) {
	if gw.Ack == nil {
		return nil, nil
	}
	if !hashPattern.MatchString(gw.Ack.Hash) {
		return nil, providers.Invalidf(fieldAckHash, "%q is not the hash of a hand-off; copy its 12 characters, now %s", gw.Ack.Hash, now.Hash)
	}
	addresses, err := p.addressesAt(fieldAckAddresses, gw.Ack.Addresses)
	if err != nil {
		return nil, err
	}
	if len(addresses) == 0 {
		return nil, providers.Invalidf(fieldAckAddresses, "no address; give those that the load balancer answers on")
	}
	acked := &Acked{Hash: gw.Ack.Hash, Addresses: texts(addresses)}
	if acked.Hash != now.Hash {
		return acked, nil
	}
	return acked, checkAnswer(gw, now.Sheet, acked.Addresses)
}

// checkAnswer refuses an ack that does not answer the hand-off as it is now.
func checkAnswer(gw providers.Gateway, sheet Sheet, addresses []string) error {
	if err := checkFamilies(fieldAckAddresses, gw.Families, gw.Ack.Addresses); err != nil {
		return err
	}
	for _, address := range sheet.Addresses {
		if !slices.Contains(addresses, address) {
			return providers.Invalidf(fieldAckAddresses, "%s is missing, which spec.addresses asks for; add it once the load balancer answers on it", address)
		}
	}
	if lacking := familiesWithout(sheet.Families, addresses); len(lacking) > 0 {
		return providers.Invalidf(fieldAckAddresses, "there is no %s address, which this EdgeGateway must have; add one", joined(lacking))
	}
	return nil
}

// familiesWithout returns the families that have none of addresses.
func familiesWithout(families []providers.Family, addresses []string) []providers.Family {
	var lacking []providers.Family
	for _, family := range families {
		if len(inFamily(family, addresses)) == 0 {
			lacking = append(lacking, family)
		}
	}
	return lacking
}

func inFamily(family providers.Family, addresses []string) []string {
	var in []string
	for _, text := range addresses {
		if address, err := netip.ParseAddr(text); err == nil && familyOf(address) == family {
			in = append(in, text)
		}
	}
	return in
}

// earlierOf returns the hand-offs that were published before now, newest first: the last few, and the acknowledged one however old.
func earlierOf(before, now Spec) []Issued {
	var earlier []Issued
	for _, issued := range before.issued() {
		acked := now.Acked != nil && now.Acked.Hash == issued.Hash
		if issued.Hash != now.Hash && (acked || len(earlier) < earlierKept) {
			earlier = append(earlier, issued)
		}
	}
	return earlier
}
