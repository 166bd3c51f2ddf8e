package aws

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	smithy "github.com/aws/smithy-go"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// The reasons of errors.
const (
	ReasonCredentials = "CredentialsRefused"
	ReasonPermission  = "PermissionMissing"
	ReasonQuota       = "QuotaExceeded"
	ReasonForeign     = "ForeignOwner"
	ReasonInUse       = "InUse"
	ReasonNotThere    = "NotThere"
	ReasonCloud       = "CloudError"
	ReasonThrottled   = "Throttled"
	ReasonInvalid     = "InvalidSpec"
	ReasonRegion      = "RegionUnknown"
	ReasonConflict    = records.ReasonConflict
	ReasonZone        = "ZoneNotFound"
	ReasonProtected   = "DeletionProtected"
	ReasonSubnet      = "SubnetUnusable"
	ReasonBudget      = "Budget"
)

// verdict on an error code: what it means, the field that it is about, and what to do.
type verdict struct {
	class  providers.Class
	reason string
	field  string
	cure   string
}

// release is when to try again what something that was deleted still uses: AWS takes seconds to minutes to let go.
const release = 5 * time.Second

// after is when to try again once AWS has said that there are too many calls.
const after = 2 * time.Second

// pause is what throttling means.
func pause() verdict { return verdict{class: providers.Throttled, reason: ReasonThrottled} }

func later(reason string) verdict { return verdict{class: providers.Transient, reason: reason} }

// quota is of an account in a region.
func quota(name string) verdict { return quotaOf(fieldRegion, name) }

func quotaOf(field, name string) verdict {
	return verdict{providers.Denied, ReasonQuota, field, cureOf(name)}
}

// cureOf is what to do about a quota.
func cureOf(quota string) string {
	return fmt.Sprintf("raise the quota %q in the Service Quotas console of this account and region, or remove what is not needed", quota)
}

func refusedKey(cure string) verdict {
	return verdict{providers.Denied, ReasonCredentials, fieldCredentials, cure}
}

