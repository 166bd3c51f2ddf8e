package manual

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/providers"
)

// The texts in a document. The first four are for people; the last two are the operator's memory.
const (
	fileData    = "handoff.yaml"
	fileSheet   = "handoff.md"
	fileHAProxy = "haproxy.cfg"
	fileNginx   = "nginx.conf"
	fileAcked   = "acked.json"
	fileEarlier = "earlier.json"
)

// Spec of a hand-off's node. All its changes are in place: nothing here carries traffic.
type Spec struct {
	// Hash that the sheet was published with.
	Hash  string `json:"hash"`
	Sheet Sheet  `json:"sheet"`
	// Acked is the ops team's answer.
	Acked *Acked `json:"acked,omitempty"`
	// Earlier hand-offs, newest first, among them the one that was acknowledged: a memory, so that differences can be told.
	Earlier []Issued `json:"earlier,omitempty" change:",resolved"`
	// Files are digests of the rendered texts, by name, so that an edit by hand is seen and mended.
	Files map[string]string `json:"files,omitempty" change:",resolved"`
}

// Issued is a sheet as it was published.
type Issued struct {
	Hash  string `json:"hash"`
	Sheet Sheet  `json:"sheet"`
}

// Acked is an ops team's answer.
type Acked struct {
	Hash      string   `json:"hash"`
	Addresses []string `json:"addresses"`
}

// issued returns every sheet that is known, newest first.
func (s Spec) issued() []Issued {
	if s.Hash == "" {
		return nil
	}
	return append([]Issued{{s.Hash, s.Sheet}}, s.Earlier...)
}

func sheetWithHash(hash string, known []Issued) (Sheet, bool) {
	i := slices.IndexFunc(known, func(issued Issued) bool { return issued.Hash == hash })
	if i < 0 {
		return Sheet{}, false
	}
	return known[i].Sheet, true
}

// published is the content of handoff.yaml.
type published struct {
	Hash  string `json:"hash"`
	Sheet `json:",inline"`
}

// encode returns the texts of a document.
func encode(ref Ref, spec Spec) (map[string]string, error) {
	data, err := render(ref, spec, newestRendering)
	if err != nil {
		return nil, err
	}
	if spec.Acked != nil {
		if data[fileAcked], err = compact(spec.Acked); err != nil {
			return nil, err
		}
	}
	if len(spec.Earlier) > 0 {
		if data[fileEarlier], err = compact(spec.Earlier); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func compact(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("marshalling a %T: %w", value, err)
	}
	return string(text) + "\n", nil
}

// decode is the inverse of encode. Who may edit ConfigMaps in a tenant's namespace may have written anything here: what can't be read
// counts as absent, and so does an ack with an address that this provider would not accept. The next Apply mends it.
func (p *Provider) decode(data map[string]string) Spec {
	var content published
	if err := yaml.Unmarshal([]byte(data[fileData]), &content); err != nil {
		content = published{}
	}
	spec := Spec{Hash: content.Hash, Sheet: content.Sheet, Files: map[string]string{}}
	if err := json.Unmarshal([]byte(data[fileAcked]), &spec.Acked); err != nil {
		spec.Acked = nil
	}
	if spec.Acked != nil {
		if _, err := p.addressesAt(fieldAckAddresses, spec.Acked.Addresses); err != nil {
			spec.Acked = nil
		}
	}
	if err := json.Unmarshal([]byte(data[fileEarlier]), &spec.Earlier); err != nil {
		spec.Earlier = nil
	}
	for name, text := range data {
		if name != fileAcked && name != fileEarlier {
			spec.Files[name] = digest(text)
		}
	}
	return spec
}

// rendered returns the digests of the texts that a document with this spec should have: those of the newest rendering, or of that by which
// before was written if nothing else has changed since.
func rendered(ref Ref, spec, before Spec) (map[string]string, error) {
	newest, err := digests(ref, spec, newestRendering)
	if err != nil || maps.Equal(newest, before.Files) || !sameHandoff(spec, before) {
		return newest, err
	}
	for rendering := firstRendering; rendering < newestRendering; rendering++ {
		older, err := digests(ref, spec, rendering)
		if err != nil || maps.Equal(older, before.Files) {
			return older, err
		}
	}
	return newest, nil
}

// sameHandoff reports whether two specs differ in their texts at most.
func sameHandoff(a, b Spec) bool {
	a.Files, b.Files = nil, nil
	if len(a.Earlier) == 0 && len(b.Earlier) == 0 {
		a.Earlier, b.Earlier = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// digests returns the digest of each rendered text.
func digests(ref Ref, spec Spec, rendering int) (map[string]string, error) {
	files, err := render(ref, spec, rendering)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		files[name] = digest(text)
	}
	return files, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// specIn returns the spec of the hand-off in an observed graph; the zero Spec if there is none of ours.
func specIn(observed providers.Graph) Spec {
	spec, _, _ := ownDocument(observed)
	return spec
}

// ownDocument returns the hand-off in an observed graph, and its node.
func ownDocument(observed providers.Graph) (Spec, providers.Node, bool) {
	for _, node := range observed.Nodes {
		if node.Key != documentKey || node.Unmanaged {
			continue
		}
		if spec, ok := node.Spec.(Spec); ok {
			return spec, node, true
		}
	}
	return Spec{}, providers.Node{}, false
}
