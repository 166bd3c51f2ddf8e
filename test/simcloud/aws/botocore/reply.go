package botocore

import (
	"fmt"
	"strings"
)

// reply returns what is wrong with the reply to a request that succeeded.
func (s *service) reply(x Exchange, op *operation) []string {
	output, shape := ref{}, &shape{Type: "structure"}
	if op.Output != nil {
		output, shape = s.target(*op.Output)
	}
	j := &judge{service: s, wire: xmlWire, isReply: true}
	if want := op.HTTP.ResponseCode; want != 0 && x.Status != want {
		j.say("status", "it is %d, not %d", want, x.Status)
	}
	if s.Metadata.Protocol == jsonProtocol {
		j.wire = jsonWire
		body, err := parseJSON(x.Reply)
		if err != nil {
			return []string{"the reply is no JSON: " + err.Error()}
		}
		j.structure("", shape, body)
		return j.found
	}
	j.headers(shape, x.ReplyHeader)
	if s.Metadata.Protocol == restProtocol && !inBody(shape) {
		return j.found
	}
	body, err := parseXML(x.Reply)
	if err != nil {
		return append(j.found, "the reply is no XML: "+err.Error())
	}
	switch s.Metadata.Protocol {
	case restProtocol:
		if output.XMLNamespace.URI == "" && op.Input != nil {
			output.XMLNamespace = op.Input.XMLNamespace
		}
		j.wrapped(output, shape, body, output.Shape)
	case ec2Protocol:
		j.outermost(op, body)
		if body.at("requestId") == "" {
			j.say("requestId", "there is none")
		}
		body = body.without("requestId")
		j.structure("", shape, j.returned(shape, body))
	default:
		j.outermost(op, body)
		j.result(output.ResultWrapper, shape, body)
	}
	return j.found
}

// outermost judges the element around a reply of the protocols query and ec2.
func (j *judge) outermost(op *operation, body *node) {
	if body.name != op.Name+"Response" {
		j.say("body", "the outermost element is %sResponse, not %s", op.Name, body.name)
	}
	j.namespace(body, j.Metadata.XMLNamespace)
}

func (j *judge) namespace(body *node, want string) {
	if want != "" && strings.TrimSuffix(body.space, "/") != strings.TrimSuffix(want, "/") {
		j.say("body", "the namespace is %s, not %s", want, body.space)
	}
}

// returned takes out <return>true</return>. It is all that EC2 answers where a model has no output, and AWS's pages show it in other replies
// too, whose models leave it out: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html.
func (j *judge) returned(sh *shape, body *node) *node {
	for member, r := range sh.Members {
		if r, target := j.target(r); j.wireName(member, r, target) == "return" {
			return body
		}
	}
	kid := body.kid("return")
	if kid == nil && len(sh.Members) == 0 || kid != nil && kid.text != "true" {
		j.say("return", "it is not true")
	}
	return body.without("return")
}

// result judges the two parts of a reply of the protocol query.
func (j *judge) result(wrapper string, sh *shape, body *node) {
	if body.at("ResponseMetadata", "RequestId") == "" {
		j.say("ResponseMetadata.RequestId", "there is none")
	}
	inner := body.kid(wrapper)
	if inner == nil {
		j.say("body", "there is no %s", wrapper)
		return
	}
	for _, stray := range body.without(wrapper, "ResponseMetadata").kids {
		j.say(stray.name, "it is outside of %s", wrapper)
	}
	j.structure("", sh, inner)
}

// failure returns the code of an error, and what is wrong with how it is told.
func (s *service) failure(x Exchange) (code string, found []string) {
	if s.Metadata.Protocol == jsonProtocol {
		body, err := parseJSON(x.Reply)
		if err != nil {
			return "", []string{"the error is no JSON: " + err.Error()}
		}
		return body.at("__type"), wantAll(body, []string{"__type"})
	}
	body, err := parseXML(x.Reply)
	if err != nil {
		return "", []string{"the error is no XML: " + err.Error()}
	}
	if s.Metadata.Protocol == ec2Protocol {
		return body.at("Errors", "Error", "Code"), wantAll(body, []string{"Errors", "Error", "Code"}, []string{"Errors", "Error", "Message"}, []string{"RequestID"})
	}
	if body.name != "ErrorResponse" { // how Route 53 tells of a refused batch
		return body.name, wantAll(body, []string{"RequestId"})
	}
	found = wantAll(body, []string{"Error", "Code"}, []string{"Error", "Message"}, []string{"RequestId"})
	if kind := body.at("Error", "Type"); (kind == "Sender") != (x.Status < 500) {
		found = append(found, fmt.Sprintf("Error.Type: with the status %d it is not %q", x.Status, kind))
	}
	return body.at("Error", "Code"), found
}

// wantAll returns which texts are not there.
func wantAll(body *node, paths ...[]string) []string {
	var found []string
	for _, path := range paths {
		if body.at(path...) == "" {
			found = append(found, strings.Join(path, ".")+": an error has it, and there is none")
		}
	}
	return found
}
