package aws

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	smithy "github.com/aws/smithy-go"

	"github.com/edgegateway/edgegateway/providers"
)

// The reasons of errors that load balancers and records share.
const (
	ReasonCredentials = "CredentialsRefused"
	ReasonPermission  = "PermissionMissing"
	ReasonQuota       = "QuotaExceeded"
	ReasonNotThere    = "NotThere"
	ReasonInUse       = "InUse"
	ReasonCloud       = "CloudError"
	ReasonThrottled   = "Throttled"
	ReasonInvalid     = "InvalidSpec"
	ReasonRegion      = "RegionUnknown"
)

// Meaning of an error code: its class and reason, the field that it is about, and what to do.
type Meaning struct {
	Class  providers.Class
	Reason string
	Field  string
	Cure   string
}

// Codes are the meanings of AWS's error codes. A code that means something else in one call is listed as "Call/Code".
type Codes map[string]Meaning

// retryInUse is when to try again what something that was deleted still uses: AWS takes seconds to minutes to let go.
const retryInUse = 5 * time.Second

// retryThrottled is when to try again once AWS has said that there are too many calls.
const retryThrottled = 2 * time.Second

// Retry is the meaning of what passes by itself.
func Retry(reason string) Meaning { return Meaning{Class: providers.Transient, Reason: reason} }

func throttled() Meaning { return Meaning{Class: providers.Throttled, Reason: ReasonThrottled} }

func refusedKey(cure string) Meaning {
	return Meaning{providers.Denied, ReasonCredentials, FieldCredentials, cure}
}

func missingPermission() Meaning {
	return Meaning{Class: providers.Denied, Reason: ReasonPermission, Field: FieldCredentials}
}

// common are the codes that every service answers with. What is listed nowhere is Transient.
var common = Codes{
	"Throttling": throttled(), "ThrottlingException": throttled(), "ThrottledException": throttled(), "RequestLimitExceeded": throttled(),
	"RequestThrottled": throttled(), "RequestThrottledException": throttled(), "TooManyRequestsException": throttled(),
	"BandwidthLimitExceeded": throttled(), "EC2ThrottledException": throttled(),

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
	"OptInRequired":               {providers.Denied, ReasonRegion, FieldRegion, "enable the region for this account, or use another"},
	"UnauthorizedOperation":       missingPermission(),
	"AccessDenied":                missingPermission(),
	"AccessDeniedException":       missingPermission(),

	"MissingParameter":            {providers.Invalid, ReasonInvalid, "", ""},
	"ValidationError":             {providers.Invalid, ReasonInvalid, "", ""},
	"InvalidParameterValue":       {providers.Invalid, ReasonInvalid, "", ""},
	"InvalidParameterCombination": {providers.Invalid, ReasonInvalid, "", ""},
}

// Classed gives an error of the SDK its class, by its code alone: by c, and for what c does not list by the codes that every service answers
// with. Errors that are not AWS's answer are Transient, but for a host name that does not exist, which is what a mistyped region leads to.
func (c Codes) Classed(err error) error {
	var (
		classified *providers.Error
		answer     smithy.APIError
		lookup     *net.DNSError
	)
	switch {
	case err == nil || errors.As(err, &classified):
		return err
	case errors.As(err, &answer):
		return c.classedByCode(plainly(err), answer.ErrorCode())
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return &providers.Error{Class: providers.Denied, Reason: ReasonRegion, Field: FieldRegion,
			Err: fmt.Errorf("AWS has no endpoint there: %w; correct the region", err)}
	default:
		return &providers.Error{Class: providers.Transient, Reason: ReasonCloud, Err: err}
	}
}

func (c Codes) classedByCode(err error, code string) error {
	service, operation := callOf(err)
	m := c.meaning(operation, code)
	if m.Reason == ReasonPermission {
		m.Cure = fmt.Sprintf("allow the action %s:%s%s (see iam-policy.json)", service, operation, marking[service+":"+operation])
	}
	if m.Cure != "" {
		err = fmt.Errorf("%w; %s", err, m.Cure)
	}
	classed := &providers.Error{Class: m.Class, Reason: m.Reason, Field: m.Field, Err: err}
	switch {
	case m.Class == providers.Throttled:
		classed.After = retryThrottled
	case m.Reason == ReasonInUse:
		classed.After = retryInUse
	}
	return classed
}

// meaning of a code that a call was answered with.
func (c Codes) meaning(operation, code string) Meaning {
	if m, known := c[operation+"/"+code]; known {
		return m
	}
	if m, known := c[code]; known {
		return m
	}
	if m, known := common[code]; known {
		return m
	}
	return Retry(ReasonCloud)
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

// callOf returns the call that an error is of.
func callOf(err error) (service, operation string) {
	var call *smithy.OperationError
	if !errors.As(err, &call) {
		return "", ""
	}
	return cmp.Or(prefixes[call.Service()], call.Service()), call.Operation()
}

// HasCode reports whether AWS answered with one of the codes.
func HasCode(err error, codes ...string) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && slices.Contains(codes, answer.ErrorCode())
}

// InField returns err, about another field if it is about the load balancers' credentials.
func InField(err error, field string) error {
	var classified *providers.Error
	if !errors.As(err, &classified) || classified.Field != FieldCredentials {
		return err
	}
	moved := *classified
	moved.Field = field
	return &moved
}

// Denied returns an error that a person must do something about.
func Denied(reason, field string, err error) error {
	return &providers.Error{Class: providers.Denied, Reason: reason, Field: field, Err: err}
}

// Transient returns an error that passes by itself.
func Transient(reason string, err error) error {
	return &providers.Error{Class: providers.Transient, Reason: reason, Err: err}
}
