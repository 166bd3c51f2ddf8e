package ir

// Gateway is everything that one edge, the proxies of one EdgeGateway, should do.
type Gateway struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Probe is answered by every listener, before any route and for any host. Nil: none.
	Probe *Probe `json:"probe,omitempty"`
	// Listeners, sorted by port.
	Listeners []Listener `json:"listeners,omitempty"`
	// Tables are the route tables that listeners name, sorted by name.
	Tables []RouteTable `json:"tables,omitempty"`
	// Clusters that routes name, sorted by name; each once, however many routes share it.
	Clusters []Cluster `json:"clusters,omitempty"`
	// Endpoints of those clusters, sorted by cluster. They change most and are updated alone.
	Endpoints []Endpoints `json:"endpoints,omitempty"`
	// Secrets that listeners name, sorted by name.
	Secrets []Secret `json:"secrets,omitempty"`
}

// Probe is a question to which only this gateway's proxies know the answer: GET Path answers 200 and Body, and tells by headers
// which client address the proxy saw.
type Probe struct {
	// Path that no client guesses, so that it takes no user's path away.
	Path string `json:"path"`
	Body string `json:"body"`
}

// Source is the Kubernetes object that a resource comes from, so that what Envoy says of the resource reaches the object's status.
type Source struct {
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// Section of the object: a rule's index ("rules[2]") or a listener's name.
	Section string `json:"section,omitempty"`
}

// Listener is one TCP port of the edge. It has either Plain or Chains.
type Listener struct {
	// Name is "tcp-" and the port.
	Name string `json:"name"`
	// Port that clients use, and BindPort that the proxy's pod binds instead of it, above 1024.
	Port     int32 `json:"port"`
	BindPort int32 `json:"bindPort"`
	// ProxyProtocol says that every connection starts with a PROXY protocol header (v1 or v2); one without it is refused.
	ProxyProtocol bool `json:"proxyProtocol,omitempty"`
	// Plain serves HTTP/1.1 and h2c without TLS.
	Plain *HTTP `json:"plain,omitempty"`
	// Chains serve TLS, each by the server names that the client may ask for. Sorted by name.
	Chains  []Chain  `json:"chains,omitempty"`
	Sources []Source `json:"sources,omitempty"`
}

// Chain terminates TLS for some server names.
type Chain struct {
	Name string `json:"name"`
	// ServerNames: exact, or "*.example.com" for every name below it. Empty: whatever no other chain takes, SNI or none.
	ServerNames []string `json:"serverNames,omitempty"`
	// Secrets name the certificates to offer, in order of preference. Empty: the handshake is refused.
	Secrets []string `json:"secrets,omitempty"`
	HTTP    HTTP     `json:"http"`
	Source  Source   `json:"source"`
}

// HTTP says how requests of a listener or chain are routed.
type HTTP struct {
	// Table is the name of a RouteTable.
	Table string `json:"table"`
}

// RouteTable is a set of virtual hosts. No host is in two of them.
type RouteTable struct {
	Name  string        `json:"name"`
	Hosts []VirtualHost `json:"hosts,omitempty"`
}

// VirtualHost is what one host name gets.
type VirtualHost struct {
	// Domain is exact, "*.example.com" for every name below it (any number of labels), or "*". The most specific one is taken.
	Domain string `json:"domain"`
	// Routes in order of precedence: the first that matches is taken; none: 404.
	Routes []Route `json:"routes,omitempty"`
}

// Route is a match and what then happens: exactly one of Forward, Redirect and Respond.
type Route struct {
	// Name is unique in its virtual host and does not change with the order of rules.
	Name     string    `json:"name"`
	Match    Match     `json:"match"`
	Forward  *Forward  `json:"forward,omitempty"`
	Redirect *Redirect `json:"redirect,omitempty"`
	Respond  *Respond  `json:"respond,omitempty"`
	// ResponseHeaders are applied to every answer of this route.
	ResponseHeaders *Headers `json:"responseHeaders,omitempty"`
	Source          Source   `json:"source"`
}

// Match is met when all its parts are.
type Match struct {
	Path Path `json:"path"`
	// Method, upper case. Empty: any.
	Method  string       `json:"method,omitempty"`
	Headers []ValueMatch `json:"headers,omitempty"`
	Query   []ValueMatch `json:"query,omitempty"`
}

