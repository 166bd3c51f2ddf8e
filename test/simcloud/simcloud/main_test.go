package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/simcloud/plane"
)

func TestAdminLooksAndMeddles(t *testing.T) {
	cloud := aws.New(aws.Config{Latency: -1})
	network := plane.New(plane.Config{})
	defer func() { _ = network.Close() }()
	server := httptest.NewServer(admin(cloud, network))
	defer server.Close()
	items := func() map[string]aws.Item {
		response, err := http.Get(server.URL + "/inventory")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var all []aws.Item
		if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		byName := map[string]aws.Item{}
		for _, item := range all {
			byName[item.Name] = item
		}
		return byName
	}
	post := func(path, body string) int {
		response, err := http.Post(server.URL+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	wiki := "wiki.example.com. CNAME in example.com."
	id, _ := json.Marshal(items()[wiki].ID)
	if status := post("/remove", string(id)); status != http.StatusOK {
		t.Errorf("removing answers %d", status)
	}
	if _, there := items()[wiki]; there {
		t.Error("what was removed is there")
	}
	if post("/retag", `{"ID":"`+aws.SeedNodeGroup+`","Tags":{"owner":"another"}}`) != http.StatusOK || items()["nodes"].Tags["owner"] != "another" {
		t.Errorf("the group's tags are %v", items()["nodes"].Tags)
	}
	for path, body := range map[string]string{"/remove": `"nothing"`, "/retag": `{"ID":"nothing"}`, "/times": `{"Unknown":1}`, "/fault": `{`} {
		if status := post(path, body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s answers %d", path, body, status)
		}
	}
	if status := post("/fault", `{"API":"sts:*","Fate":{"Act":"Outage"}}`); status != http.StatusOK || cloud.Script.Left() != 1 {
		t.Errorf("a fault answers %d", status)
	}
	if status := post("/times", `{"Sync":`+json.Number("1").String()+`}`); status != http.StatusOK {
		t.Errorf("times answer %d", status)
	}
	cloud.Edit(func(t *aws.Tables) {
		t.Records.Delete(aws.RecordSet{Zone: aws.SeedZone, Name: "legacy.example.com.", Type: "A"}.Key())
	})
	cloud.Advance(time.Nanosecond)
	for _, r := range cloud.Table().Zones[0].Records {
		if r.Name == "legacy.example.com." {
			t.Error("the time that was set is not the one that it takes")
		}
	}
}
