package aws

import (
	"regexp"
	"slices"
	"strings"
)

// commonCodes are those that any operation of a service may answer. No model has them; AWS's pages do, which are named.
var commonCodes = map[string][]string{
	// ec2Codes: "Common client error codes", "Server error codes".
	ec2Service: {"AuthFailure", "DryRunOperation", "IncompleteSignature", "InternalError", "InternalFailure", "InvalidAction", "MalformedQueryString",
		"MissingAuthenticationToken", "MissingParameter", "RequestExpired", "RequestLimitExceeded", "ServiceUnavailable", "Unavailable",
		"UnauthorizedOperation", "UnknownParameter", "UnsupportedOperation"},
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html, and for keys and signatures
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html.
	elbService: {"AccessDenied", "AccessDeniedException", "ExpiredToken", "IncompleteSignature", "InternalFailure", "InvalidAction", "InvalidClientTokenId",
		"InvalidParameterCombination", "InvalidParameterValue", "MalformedQueryString", "MissingAuthenticationToken", "MissingParameter", "OptInRequired",
		"RequestExpired", "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "ThrottlingException", "ValidationError"},
	// https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html
	dnsService: {"AccessDenied", "AccessDeniedException", "ExpiredToken", "IncompleteSignature", "InternalFailure", "InvalidAction", "InvalidClientTokenId",
		"MissingAuthenticationToken", "MissingParameter", "OptInRequired", "RequestExpired", "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling",
		"ThrottlingException", "ValidationError"},
	// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
	stsService: {"AccessDenied", "ExpiredToken", "IncompleteSignature", "InternalFailure", "InvalidClientTokenId", "MissingAuthenticationToken",
		"RequestExpired", "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "ValidationError"},
	// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/CommonErrors.html
	tagService: {"AccessDeniedException", "ExpiredTokenException", "IncompleteSignature", "InternalFailure", "InvalidSignatureException",
		"MissingAuthenticationToken", "ServiceUnavailable", "ThrottlingException", "UnrecognizedClientException", "ValidationError"},
}

// documented reports whether AWS has a code that no model declares for an operation. EC2's models declare none: there Rules say which page has it.
func documented(operation, code string) bool {
	service, _, _ := strings.Cut(operation, ":")
	if slices.Contains(commonCodes[service], code) {
		return true
	}
	return service == ec2Service && slices.ContainsFunc(Rules, func(r Rule) bool { return r.Code == code && ofEC2(r.Doc) })
}

func ofEC2(page string) bool {
	return slices.ContainsFunc([]string{ec2API, ec2Codes, ec2Rates, vpcGuide}, func(of string) bool { return strings.HasPrefix(page, of) })
}

// ec2Code finds the code in an error of EC2, where there are no models to tell whose it is.
var ec2Code = regexp.MustCompile(`^<\?xml[^>]*>\s*<Response><Errors><Error><Code>([^<]*)</Code>`)
