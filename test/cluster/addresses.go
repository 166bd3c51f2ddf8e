package cluster

// Every address is one of those reserved for documentation or benchmarks: nothing real is ever shadowed.
const (
	// NodeAddress is where Kubernetes runs and where NodePorts answer.
	NodeAddress = "198.51.100.10"
	// SecondNodeAddress is the node's too, and NodePorts answer on it: for a test that adds a second Node object.
	SecondNodeAddress = "198.51.100.11"
	// ClientAddress is the user's.
	ClientAddress = "198.51.100.74"
	// DNSAddress is asked by pods for names outside the cluster.
	DNSAddress = "198.51.100.138"
	// DatacenterAddress is the next hop of all public addresses.
	DatacenterAddress = "198.51.100.202"

	// NodeAddress6 is the node's IPv6 address.
	NodeAddress6 = "2001:db8:0:1::10"
	// ClientAddress6 is the client's IPv6 address.
	ClientAddress6 = "2001:db8:0:2::10"
	// DNSAddress6 is the DNS server's IPv6 address.
	DNSAddress6 = "2001:db8:0:3::10"
	// DatacenterAddress6 is the data centre's IPv6 address.
	DatacenterAddress6 = "2001:db8:0:4::10"

	// PublicRange is routed to the data centre: a load balancer's addresses are taken from it.
	PublicRange = "203.0.113.0/24"
	// PublicRange6 is the same for IPv6.
	PublicRange6 = "2001:db8:113::/64"
	// PodRange is where pods have their addresses.
	PodRange = "198.18.0.0/16"
	// ServiceRange is where Services have their cluster IPs.
	ServiceRange = "198.19.0.0/16"

	// apiServiceAddress is the first of ServiceRange: Kubernetes takes it for the API.
	apiServiceAddress = "198.19.0.1"
	// dnsServiceAddress is what pods have as their name server.
	dnsServiceAddress = "198.19.0.10"
	// apiPort is the API server's on the node.
	apiPort = "6443"
)

// The names of hosts.
const (
	NodeHost       = "node"
	ClientHost     = "client"
	DNSHost        = "dns"
	DatacenterHost = "datacenter"
	RouterHost     = "router"
)

// hostAddress is a host's place in the network: its own addresses, with lengths, and the router's on that link.
type hostAddress struct {
	host              string
	address, router   string
	address6, router6 string
	length, length6   string
}

// nodeNetwork has both of the node's addresses.
const nodeNetwork = "198.51.100.0/26"

// hostAddresses are the hosts that hang on the router.
var hostAddresses = []hostAddress{
	{NodeHost, NodeAddress, "198.51.100.1", NodeAddress6, "2001:db8:0:1::1", "/26", "/64"},
	{ClientHost, ClientAddress, "198.51.100.65", ClientAddress6, "2001:db8:0:2::1", "/26", "/64"},
	{DNSHost, DNSAddress, "198.51.100.129", DNSAddress6, "2001:db8:0:3::1", "/26", "/64"},
	{DatacenterHost, DatacenterAddress, "198.51.100.193", DatacenterAddress6, "2001:db8:0:4::1", "/26", "/64"},
}
