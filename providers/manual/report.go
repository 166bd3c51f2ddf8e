package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// The reasons of a verdict.
const (
	// ReasonNotPublished: there is nothing to build yet.
	ReasonNotPublished = "HandoffNotPublished"
	// ReasonAwaitingAck: the ops team has not answered.
	ReasonAwaitingAck = "AwaitingAck"
	// ReasonAcknowledged: the ops team has built the hand-off as it is now.
	ReasonAcknowledged = "Acknowledged"
	// ReasonStale: the ops team has built an earlier hand-off; traffic goes on.
	ReasonStale = "HandoffStale"
	// ReasonFamilyMissing: no acknowledged address is of a wanted family.
	ReasonFamilyMissing = "FamilyMissing"
	// ReasonConflict: something else has the ConfigMap's name.
	ReasonConflict = "HandoffConflict"
)

// Handoff is what a status says about a hand-off.
type Handoff struct {
	// Namespace and Name of the ConfigMap.
	Namespace, Name string
	// Hash of what must be built now.
	Hash string
	// AckedHash of what the ops team has built, and where it answers. Empty: it has not answered.
	AckedHash string
	Addresses []string
	// Stale says that something else has been built than what is wanted now. Difference says what, a sentence each; it is empty if the sheet
	// that was built isn't known any more.
	Stale      bool
	Difference []string
}

// HandoffOf returns the hand-off in an observed graph; false if none of ours is published.
func HandoffOf(observed providers.Graph) (Handoff, bool) {
	spec, node, found := ownDocument(observed)
	if !found {
		return Handoff{}, false
	}
	ref := parseRef(node.Name)
	handoff := Handoff{Namespace: ref.Namespace, Name: ref.Name, Hash: spec.Hash}
	if spec.Acked == nil {
		return handoff, true
	}
	handoff.AckedHash = spec.Acked.Hash
	handoff.Addresses = slices.Clone(spec.Acked.Addresses)
	handoff.Stale = spec.Acked.Hash != spec.Hash
	if built, known := sheetWithHash(spec.Acked.Hash, spec.issued()); known && handoff.Stale {
		handoff.Difference = Difference(built, spec.Sheet)
	}
	return handoff, true
}

// Report says how far the ops team is. Healthy and Published stay empty: only the proxies' health listener and DNS know.
func (p *Provider) Report(observed providers.Graph) providers.Status {
	handoff, found := HandoffOf(observed)
	switch {
	case !found:
		verdict := notPublished(observed)
		return providers.Status{Addressed: verdict, Provisioned: verdict}
	case handoff.AckedHash == "":
		verdict := providers.Verdict{
			State: providers.Waiting, Reason: ReasonAwaitingAck,
			Message: fmt.Sprintf("the load balancer must be built as ConfigMap %s/%s says (hash %s); then answer in spec.manual.ack",
				handoff.Namespace, handoff.Name, handoff.Hash),
		}
		return providers.Status{Addressed: verdict, Provisioned: verdict}
	}
	return providers.Status{
		Addresses:    handoff.Addresses,
		LoadBalancer: handoff.Namespace + "/" + handoff.Name,
		Addressed:    addressed(specIn(observed), handoff),
		Provisioned:  provisioned(handoff),
	}
}

func notPublished(observed providers.Graph) providers.Verdict {
	for _, node := range observed.Nodes {
		if node.Key == documentKey && node.Unmanaged {
			return providers.Verdict{State: providers.Failed, Reason: ReasonConflict, Message: node.Problem}
		}
	}
	return providers.Verdict{State: providers.Waiting, Reason: ReasonNotPublished, Message: "the hand-off is not published yet"}
}

func addressed(spec Spec, handoff Handoff) providers.Verdict {
	if lacking := familiesWithout(spec.Sheet.Families, handoff.Addresses); len(lacking) > 0 {
		return providers.Verdict{
			State: providers.Waiting, Reason: ReasonFamilyMissing,
			Message: fmt.Sprintf("no acknowledged address is %s; build hand-off %s and add one to spec.manual.ack", joined(lacking), handoff.Hash),
		}
	}
	return providers.Verdict{State: providers.Ready, Reason: ReasonAcknowledged, Message: "acknowledged: " + strings.Join(handoff.Addresses, ", ")}
}

func provisioned(handoff Handoff) providers.Verdict {
	if !handoff.Stale {
		return providers.Verdict{
			State: providers.Ready, Reason: ReasonAcknowledged,
			Message: fmt.Sprintf("hand-off %s is acknowledged", handoff.Hash),
		}
	}
	return providers.Verdict{State: providers.Ready, Reason: ReasonStale, Message: handoff.Staleness()}
}

// Staleness says in a sentence what has been built and what is wanted. It is empty if the hand-off isn't stale.
func (h Handoff) Staleness() string {
	if !h.Stale {
		return ""
	}
	difference := sentence(h.Difference)
	if difference == "" {
		difference = "what was built is not known any more"
	}
	return fmt.Sprintf("hand-off %s was built, %s is wanted (ConfigMap %s/%s): %s", h.AckedHash, h.Hash, h.Namespace, h.Name, difference)
}
