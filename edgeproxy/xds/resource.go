package xds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// The types of resource that are served.
const (
	ListenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"
	TableType    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	ClusterType  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	EndpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	SecretType   = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
)

// ResourceRef names a resource of a gateway.
type ResourceRef struct {
	TypeURL string
	Name    string
}

// Resource is one unit that a proxy takes, refuses and acknowledges. It is immutable.
type Resource struct {
	TypeURL string
	Name    string
	// Version is a hash of Body: equal content has an equal version on every replica.
	Version string
	Body    *anypb.Any
	// Sources are the Kubernetes objects that it is made of.
	Sources []ir.Source
	// Needs must be in use by a proxy before this is sent to it, else the proxy would answer with errors meanwhile. But for listeners
	// they are taken from a proxy only after this has left it.
	Needs []ResourceRef
	// Asks is what a proxy asks for only after it has read this. This is in use once they are.
	Asks []ResourceRef
}

// Ref is the resource's name within its gateway.
func (r Resource) Ref() ResourceRef { return ResourceRef{TypeURL: r.TypeURL, Name: r.Name} }

// Resources is all that one gateway's proxies get, each list sorted by name.
type Resources struct {
	Listeners []Resource
	Tables    []Resource
	Clusters  []Resource
	Endpoints []Resource
	Secrets   []Resource
}

// All returns the resources of every type.
func (r Resources) All() []Resource {
	var all []Resource
	for _, list := range [][]Resource{r.Clusters, r.Endpoints, r.Secrets, r.Listeners, r.Tables} {
		all = append(all, list...)
	}
	return all
}

// Problem is something that can't be served as wished, and what is said about it to the object's owner.
type Problem struct {
	Source  ir.Source
	Message string
}

// validated is what every generated message of Envoy's API can do.
type validated interface {
	proto.Message
	ValidateAll() error
}

// newResource validates body, marshals it and hashes it.
func newResource(typeURL, name string, body validated) (Resource, error) {
	if err := body.ValidateAll(); err != nil {
		return Resource{}, fmt.Errorf("validating %q: %w", name, err)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(body)
	if err != nil {
		return Resource{}, fmt.Errorf("marshalling %q: %w", name, err)
	}
	sum := sha256.Sum256(data)
	return Resource{
		TypeURL: typeURL,
		Name:    name,
		Version: hex.EncodeToString(sum[:12]),
		Body:    &anypb.Any{TypeUrl: typeURL, Value: data},
	}, nil
}

// typed wraps an extension's configuration. Its messages are made here, of valid strings, so that marshalling can't fail.
func typed(message proto.Message) *anypb.Any {
	body := &anypb.Any{}
	if err := anypb.MarshalFrom(body, message, proto.MarshalOptions{Deterministic: true}); err != nil {
		panic(fmt.Sprintf("marshalling %T: %v", message, err))
	}
	return body
}
