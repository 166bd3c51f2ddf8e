package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EdgeGatewayClass says where entrances are made and what a tenant may ask for. It belongs to the platform admin, as a
// StorageClass does; EdgeGateways name it in spec.className.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=egc
// +kubebuilder:printcolumn:name="Provider",type=string,JSONPath=`.spec.provider`
// +kubebuilder:printcolumn:name="DNS",type=string,JSONPath=`.spec.dns.provider`
// +kubebuilder:printcolumn:name="Default",type=boolean,JSONPath=`.spec.default`
// +kubebuilder:printcolumn:name="Accepted",type=string,JSONPath=`.status.conditions[?(@.type=="Accepted")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="metadata.name must have at most 63 characters, since EdgeGateways name it in spec.className: choose a shorter name"
type EdgeGatewayClass struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says where entrances are made and what a tenant may ask for.
	// +required
	Spec EdgeGatewayClassSpec `json:"spec"`
	// status is what the operator found.
	// +optional
	Status EdgeGatewayClassStatus `json:"status,omitempty"`
}

// EdgeGatewayClassList is a list of EdgeGatewayClasses.
//
// +kubebuilder:object:root=true
type EdgeGatewayClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []EdgeGatewayClass `json:"items"`
}

// ProviderName names a load balancer's provider.
// +kubebuilder:validation:Enum=aws;gcp;azure;digitalocean;manual
type ProviderName string

// The providers.
const (
	ProviderAWS          ProviderName = "aws"
	ProviderGCP          ProviderName = "gcp"
	ProviderAzure        ProviderName = "azure"
	ProviderDigitalOcean ProviderName = "digitalocean"
	ProviderManual       ProviderName = "manual"
)

// EdgeGatewayClassSpec says where entrances are made and what a tenant may ask for.
//
// +kubebuilder:validation:XValidation:rule="has(self.aws) == (self.provider == 'aws')",fieldPath=".aws",message="spec.aws must be set exactly when spec.provider is aws: add spec.aws, or remove it, or change spec.provider"
// +kubebuilder:validation:XValidation:rule="has(self.gcp) == (self.provider == 'gcp')",fieldPath=".gcp",message="spec.gcp must be set exactly when spec.provider is gcp: add spec.gcp, or remove it, or change spec.provider"
// +kubebuilder:validation:XValidation:rule="has(self.azure) == (self.provider == 'azure')",fieldPath=".azure",message="spec.azure must be set exactly when spec.provider is azure: add spec.azure, or remove it, or change spec.provider"
// +kubebuilder:validation:XValidation:rule="has(self.digitalocean) == (self.provider == 'digitalocean')",fieldPath=".digitalocean",message="spec.digitalocean must be set exactly when spec.provider is digitalocean: add spec.digitalocean, or remove it, or change spec.provider"
// +kubebuilder:validation:XValidation:rule="has(self.manual) == (self.provider == 'manual')",fieldPath=".manual",message="spec.manual must be set exactly when spec.provider is manual: add spec.manual, or remove it, or change spec.provider"
// +kubebuilder:validation:XValidation:rule="self.provider == oldSelf.provider",fieldPath=".provider",message="spec.provider can't be changed, since what gateways have there would be left behind: make another EdgeGatewayClass and move gateways to it"
// +kubebuilder:validation:XValidation:rule="self.provider != 'manual' || !has(self.credentials)",fieldPath=".credentials",message="spec.credentials is not used by provider manual: remove it (DNS has spec.dns.credentials)"
// +kubebuilder:validation:XValidation:rule="self.provider != 'manual' || !has(self.loadBalancers)",fieldPath=".loadBalancers",message="spec.loadBalancers can't be adopted by provider manual: remove it (the ops team answers in the EdgeGateway's spec.manual.ack)"
type EdgeGatewayClassSpec struct {
	// provider makes the load balancers: aws, gcp, azure, digitalocean, or manual for a private data centre, where an ops team
	// is handed a sheet. It can't be changed; its own settings are in the field of its name.
	// +required
	Provider ProviderName `json:"provider"`
	// aws says where in AWS.
	// +optional
	AWS *AWSSettings `json:"aws,omitempty"`
	// gcp says where in Google Cloud.
	// +optional
	GCP *GCPSettings `json:"gcp,omitempty"`
	// azure says where in Azure.
	// +optional
	Azure *AzureSettings `json:"azure,omitempty"`
	// digitalocean says where in DigitalOcean.
	// +optional
	DigitalOcean *DigitalOceanSettings `json:"digitalocean,omitempty"`
	// manual says what the ops team of a private data centre may answer.
	// +optional
	Manual *ManualSettings `json:"manual,omitempty"`
	// credentials for the provider: a Secret in the operator's own namespace. Without it, the provider's own default chain is
	// used (workload identity and the like). For aws its keys are aws-access-key-id, aws-secret-access-key and, if the key is
	// temporary, aws-session-token.
	// +optional
	Credentials *SecretReference `json:"credentials,omitempty"`
	// default makes this the class of EdgeGateways that name none. At most one class should be the default; among several the
	// oldest wins, and the others say so.
	// +optional
	Default bool `json:"default,omitempty"`
	// dns publishes the hostnames. Without it, somebody else points the names at status.addresses.
	// +optional
	DNS *DNSSettings `json:"dns,omitempty"`
	// allowedNamespaces may use this class. Without it, every namespace may.
	// +optional
	AllowedNamespaces *NamespaceSelection `json:"allowedNamespaces,omitempty"`
	// maxGateways of this class in the cluster; the oldest are accepted. Without it, there is no limit.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MaxGateways *int32 `json:"maxGateways,omitempty"`
	// hostnames that may be claimed, and by whom. A name is allowed if a pattern covers it for the gateway's, or the route's,
	// namespace. Without it, every name may be claimed, by the oldest claim.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Hostnames []HostnameRule `json:"hostnames,omitempty"`
	// addresses that a gateway may bring in spec.addresses.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Addresses []ResourceGrant `json:"addresses,omitempty"`
	// loadBalancers that a gateway may adopt.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	LoadBalancers []ResourceGrant `json:"loadBalancers,omitempty"`
	// reclaimPolicy says what becomes of allocated addresses when their gateway is deleted: Delete releases them, Retain keeps
	// them, unmarked, for another gateway to bring.
	// +optional
	// +kubebuilder:default=Delete
	// +kubebuilder:validation:Enum=Delete;Retain
	ReclaimPolicy ReclaimPolicy `json:"reclaimPolicy,omitempty"`
	// changePolicy says whether a change that may break traffic is carried out at once (Automatic) or waits for
	// spec.approvedPlan of the gateway (Approve).
	// +optional
	// +kubebuilder:default=Automatic
	// +kubebuilder:validation:Enum=Automatic;Approve
	ChangePolicy ChangePolicy `json:"changePolicy,omitempty"`
	// driftPolicy says what is done when somebody else changed or removed a resource: Repair it, or Report it only.
	// +optional
	// +kubebuilder:default=Repair
	// +kubebuilder:validation:Enum=Repair;Report
	DriftPolicy DriftPolicy `json:"driftPolicy,omitempty"`
	// proxy holds defaults for the edge proxies of this class's gateways.
	// +optional
	Proxy *ProxySettings `json:"proxy,omitempty"`
	// vantages are places outside the cluster from which the way in is probed. Without one, Reachable stays Unknown with the reason
	// NoOutsideVantage.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Vantages []Vantage `json:"vantages,omitempty"`
}

