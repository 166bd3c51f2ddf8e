package store

import (
	"slices"
	"testing"

	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
)

func TestReadyPods(t *testing.T) {
	store := New()
	slice := storetest.Proxies("a", "b", "c")
	slice.Endpoints[1].Conditions.Ready = new(false)
	slice.Endpoints = append(slice.Endpoints, slice.Endpoints[0])
	store.Set(slice)
	if got := store.ReadyPods(Name{Namespace: storetest.Shop.Namespace, Name: "shop-edge"}); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("got %v", got)
	}
}