// Path matches a request's path.
type Path struct {
	Kind  PathKind `json:"kind"`
	Value string   `json:"value"`
}

// PathKind says how a path is compared.
type PathKind string

// The kinds of path. Prefix compares whole segments: /a takes /a, /a/ and /a/b but not /ab.
const (
	Exact  PathKind = "Exact"
	Prefix PathKind = "Prefix"
	Regex  PathKind = "Regex" // RE2, the whole path
)

// ValueMatch matches a header or a query parameter.
type ValueMatch struct {
	Name  string `json:"name"` // a header's is lower case
	Value string `json:"value"`
	Regex bool   `json:"regex,omitempty"`
}

// Forward sends the request to one of several clusters.
type Forward struct {
	// Clusters by weight. A share whose cluster is empty answers 500: its backend can't be resolved.
	Clusters []Share `json:"clusters"`
	// RequestHeaders are applied before it is sent.
	RequestHeaders *Headers `json:"requestHeaders,omitempty"`
	Rewrite        *Rewrite `json:"rewrite,omitempty"`
	// TimeoutMillis of the whole request, and of one attempt; nil: Envoy's default; 0: none.
	TimeoutMillis        *int64 `json:"timeoutMillis,omitempty"`
	AttemptTimeoutMillis *int64 `json:"attemptTimeoutMillis,omitempty"`
}

// Share is a cluster and its weight among others.
type Share struct {
	Cluster string `json:"cluster,omitempty"`
	Weight  int32  `json:"weight"`
	// RequestHeaders and ResponseHeaders are applied when this share is taken.
	RequestHeaders  *Headers `json:"requestHeaders,omitempty"`
	ResponseHeaders *Headers `json:"responseHeaders,omitempty"`
}

// Headers are changes to a message's headers: Remove first, then Set, then Add. Names are lower case, each list sorted by name.
type Headers struct {
	Set    []Header `json:"set,omitempty"`
	Add    []Header `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Header is a name and a literal value: no character of it has a meaning of its own.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Rewrite changes what the backend sees.
type Rewrite struct {
	Host string `json:"host,omitempty"`
	// Path replaces the whole path, or PathPrefix the matched prefix. At most one is set.
	Path       *string `json:"path,omitempty"`
	PathPrefix *string `json:"pathPrefix,omitempty"`
}

// Redirect answers with another location.
type Redirect struct {
	Scheme string `json:"scheme,omitempty"`
	Host   string `json:"host,omitempty"`
	// Port of the location; 0: the default of its scheme where the scheme changes, the request's where it doesn't.
	Port       int32   `json:"port,omitempty"`
	Path       *string `json:"path,omitempty"`
	PathPrefix *string `json:"pathPrefix,omitempty"`
	// Status: 301, 302, 303, 307 or 308.
	Status int32 `json:"status"`
}

// Respond answers at once.
type Respond struct {
	Status int32 `json:"status"`
}

// Cluster is a backend. Its name is made of what it is (kind, namespace, name, port, protocol), never of the rule that names it.
type Cluster struct {
	Name     string          `json:"name"`
	Protocol BackendProtocol `json:"protocol"`
	Source   Source          `json:"source"`
}

// BackendProtocol is what a backend speaks.
type BackendProtocol string

// The protocols of a backend.
const (
	HTTP1 BackendProtocol = "HTTP1"
	H2C   BackendProtocol = "H2C"
)

// Endpoints are where a cluster's requests go now.
type Endpoints struct {
	Cluster string `json:"cluster"`
	// Addresses sorted by address, then port. None: the cluster answers 503.
	Addresses []Endpoint `json:"addresses,omitempty"`
}

// Endpoint is one address of a backend.
type Endpoint struct {
	Address string `json:"address"`
	Port    int32  `json:"port"`
	Zone    string `json:"zone,omitempty"`
	// Draining endpoints get requests only when no other is left.
	Draining bool `json:"draining,omitempty"`
}

// Secret is a certificate chain and its key, in PEM. It never appears in a log, an error or an event.
type Secret struct {
	Name        string `json:"name"`
	Certificate []byte `json:"certificate"`
	PrivateKey  []byte `json:"-"`
	Source      Source `json:"source"`
}
