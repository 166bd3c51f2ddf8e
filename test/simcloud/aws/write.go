package aws

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// namespaces of the XML that the services answer.
var namespaces = map[string]string{
	ec2Service: "http://ec2.amazonaws.com/doc/2016-11-15/",
	elbService: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
	stsService: "https://sts.amazonaws.com/doc/2011-06-15/",
	dnsService: "https://route53.amazonaws.com/doc/2013-04-01/",
}

// write answers a request in its service's protocol.
func write(w http.ResponseWriter, r *request, answer any, err error) {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", r.number)
	var f *failure
	if err != nil && !errors.As(err, &f) {
		f = &failure{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: err.Error()}
	}
	contentType := "text/xml"
	var body string
	switch {
	case r.service == tagService:
		contentType = "application/x-amz-json-1.1"
		body = jsonBody(answer, f)
	case f != nil:
		body = errorBody(r.service, f, id)
	default:
		body = answerBody(r, answer, id)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", id)
	if f != nil {
		w.WriteHeader(f.Status)
	}
	_, _ = w.Write([]byte(body))
}

// answerBody wraps an answer as its service does.
func answerBody(r *request, answer any, id string) string {
	inner := elements(answer)
	var b strings.Builder
	b.WriteString(xml.Header)
	switch r.service {
	case ec2Service:
		fmt.Fprintf(&b, "<%sResponse xmlns=%q><requestId>%s</requestId>%s</%sResponse>", r.action, namespaces[ec2Service], id, inner, r.action)
	case dnsService:
		fmt.Fprintf(&b, "<%sResponse xmlns=%q>%s</%sResponse>", r.action, namespaces[dnsService], inner, r.action)
	default:
		fmt.Fprintf(&b, "<%sResponse xmlns=%q><%sResult>%s</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>",
			r.action, namespaces[r.service], r.action, inner, r.action, id, r.action)
	}
	return b.String()
}

// errorBody is a failure in its service's XML.
func errorBody(service string, f *failure, id string) string {
	var b strings.Builder
	b.WriteString(xml.Header)
	text := escape(f.Message)
	switch {
	case service == ec2Service:
		fmt.Fprintf(&b, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>", f.Code, text, id)
	default:
		kind := "Sender"
		if f.Status >= http.StatusInternalServerError {
			kind = "Receiver"
		}
		fmt.Fprintf(&b, "<ErrorResponse xmlns=%q><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			namespaces[service], kind, f.Code, text, id)
	}
	return b.String()
}

func jsonBody(answer any, f *failure) string {
	if f != nil {
		answer = map[string]string{"__type": f.Code, "message": f.Message}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// elements returns what is within the outermost element of an answer's XML.
func elements(answer any) string {
	if answer == nil {
		return ""
	}
	var b bytes.Buffer
	if err := xml.NewEncoder(&b).EncodeElement(answer, xml.StartElement{Name: xml.Name{Local: "r"}}); err != nil {
		return "<!-- " + escape(err.Error()) + " -->"
	}
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), "<r>"), "</r>")
}

func escape(text string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return err.Error()
	}
	return b.String()
}
