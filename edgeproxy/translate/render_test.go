package translate

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// renderGateways prints gateways as YAML documents, certificates by their subject.
func renderGateways(t *testing.T, result Result) []byte {
	t.Helper()
	var documents []string
	for _, gateway := range result.Gateways {
		documents = append(documents, renderGateway(t, gateway))
	}
	return []byte(strings.Join(documents, "---\n"))
}

// shownSecret has a readable certificate in place of the PEM.
type shownSecret struct {
	Name        string    `json:"name"`
	Certificate string    `json:"certificate"`
	Source      ir.Source `json:"source"`
}

func renderGateway(t *testing.T, gateway ir.Gateway) string {
	t.Helper()
	shown := struct {
		ir.Gateway
		Secrets []shownSecret `json:"secrets,omitempty"`
	}{Gateway: gateway}
	for _, secret := range gateway.Secrets {
		shown.Secrets = append(shown.Secrets, shownSecret{secret.Name, subject(t, secret.Certificate), secret.Source})
	}
	return string(toYAML(t, shown))
}

func subject(t *testing.T, chain []byte) string {
	t.Helper()
	block, _ := pem.Decode(chain)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Subject.String()
}

type (
	shownParent struct {
		ParentRef  gatewayv1.ParentReference `json:"parentRef"`
		Conditions map[string]string         `json:"conditions"`
	}
	shownRoute struct {
		Object   string        `json:"object"`
		Gateways []string      `json:"servedBy,omitempty"`
		Parents  []shownParent `json:"parents,omitempty"`
	}
	shownListener struct {
		Name           string            `json:"name"`
		AttachedRoutes int32             `json:"attachedRoutes"`
		SupportedKinds string            `json:"supportedKinds"`
		Conditions     map[string]string `json:"conditions"`
	}
	shownGateway struct {
		Gateway   string          `json:"gateway"`
		Listeners []shownListener `json:"listeners"`
	}
	shownProblem struct {
		Object  string `json:"object"`
		Reason  string `json:"reason"`
		Field   string `json:"field"`
		Message string `json:"message"`
		Warning bool   `json:"warning,omitempty"`
	}
	shown struct {
		Gateways []shownGateway `json:"gateways"`
		Routes   []shownRoute   `json:"routes,omitempty"`
		Problems []shownProblem `json:"problems,omitempty"`
	}
)

// renderStatus prints statuses and problems, one condition a line. What is as it should be is only "ok".
func renderStatus(t *testing.T, result Result) []byte {
	t.Helper()
	var s shown
	for _, gateway := range result.Listeners {
		one := shownGateway{Gateway: gateway.Namespace + "/" + gateway.Name}
		for _, l := range gateway.Listeners {
			var kinds []string
			for _, kind := range l.SupportedKinds {
				kinds = append(kinds, string(kind.Kind))
			}
			one.Listeners = append(one.Listeners, shownListener{string(l.Name), l.AttachedRoutes, strings.Join(kinds, ", "), showConditions(l.Conditions)})
		}
		s.Gateways = append(s.Gateways, one)
	}
	for _, route := range result.Routes {
		one := shownRoute{Object: showSource(route.Source)}
		for _, gateway := range route.Gateways {
			one.Gateways = append(one.Gateways, gateway.String())
		}
		for _, parent := range route.Parents {
			one.Parents = append(one.Parents, shownParent{parent.ParentRef, showConditions(parent.Conditions)})
		}
		s.Routes = append(s.Routes, one)
	}
	for _, p := range result.Problems {
		s.Problems = append(s.Problems, shownProblem{showSource(p.Source), p.Reason, p.Field, p.Message, p.Condition == ""})
	}
	return toYAML(t, s)
}

func showSource(source ir.Source) string {
	return fmt.Sprintf("%s %s/%s", source.Kind, source.Namespace, source.Name)
}

func showConditions(conditions []metav1.Condition) map[string]string {
	shown := map[string]string{}
	for _, c := range conditions {
		shown[c.Type] = fmt.Sprintf("%s, %s: %s", c.Status, c.Reason, c.Message)
		if (c.Status == metav1.ConditionTrue && c.Reason == c.Type) || c.Reason == "NoConflicts" {
			shown[c.Type] = "ok"
		}
	}
	return shown
}
