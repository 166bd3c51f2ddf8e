package v1alpha1

// AWSSettings say where in AWS.
type AWSSettings struct {
	// region, such as eu-west-1.
	// +required
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]{2}(-[a-z]+)+-[0-9]+$')",message="it is not an AWS region: write it like eu-west-1 (a zone such as eu-west-1a is not a region)"
	Region string `json:"region"`
	// subnets of load balancers, by ID. Without it, subnets are found by the tag kubernetes.io/role/elb or, with scheme Internal,
	// kubernetes.io/role/internal-elb; where none has it, among those of the nodes' VPC, by their route to an internet gateway. One a zone is
	// taken.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^subnet-[0-9a-f]{8,17}$')",message="it is not a subnet's ID: write it like subnet-0123456789abcdef0"
	Subnets []string `json:"subnets,omitempty"`
	// scheme says who reaches load balancers: Public, at Elastic IPs, or Internal, at addresses of the subnets. Another scheme is another
	// load balancer, with other addresses.
	// +optional
	// +kubebuilder:default=Public
	Scheme Scheme `json:"scheme,omitempty"`
	// targets say where load balancers send to: Nodes, by node ports, or Pods, straight to the proxies, which works where pods have
	// addresses of the VPC. With Pods, a rollout of proxies waits until the load balancer serves the new ones, and a proxy that
	// leaves waits until the load balancer reports it deregistered (proxy.deregistrationSeconds).
	// +optional
	// +kubebuilder:default=Nodes
	Targets TargetKind `json:"targets,omitempty"`
	// endpoint replaces AWS's own API endpoints, for a test or a private endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != ''",message="it is not an http or https URL: write it like https://elb.example.net"
	Endpoint string `json:"endpoint,omitempty"`
}

// Scheme says who reaches a load balancer.
// +kubebuilder:validation:Enum=Public;Internal
type Scheme string

// The schemes.
const (
	SchemePublic   Scheme = "Public"
	SchemeInternal Scheme = "Internal"
)

// TargetKind says where a load balancer sends to.
// +kubebuilder:validation:Enum=Nodes;Pods
type TargetKind string

// The kinds of targets.
const (
	TargetNodes TargetKind = "Nodes"
	TargetPods  TargetKind = "Pods"
)

// GCPSettings say where in Google Cloud.
type GCPSettings struct {
	// project ID.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z][-a-z0-9.]*:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$')",message="it is not a Google Cloud project ID: write the ID (such as shop-prod-123456), not the project's name or number"
	Project string `json:"project"`
	// region, such as europe-west4.
	// +required
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]+-[a-z]+[0-9]+$')",message="it is not a Google Cloud region: write it like europe-west4 (a zone such as europe-west4-a is not a region)"
	Region string `json:"region"`
	// network of the cluster's nodes, by name.
	// +optional
	// +kubebuilder:default=default
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="it is not a network's name: write the name alone, such as default, without projects/ or a URL"
	Network string `json:"network,omitempty"`
	// endpoint replaces Google's own API endpoint, for a test or a private endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != ''",message="it is not an http or https URL: write it like https://compute.example.net"
	Endpoint string `json:"endpoint,omitempty"`
}

// AzureSettings say where in Azure.
type AzureSettings struct {
	// subscriptionID is the subscription's UUID.
	// +required
	// +kubebuilder:validation:MaxLength=36
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')",message="it is not a UUID: copy it from the portal's Subscriptions page or from az account show"
	SubscriptionID string `json:"subscriptionID"`
	// resourceGroup in which load balancers and addresses are made.
	// +required
	// +kubebuilder:validation:MaxLength=90
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-0-9A-Za-z_.()]*[-0-9A-Za-z_()]$')",message="it is not a resource group's name: write the name alone, with letters, digits and -_.(), not its ID"
	ResourceGroup string `json:"resourceGroup"`
	// location, such as westeurope.
	// +required
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]+$')",message="it is not an Azure location's name: write it in lower case without spaces, such as westeurope"
	Location string `json:"location"`
	// endpoint replaces Azure Resource Manager's own endpoint, for a test or a sovereign cloud.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != ''",message="it is not an http or https URL: write it like https://management.example.net"
	Endpoint string `json:"endpoint,omitempty"`
}

// DigitalOceanSettings say where in DigitalOcean.
type DigitalOceanSettings struct {
	// region slug, such as ams3.
	// +required
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]{3}[0-9]+$')",message="it is not a DigitalOcean region: write its slug, such as ams3"
	Region string `json:"region"`
	// endpoint replaces DigitalOcean's own API endpoint, for a test.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != ''",message="it is not an http or https URL: write it like https://api.example.net"
	Endpoint string `json:"endpoint,omitempty"`
}