// codes are AWS's error codes. What is not listed is Transient. A code that means something else in one call is listed as "Call/Code".
var codes = map[string]verdict{
	"Throttling": pause(), "ThrottlingException": pause(), "ThrottledException": pause(), "RequestLimitExceeded": pause(),
	"RequestThrottled": pause(), "RequestThrottledException": pause(), "TooManyRequestsException": pause(), "BandwidthLimitExceeded": pause(),
	"EC2ThrottledException": pause(), "PriorRequestNotComplete": later(ReasonCloud),

	"DependencyViolation": later(ReasonInUse), "ResourceInUse": later(ReasonInUse), "InvalidIPAddress.InUse": later(ReasonInUse),
	"InvalidNetworkInterface.InUse": later(ReasonInUse), "IncorrectState": later(ReasonInUse), "InvalidTarget": later(ReasonNotThere),
	// While the interfaces of a deleted load balancer go, their addresses are said not to be ours.
	"ReleaseAddress/AuthFailure": later(ReasonInUse),

	"LoadBalancerNotFound": later(ReasonNotThere), "TargetGroupNotFound": later(ReasonNotThere), "ListenerNotFound": later(ReasonNotThere),
	"InvalidGroup.NotFound": later(ReasonNotThere), "InvalidGroupId.NotFound": later(ReasonNotThere), "InvalidSecurityGroup": later(ReasonNotThere),
	"InvalidAllocationID.NotFound": later(ReasonNotThere), "AllocationIdNotFound": later(ReasonNotThere),
	"InvalidAddress.NotFound": later(ReasonNotThere), "InvalidSecurityGroupRuleId.NotFound": later(ReasonNotThere),
	"TargetGroupAssociationLimit": later(ReasonInUse), "InvalidPermission.NotFound": later(ReasonNotThere), "InvalidPermission.Duplicate": later(ReasonCloud),
	"NoSuchChange": later(ReasonNotThere), "InvalidInstanceID.NotFound": later(ReasonNotThere),

	"AuthFailure":                 refusedKey("correct the access key, and check that it is of this partition and region"),
	"InvalidClientTokenId":        refusedKey("correct the access key: AWS does not know it"),
	"UnrecognizedClientException": refusedKey("correct the access key: AWS does not know it"),
	"InvalidSignatureException":   refusedKey("correct the secret access key, and check the clock of the operator's node"),
	"InvalidAccessKeyId":          refusedKey("correct the access key: AWS does not know it"),
	"SignatureDoesNotMatch":       refusedKey("correct the secret access key, and check the clock of the operator's node"),
	"IncompleteSignature":         refusedKey("correct the access key and its secret"),
	"MissingAuthenticationToken":  refusedKey("set an access key, or give the operator's pod a role"),
	"ExpiredToken":                refusedKey("renew the session token: it has expired"),
	"ExpiredTokenException":       refusedKey("renew the session token: it has expired"),
	"RequestExpired":              refusedKey("set the clock of the operator's node"),
	"OptInRequired":               {providers.Denied, ReasonRegion, fieldRegion, "enable the region for this account, or use another"},
	"UnauthorizedOperation":       missingPermission(),
	"AccessDenied":                missingPermission(),
	"AccessDeniedException":       missingPermission(),
	"OperationNotPermitted":       {providers.Denied, ReasonProtected, "", "switch off its deletion protection, if it may go"},

	"AddressLimitExceeded":                     quota(quotaAddresses),
	"TooManyLoadBalancers":                     quota(quotaBalancers),
	"TooManyTargetGroups":                      quota(quotaTargets),
	"TooManyUniqueTargetGroupsPerLoadBalancer": quotaOf(fieldListeners, "Target Groups per Network Load Balancer"),
	"TooManyListeners":                         quotaOf(fieldListeners, quotaListeners),
	"TooManyTargets":                           quota("Targets per Network Load Balancer"),
	"TooManyRegistrationsForTargetId":          quota("Number of times a target can be registered"),
	"SecurityGroupLimitExceeded":               quota("VPC security groups per Region"),
	"RulesPerSecurityGroupLimitExceeded":       quota("Inbound or outbound rules per security group"),
	"SecurityGroupsPerInterfaceLimitExceeded":  quota("Security groups per network interface"),

	"TooManyTags": {providers.Denied, ReasonQuota, adoptField, "take tags off the load balancer: it may have 50, and ours need six"},

	"DuplicateLoadBalancerName": {providers.Denied, ReasonForeign, "", "remove or rename the load balancer of that name, which is not ours"},
	"DuplicateTargetGroupName":  {providers.Denied, ReasonForeign, "", "remove or rename the target group of that name, which is not ours"},
	"DuplicateListener":         {providers.Denied, ReasonForeign, "", "remove the listener on that port, which is not ours"},
	"InvalidGroup.Duplicate":    {providers.Denied, ReasonForeign, "", "remove or rename the security group of that name, which is not ours"},

	"SubnetNotFound":               {providers.Invalid, ReasonSubnet, fieldSubnets, "name subnets that are there"},
	"InvalidSubnetID.NotFound":     {providers.Invalid, ReasonSubnet, fieldSubnets, "name subnets that are there"},
	"InvalidSubnet":                {providers.Denied, ReasonSubnet, fieldSubnets, "name subnets with at least 8 free addresses and a route to an internet gateway"},
	"AvailabilityZoneNotSupported": {providers.Invalid, ReasonSubnet, fieldSubnets, "name subnets in other availability zones"},
	"UnsupportedProtocol":          {providers.Invalid, ReasonInvalid, fieldListeners, "use another protocol"},
	"InvalidConfigurationRequest":  {providers.Invalid, ReasonInvalid, "", ""},
	"InvalidScheme":                {providers.Invalid, ReasonInvalid, "", ""},
	"IncompatibleProtocols":        {providers.Invalid, ReasonInvalid, fieldListeners, ""},
	"InvalidLoadBalancerAction":    {providers.Invalid, ReasonInvalid, "", ""},
	"MissingParameter":             {providers.Invalid, ReasonInvalid, "", ""},
	"ValidationError":              {providers.Invalid, ReasonInvalid, "", ""},
	"InvalidParameterValue":        {providers.Invalid, ReasonInvalid, "", ""},
	"InvalidParameterCombination":  {providers.Invalid, ReasonInvalid, "", ""},
	"InvalidPermission.Malformed":  {providers.Invalid, ReasonInvalid, "spec.sourceRanges", ""},
	"InvalidInput":                 {providers.Invalid, ReasonInvalid, "", ""},
	"InvalidDomainName":            {providers.Invalid, ReasonInvalid, fieldZones, ""},
	"InvalidChangeBatch":           {providers.Denied, ReasonConflict, "", "remove the record that is in the way, or use another hostname"},
	"NoSuchHostedZone":             {providers.Denied, ReasonZone, fieldZones, "make the hosted zone in this account, or take it out of the class"},
	"InvalidVpcID.NotFound":        {providers.Invalid, ReasonSubnet, fieldSubnets, "name subnets of a VPC that is there"},
}

func missingPermission() verdict {
	return verdict{class: providers.Denied, reason: ReasonPermission, field: fieldCredentials}
}

