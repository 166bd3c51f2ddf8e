package xds

import (
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// buildHeaders makes the changes to a message's headers. Envoy removes before it sets and adds, as ir says.
func buildHeaders(headers *ir.Headers) (add []*corev3.HeaderValueOption, remove []string, err error) {
	if headers == nil {
		return nil, nil, nil
	}
	for _, name := range headers.Remove {
		if err := nameError(name); err != nil {
			return nil, nil, err
		}
	}
	for _, header := range headers.Set {
		option, err := headerOption(header, corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD)
		if err != nil {
			return nil, nil, err
		}
		add = append(add, option)
	}
	for _, header := range headers.Add {
		option, err := headerOption(header, corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD)
		if err != nil {
			return nil, nil, err
		}
		add = append(add, option)
	}
	return add, headers.Remove, nil
}

func headerOption(header ir.Header, action corev3.HeaderValueOption_HeaderAppendAction) (*corev3.HeaderValueOption, error) {
	if err := nameError(header.Name); err != nil {
		return nil, err
	}
	if strings.ContainsAny(header.Value, "\x00\r\n") {
		return nil, fmt.Errorf("the value of header %q has a line break", header.Name)
	}
	return &corev3.HeaderValueOption{
		Header:         &corev3.HeaderValue{Key: header.Name, Value: literal(header.Value)},
		AppendAction:   action,
		KeepEmptyValue: true,
	}, nil
}

// literal escapes what Envoy's formatter would read as a command.
func literal(value string) string { return strings.ReplaceAll(value, "%", "%%") }

// validHeaderName reports whether name is a token of HTTP in lower case.
func validHeaderName(name string) bool {
	for _, r := range []byte(name) {
		letter := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", r) < 0 {
			return false
		}
	}
	return name != ""
}

func tokenError(name string) error {
	if !validHeaderName(name) {
		return fmt.Errorf("%q is not a header name in lower case", name)
	}
	return nil
}

// nameError says why a header can't be changed. Those with a colon are the request line.
func nameError(name string) error {
	if err := tokenError(name); err != nil {
		return err
	}
	if why := ir.ReservedHeader(name); why != "" {
		return fmt.Errorf("header %q can't be changed, since %s", name, why)
	}
	return nil
}

func applyResponseHeaders(route *routev3.Route, headers *ir.Headers) (err error) {
	route.ResponseHeadersToAdd, route.ResponseHeadersToRemove, err = buildHeaders(headers)
	return err
}