// ReclaimPolicy says what becomes of allocated addresses when their gateway goes.
type ReclaimPolicy string

// The reclaim policies.
const (
	ReclaimDelete ReclaimPolicy = "Delete"
	ReclaimRetain ReclaimPolicy = "Retain"
)

// ChangePolicy says whether changes that may break traffic wait for approval.
type ChangePolicy string

// The change policies.
const (
	ChangeAutomatic ChangePolicy = "Automatic"
	ChangeApprove   ChangePolicy = "Approve"
)

// DriftPolicy says what is done about drift.
type DriftPolicy string

// The drift policies.
const (
	DriftRepair DriftPolicy = "Repair"
	DriftReport DriftPolicy = "Report"
)

// NamespaceSelection selects namespaces by name, by label, or both: a namespace is selected if either takes it.
//
// +kubebuilder:validation:XValidation:rule="(has(self.names) && size(self.names) > 0) || has(self.selector)",message="allowedNamespaces selects nothing: set names or selector, or remove allowedNamespaces to allow every namespace"
type NamespaceSelection struct {
	// names of namespaces.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="it is not a namespace's name: write it as kubectl get namespaces shows it (patterns are not taken here; use selector)"
	Names []string `json:"names,omitempty"`
	// selector of namespaces' labels.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// HostnameRule allows hostnames to namespaces.
type HostnameRule struct {
	// pattern is a hostname, or "*.example.com" for example.com's subdomains of any depth (not example.com itself).
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([*][.])?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",message="it is neither a hostname nor a pattern of one: write it in lower case without a trailing dot, such as shop.example.com or *.example.com"
	Pattern string `json:"pattern"`
	// namespaces that may claim it. Without it, every namespace that may use the class.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="it is not a namespace's name: write it as kubectl get namespaces shows it"
	Namespaces []string `json:"namespaces,omitempty"`
}

// ResourceGrant lets namespaces use a resource that was made outside the cluster.
type ResourceGrant struct {
	// id is an IP address or the provider's own ID.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.matches('^[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]*(/[0-9]*)?$') || (isIP(self) && ip.isCanonical(self))",message="it is neither a provider's ID nor an IP address in its usual form: write an address like 203.0.113.10 or 2001:db8:113::10, in lower case and without prefix length"
	ID string `json:"id"`
	// namespaces that may use it.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="it is not a namespace's name: write it as kubectl get namespaces shows it"
	Namespaces []string `json:"namespaces"`
}

// SecretReference names a Secret in the operator's own namespace.
type SecretReference struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="it is not a Secret's name: write it in lower case, without its namespace, which is always the operator's own"
	Name string `json:"name"`
}

// Vantage is a place outside the cluster that runs `edgegateway probe`.
type Vantage struct {
	// name of the vantage, as it appears in messages.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// url of its API.
	// +required
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() == 'https' && url(self).getHostname() != ''",message="it is not an https URL: write it like https://probe.example.net:8443"
	URL string `json:"url"`
	// credentials hold the vantage's bearer token under the key token and, where its certificate is not of a public CA, the CA's
	// certificates in PEM under the key ca.crt.
	// +required
	Credentials SecretReference `json:"credentials"`
}

// EdgeGatewayClassStatus is what the operator found.
type EdgeGatewayClassStatus struct {
	// conditions: Accepted says whether the class can be used.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// gateways of this class, as counted last.
	// +optional
	Gateways int32 `json:"gateways,omitempty"`
}
