package botocore

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// shapes is a service with what the models of the simulated services don't have, or hardly.
const shapes = `{"metadata": {"apiVersion": "1", "endpointPrefix": "toy", "protocol": "query"},
"operations": {"Do": {"name": "Do", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "In"}, "output": {"shape": "In", "resultWrapper": "DoResult"}}},
"shapes": {
  "In": {"type": "structure", "members": {
    "Flat": {"shape": "Flat"}, "Named": {"shape": "Named"}, "Map": {"shape": "Map"}, "Bytes": {"shape": "Bytes"}, "When": {"shape": "When"},
    "Ratio": {"shape": "Ratio"}, "Ahead": {"shape": "Ahead"}}},
  "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "When": {"type": "timestamp"}, "Ratio": {"type": "double", "max": 1},
  "Ahead": {"type": "string", "pattern": "(?=a)b"},
  "Flat": {"type": "list", "flattened": true, "member": {"shape": "Text"}},
  "Named": {"type": "list", "flattened": true, "member": {"shape": "Text", "locationName": "Name"}},
  "Map": {"type": "map", "max": 1, "key": {"shape": "Text"}, "value": {"shape": "Ratio"}}}}`

func TestShapesThatAreRare(t *testing.T) {
	models := &Models{}
	if err := models.read(strings.NewReader(shapes)); err != nil {
		t.Fatal(err)
	}
	for parameters, want := range map[string]string{
		"Flat.1=a&Flat.2=b":                     "",
		"Flat.member.1=a":                       "Flat: its 1 items are not numbered from 1 on: there is member",
		"Name.1=a":                              "",
		"Named.1=a":                             "Named: the model has no such member",
		"Map.entry.1.key=a&Map.entry.1.value=1": "",
		"Map.entry.1.key=a":                     "Map[0].value: it is required and missing",
		"Map.entry.1.key=a&Map.entry.1.value=1&Map.entry.2.key=b&Map.entry.2.value=1": "Map: 2 entries: the most is 1",
		"Bytes=YQ%3D%3D":            "",
		"Bytes=*":                   `Bytes: "*" is no blob`,
		"When=2026-01-01T00:00:00Z": "",
		"When=1700000000":           `When: "1700000000" is no timestamp`,
		"Ratio=0.5":                 "",
		"Ratio=1.5":                 "Ratio: 1.5: the most is 1",
		"Ratio=half":                `Ratio: "half" is no double`,
		"Ahead=c":                   "",
	} {
		v := models.Judge(Exchange{Method: http.MethodPost, URL: &url.URL{Path: "/"}, Body: []byte("Action=Do&Version=1&" + parameters)})
		if got := strings.Join(v.Request, "\n"); got != want {
			t.Errorf("%s: %q, not %q", parameters, got, want)
		}
	}
	if unread := models.Unreadable(); !slices.Equal(unread, []string{"(?=a)b"}) {
		t.Errorf("the patterns that can't be read are %q", unread)
	}
	for inner, want := range map[string]string{
		"<Flat>a</Flat><Flat>b</Flat><Name>c</Name><Map><entry><key>a</key><value>1</value></entry></Map>": "",
		"<Flat><member>a</member></Flat>": "Flat[0]: it is a string and has parts: member",
		"<Map><key>a</key></Map>":         "Map[0]: it is a structure and has the text \"a\"",
	} {
		x := Exchange{Method: http.MethodPost, URL: &url.URL{Path: "/"}, Body: []byte("Action=Do&Version=1"), Whole: true, Status: 200,
			Reply: []byte("<DoResponse><DoResult>" + inner + "</DoResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DoResponse>")}
		if got := strings.Join(models.Judge(x).Reply, "\n"); want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, not %q", inner, got, want)
		}
	}
}

func TestAModelOfAnotherProtocolIsRefused(t *testing.T) {
	if err := (&Models{}).read(strings.NewReader(`{"metadata": {"protocol": "smithy-rpc-v2-cbor"}}`)); err == nil || !strings.Contains(err.Error(), "can't be judged") {
		t.Errorf("it gives %v", err)
	}
	if _, err := Load(t.TempDir(), "ec2/2016-11-15"); err == nil {
		t.Error("a model that is not there is loaded")
	}
}