// classed gives an error of the SDK its class, by its code alone. Errors that are not AWS's answer are Transient, but for a host name that
// does not exist, which is what a mistyped region leads to.
func classed(err error) error {
	var (
		classified *providers.Error
		answer     smithy.APIError
		lookup     *net.DNSError
	)
	switch {
	case err == nil || errors.As(err, &classified):
		return err
	case errors.As(err, &answer):
		return judged(plainly(err), answer.ErrorCode())
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return &providers.Error{Class: providers.Denied, Reason: ReasonRegion, Field: fieldRegion,
			Err: fmt.Errorf("AWS has no endpoint there: %w; correct the region", err)}
	default:
		return &providers.Error{Class: providers.Transient, Reason: ReasonCloud, Err: err}
	}
}

func judged(err error, code string) error {
	service, operation := callOf(err)
	v, known := codes[operation+"/"+code]
	if !known {
		v, known = codes[code]
	}
	if !known {
		v = later(ReasonCloud)
	}
	if v.reason == ReasonPermission {
		v.cure = fmt.Sprintf("allow the action %s:%s%s (see iam-policy.json)", service, operation, marking[service+":"+operation])
	}
	if v.cure != "" {
		err = fmt.Errorf("%w; %s", err, v.cure)
	}
	classed := &providers.Error{Class: v.class, Reason: v.reason, Field: v.field, Err: err}
	switch {
	case v.class == providers.Throttled:
		classed.After = after
	case v.reason == ReasonInUse:
		classed.After = release
	}
	return classed
}

// marking is what else calls take that mark what they create: AWS's code does not say which of the two is missing.
var marking = map[string]string{
	"ec2:AllocateAddress": andTags, "ec2:CreateSecurityGroup": andTags, "ec2:AuthorizeSecurityGroupIngress": andTags,
	"elasticloadbalancing:CreateLoadBalancer": andAdds, "elasticloadbalancing:CreateTargetGroup": andAdds, "elasticloadbalancing:CreateListener": andAdds,
}

const (
	andTags = ", and ec2:CreateTags, by which it is marked"
	andAdds = ", and elasticloadbalancing:AddTags, by which it is marked"
)

// plainAnswer is an answer of AWS's as a condition says it. The SDK's own text has the number of the request, and EC2's a blob that encodes it: with
// those, every look that fails alike would say something else, and every status would be written again.
type plainAnswer struct {
	error
	text string
}

func (a *plainAnswer) Error() string { return a.text }

func (a *plainAnswer) Unwrap() error { return a.error }

// encoded is what comes before that blob.
const encoded = " Encoded authorization failure message:"

// plainly returns err with an answer's text, if it is one.
func plainly(err error) error {
	var (
		answer smithy.APIError
		call   *smithy.OperationError
	)
	if !errors.As(err, &answer) {
		return err
	}
	message, _, _ := strings.Cut(answer.ErrorMessage(), encoded)
	text := answer.ErrorCode() + ": " + message
	if errors.As(err, &call) {
		text = call.Service() + " " + call.Operation() + ": " + text
	}
	return &plainAnswer{err, text}
}

// prefixes of actions in policies, by the SDK's name of the service.
var prefixes = map[string]string{
	"EC2": serviceEC2, "Elastic Load Balancing v2": serviceELB, "Route 53": serviceDNS, "STS": serviceSTS,
}

// callOf says which call an error is of.
func callOf(err error) (service, operation string) {
	var call *smithy.OperationError
	if !errors.As(err, &call) {
		return "", ""
	}
	return cmp.Or(prefixes[call.Service()], call.Service()), call.Operation()
}

// hasCode says whether AWS answered with one of the codes.
func hasCode(err error, wanted ...string) bool {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return false
	}
	for _, code := range wanted {
		if answer.ErrorCode() == code {
			return true
		}
	}
	return false
}

// inField moves an error about the load balancers' credentials to another field.
func inField(err error, field string) error {
	var classified *providers.Error
	if !errors.As(err, &classified) || classified.Field != fieldCredentials {
		return err
	}
	moved := *classified
	moved.Field = field
	return &moved
}

func denied(reason, field string, err error) error {
	return &providers.Error{Class: providers.Denied, Reason: reason, Field: field, Err: err}
}

func transient(reason string, err error) error {
	return &providers.Error{Class: providers.Transient, Reason: reason, Err: err}
}

// foreign is the error for a thing that bears another mark than the owner's, or none.
func foreign(kind, name string) error {
	return denied(ReasonForeign, "", fmt.Errorf("%s %s is not this EdgeGateway's and is left alone; remove or rename it", kind, name))
}
