package site

import (
	"context"
	"net/http"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

// Inject has calls go wrong from now on.
func (a *AWS) Inject(ctx context.Context, fault simcloud.Fault) error {
	return a.call(ctx, http.MethodPost, "/fault", fault, nil)
}

// Heal ends all that was injected.
func (a *AWS) Heal(ctx context.Context) error {
	return a.call(ctx, http.MethodDelete, "/fault", nil, nil)
}
