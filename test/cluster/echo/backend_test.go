package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestBackendTellsWhatItSaw(t *testing.T) {
	b := &backend{pod: "p", namespace: "n"}
	request := httptest.NewRequest(http.MethodPost, "http://shop.example/a?b=c", nil)
	request.Header.Set("X-Test", "1")
	recorder := httptest.NewRecorder()
	b.routes().ServeHTTP(recorder, request)
	var got answer
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Pod != "p" || got.Namespace != "n" || got.Method != "POST" || got.Host != "shop.example" ||
		got.Path != "/a?b=c" || got.Headers.Get("X-Test") != "1" {
		t.Errorf("it says %+v", got)
	}
}

func TestBackendAnswersAsAsked(t *testing.T) {
	b := new(backend)
	for path, want := range map[string]int{
		"/healthz": 200, "/ready": 200, "/status/503": 503, "/status/204": 204, "/status/x": 400, "/?delay=x": 400,
	} {
		recorder := httptest.NewRecorder()
		b.routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code != want {
			t.Errorf("%s is %d, want %d", path, recorder.Code, want)
		}
	}
	begin := time.Now()
	b.routes().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/?delay=50ms", nil))
	if took := time.Since(begin); took < 50*time.Millisecond {
		t.Errorf("a delay of 50ms took %s", took)
	}
}

func TestDrainingBackendIsNotReadyButServes(t *testing.T) {
	b := new(backend)
	b.draining.Store(true)
	for path, want := range map[string]int{"/ready": 503, "/healthz": 200, "/": 200} {
		recorder := httptest.NewRecorder()
		b.routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code != want {
			t.Errorf("%s is %d, want %d", path, recorder.Code, want)
		}
	}
}