// ManualSettings say what the ops team of a private data centre may answer, and how its load balancer sends.
type ManualSettings struct {
	// addressRanges, as CIDR, in which the addresses of an ack must be. Never a range of the cluster's own nodes, pods or Services.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self)",message="it is not a CIDR: write it like 203.0.113.0/24 or 2001:db8:113::/64"
	// +kubebuilder:validation:items:XValidation:rule="!isCIDR(self) || cidr(self) == cidr(self).masked()",message="its address has bits beyond the prefix: write the network's first address, such as 203.0.113.0/24"
	// +kubebuilder:validation:items:XValidation:rule="!isCIDR(self) || (cidr(self).ip().isGlobalUnicast() && !cidr(self).containsIP('127.0.0.1') && !cidr(self).containsIP('169.254.169.254') && !cidr(self).containsIP('224.0.0.1') && !cidr(self).containsIP('fe80::1') && !cidr(self).containsIP('ff00::1'))",message="it holds loopback, link-local or multicast addresses, which no client could use: name the data centre's own ranges only"
	AddressRanges []string `json:"addressRanges"`
	// proxyProtocol says how the client's address reaches the edge: V2 means that the load balancer sends a PROXY protocol header
	// on every connection, and that connections without one are refused; None means that the load balancer passes packets through
	// with the client's own address.
	// +optional
	// +kubebuilder:default=V2
	// +kubebuilder:validation:Enum=V2;None
	ProxyProtocol ProxyProtocol `json:"proxyProtocol,omitempty"`
}

// ProxyProtocol says whether a load balancer sends the client's address in a PROXY protocol header.
type ProxyProtocol string

// The values of ProxyProtocol.
const (
	ProxyProtocolV2   ProxyProtocol = "V2"
	ProxyProtocolNone ProxyProtocol = "None"
)

// DNSProviderName names a DNS provider.
// +kubebuilder:validation:Enum=route53;clouddns;azuredns;digitalocean;rfc2136
type DNSProviderName string

// The DNS providers.
const (
	DNSRoute53      DNSProviderName = "route53"
	DNSCloudDNS     DNSProviderName = "clouddns"
	DNSAzure        DNSProviderName = "azuredns"
	DNSDigitalOcean DNSProviderName = "digitalocean"
	DNSRFC2136      DNSProviderName = "rfc2136"
)

// DNSSettings say where names are published.
//
// +kubebuilder:validation:XValidation:rule="has(self.rfc2136) == (self.provider == 'rfc2136')",fieldPath=".rfc2136",message="spec.dns.rfc2136 must be set exactly when spec.dns.provider is rfc2136: add it with the name server's address, or remove it, or change spec.dns.provider"
// +kubebuilder:validation:XValidation:rule="!has(self.route53) || self.provider == 'route53'",fieldPath=".route53",message="spec.dns.route53 is for spec.dns.provider route53: remove it, or change spec.dns.provider"
// +kubebuilder:validation:XValidation:rule="self.provider != 'rfc2136' || has(self.credentials)",fieldPath=".credentials",message="spec.dns.credentials is missing: provider rfc2136 signs its updates, so name a Secret with the keys tsig-key, tsig-algorithm and tsig-secret"
type DNSSettings struct {
	// provider of DNS; it need not be the load balancer's.
	// +required
	Provider DNSProviderName `json:"provider"`
	// zones in which names may be published, without a trailing dot; the longest that fits a name is taken.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="it is not a zone's name: write it in lower case without a wildcard or trailing dot, such as example.com"
	Zones []string `json:"zones"`
	// credentials for the DNS provider: a Secret in the operator's own namespace. Without it, spec.credentials or the provider's
	// default chain. For rfc2136 its keys are tsig-key (name), tsig-algorithm (such as hmac-sha256) and tsig-secret (base64); for
	// route53 those of spec.credentials.
	// +optional
	Credentials *SecretReference `json:"credentials,omitempty"`
	// ttlSeconds of records.
	// +optional
	// +kubebuilder:default=60
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=86400
	TTLSeconds int32 `json:"ttlSeconds,omitempty"`
	// rfc2136 says where to send dynamic updates.
	// +optional
	RFC2136 *RFC2136Settings `json:"rfc2136,omitempty"`
	// route53 says how Route 53 is reached, where the defaults don't do.
	// +optional
	Route53 *Route53Settings `json:"route53,omitempty"`
}

// Route53Settings say how Route 53 is reached.
type Route53Settings struct {
	// endpoint replaces AWS's own API endpoint, for a test or a private endpoint. Without it, spec.aws.endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != ''",message="it is not an http or https URL: write it like https://route53.example.net"
	Endpoint string `json:"endpoint,omitempty"`
}

// RFC2136Settings say where to send dynamic updates.
type RFC2136Settings struct {
	// server is the primary name server, as host:port.
	// +required
	// +kubebuilder:validation:MaxLength=260
	// +kubebuilder:validation:XValidation:rule="self.matches('^([-0-9A-Za-z.]+|[[][0-9a-fA-F:.]+[]]):([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$')",message="it is not host:port: write it like ns1.example.com:53 or [2001:db8::53]:53"
	Server string `json:"server"`
}
