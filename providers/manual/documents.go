package manual

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Documents keep published hand-offs. Writes are optimistic: they change the very version that was read, or nothing.
type Documents interface {
	// Get returns a document; false if there is none.
	Get(ctx context.Context, ref Ref) (Document, bool, error)
	// Put creates doc if its Version is empty, and replaces that version otherwise. If there is another version by now, the error is
	// Transient and nothing has changed.
	Put(ctx context.Context, doc Document) error
	// Delete removes doc if it is still that version. No error if it is gone already.
	Delete(ctx context.Context, doc Document) error
}

// Document is one published hand-off: named texts, and a mark that says whose it is.
type Document struct {
	Ref
	// ID and Version that the store gave. Empty: not stored yet.
	ID, Version string
	// Mark of the owner.
	Mark string
	Data map[string]string
}

// Ref names a document.
type Ref struct {
	Namespace, Name string
}

// String returns "namespace/name".
func (r Ref) String() string { return r.Namespace + "/" + r.Name }

func (r Ref) compare(other Ref) int {
	return cmp.Or(cmp.Compare(r.Namespace, other.Namespace), cmp.Compare(r.Name, other.Name))
}

func parseRef(text string) Ref {
	namespace, name, _ := strings.Cut(text, "/")
	return Ref{Namespace: namespace, Name: name}
}

// DocumentRef returns where a gateway's hand-off is published: "<gateway>-handoff" in its namespace. A name too long for a ConfigMap is
// cut, and a hash of the whole name keeps it apart from others.
func DocumentRef(namespace, gateway string) Ref {
	const suffix, longest = "-handoff", 253
	name := gateway + suffix
	if len(name) > longest {
		sum := sha256.Sum256([]byte(gateway))
		tail := "-" + hex.EncodeToString(sum[:4]) + suffix
		name = strings.TrimRight(gateway[:longest-len(tail)], ".-") + tail
	}
	return Ref{Namespace: namespace, Name: name}
}
