package botocore

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The protocols that can be judged.
const (
	queryProtocol = "query"
	ec2Protocol   = "ec2"
	restProtocol  = "rest-xml"
	jsonProtocol  = "json"
)

// Models of some services. Its methods are safe for concurrent use.
type Models struct{ services []*service }

// service is a file service-2.json, as far as it is judged by.
type service struct {
	Metadata struct {
		APIVersion     string
		EndpointPrefix string
		Protocol       string
		Protocols      []string
		TargetPrefix   string
		XMLNamespace   string
	}
	Operations map[string]*operation
	Shapes     map[string]*shape

	mu       sync.Mutex
	patterns map[string]*regexp.Regexp // nil for one that Go can't read
}

type operation struct {
	Name string
	HTTP struct {
		Method       string
		RequestURI   string
		ResponseCode int
	}
	Input, Output *ref
	Errors        []ref
}

// ref is a use of a shape: by a member, a list or an operation.
type ref struct {
	Shape         string
	Location      string
	LocationName  string
	QueryName     string
	ResultWrapper string
	Flattened     bool
	XMLAttribute  bool
	XMLNamespace  struct{ URI string }
}

type shape struct {
	Type         string
	Members      map[string]ref
	Required     []string
	Enum         []string
	Min, Max     *float64
	Pattern      string
	LocationName string
	Flattened    bool
	Payload      string
	// Member of a list, Key and Value of a map.
	Member, Key, Value *ref
	Error              *struct {
		Code           string
		HTTPStatusCode int
	}
}

// Load reads models, such as "ec2/2016-11-15", from botocore's folder data.
func Load(data string, names ...string) (*Models, error) {
	models := &Models{}
	for _, name := range names {
		if err := models.load(filepath.Join(data, filepath.FromSlash(name), "service-2.json.gz")); err != nil {
			return nil, err
		}
	}
	return models, nil
}

func (m *Models) load(path string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := m.read(unzipped); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// read adds the model that a service-2.json holds.
func (m *Models) read(model io.Reader) error {
	s := &service{patterns: map[string]*regexp.Regexp{}}
	if err := json.NewDecoder(model).Decode(s); err != nil {
		return err
	}
	known := []string{queryProtocol, ec2Protocol, restProtocol, jsonProtocol}
	all := append([]string{s.Metadata.Protocol}, s.Metadata.Protocols...)
	i := slices.IndexFunc(all, func(p string) bool { return slices.Contains(known, p) })
	if i < 0 {
		return fmt.Errorf("the protocols %v can't be judged", all)
	}
	s.Metadata.Protocol = all[i]
	m.services = append(m.services, s)
	return nil
}

// Operations returns all that the models know, as "service:Operation", sorted.
func (m *Models) Operations() []string {
	var all []string
	for _, s := range m.services {
		for name := range s.Operations {
			all = append(all, s.Metadata.EndpointPrefix+":"+name)
		}
	}
	slices.Sort(all)
	return all
}

// Unreadable returns the patterns that came up and that Go can't read, sorted: what they ask for is not judged.
func (m *Models) Unreadable() []string {
	all := map[string]bool{}
	for _, s := range m.services {
		s.mu.Lock()
		for pattern, compiled := range s.patterns {
			if compiled == nil {
				all[pattern] = true
			}
		}
		s.mu.Unlock()
	}
	return slices.Sorted(maps.Keys(all))
}

// pattern returns a pattern that a whole text must match, or nil if Go can't read it.
func (s *service) pattern(text string) *regexp.Regexp {
	s.mu.Lock()
	defer s.mu.Unlock()
	compiled, known := s.patterns[text]
	if !known {
		goes := strings.ReplaceAll(inUnicode.ReplaceAllString(text, `\x{$1}`), `\p{ASCII}`, `[\x00-\x7F]`)
		compiled, _ = regexp.Compile("^(?:" + goes + ")$")
		s.patterns[text] = compiled
	}
	return compiled
}

// inUnicode finds Java's way to write a character.
var inUnicode = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// target returns what a ref means: its shape, and its own traits before those that the shape has for all its uses.
func (s *service) target(r ref) (ref, *shape) {
	sh := s.Shapes[r.Shape]
	if sh == nil {
		sh = &shape{Type: "missing"}
	}
	if r.LocationName == "" {
		r.LocationName = sh.LocationName
	}
	r.Flattened = r.Flattened || sh.Flattened
	return r, sh
}
