package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/edgegateway/edgegateway/test/simcloud"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/simcloud/plane"
)

// retag is the body of a POST to /retag.
type retag struct {
	ID   string
	Tags aws.Tags
}

// admin is the API for tests. What it answers is the JSON of the simulator's own types:
//
//	GET    /inventory  []aws.Item
//	GET    /log        []simcloud.Call
//	GET    /counts     calls by "service:Action"
//	GET    /gaps       what was asked for that the simulator or its data plane has not
//	GET    /table      plane.Table
//	GET    /targets    []aws.Registration
//	POST   /fault      a simcloud.Fault to inject; DELETE heals all
//	POST   /remove     the ID of a thing, as a JSON string, to take away by hand
//	POST   /retag      an ID and tags to set by hand
//	POST   /times      an aws.Times, of which what is not 0 changes from now on; a negative one is no time
func admin(cloud *aws.Cloud, network *plane.Plane) http.Handler {
	mux := http.NewServeMux()
	get := func(path string, of func() any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(of())
		})
	}
	get("/inventory", func() any { return cloud.Inventory() })
	get("/log", func() any { return cloud.Log() })
	get("/counts", func() any { return cloud.Counts() })
	get("/gaps", func() any { return slices.Concat([]string{}, cloud.Gaps(), network.Gaps()) })
	get("/table", func() any { return cloud.Table() })
	get("/targets", func() any { return cloud.Registrations() })
	post(mux, "/fault", func(f simcloud.Fault) error {
		cloud.Inject(f)
		return nil
	})
	mux.HandleFunc("DELETE /fault", func(http.ResponseWriter, *http.Request) { cloud.Heal() })
	post(mux, "/remove", cloud.Remove)
	post(mux, "/retag", func(r retag) error {
		if !cloud.Retag(r.ID, r.Tags) {
			return fmt.Errorf("there is no %q with tags", r.ID)
		}
		return nil
	})
	post(mux, "/times", func(wanted aws.Times) error {
		cloud.SetTimes(func(t *aws.Times) { *t = t.With(wanted) })
		return nil
	})
	return mux
}

// post handles bodies of one type.
func post[T any](mux *http.ServeMux, path string, do func(T) error) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var body T
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&body)
		if err == nil {
			err = do(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		}
	})
}
