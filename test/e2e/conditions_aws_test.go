package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/site"
)

// TestWhatIsDoneInAWSIsReadWithKubectl removes a listener by hand while the operator may not make one. The gateway says what was removed and
// what to allow; once that is allowed, the listener comes back and packets pass again.
func TestWhatIsDoneInAWSIsReadWithKubectl(t *testing.T) {
	s, cloud := needCloud(t)
	ctx, gateway := t.Context(), &inCloud.nodes
	if err := gateway.becomes(ctx, s, time.Minute, "Ready", "True"); err != nil {
		t.Fatal(err)
	}
	items, err := cloud.Inventory(ctx)
	i := slices.IndexFunc(items, func(item aws.Item) bool {
		return item.Kind == "listener" && item.Tags["edgegateway.dev/role"] == "listener/80" && item.Tags["edgegateway.dev/gateway"] == gateway.Namespace+"/"+gateway.Gateway
	})
	if err != nil || i < 0 {
		t.Fatalf("there is no listener in %v, %v", items, err)
	}
	const create = "elasticloadbalancing:CreateListener"
	denied := simcloud.Fault{API: create, Times: -1, Fate: simcloud.Fate{Act: simcloud.Forbid}}
	if err := cloud.Inject(ctx, denied); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Heal(context.Background()) })
	if err := cloud.Remove(ctx, items[i].ID); err != nil {
		t.Fatal(err)
	}
	// An edit of the class has all that is known looked at afresh: a deep sweep would find it too, within ten minutes.
	ttl := func(seconds int) {
		t.Helper()
		if _, err := s.Kubectl(ctx, "patch", "egc", site.AWSClass, "--type=merge", "-p", fmt.Sprintf(`{"spec":{"dns":{"ttlSeconds":%d}}}`, seconds)); err != nil {
			t.Fatal(err)
		}
	}
	ttl(2)
	defer ttl(1)
	allow := "allow the action " + create
	if err := gateway.says(ctx, s, "Drifted", "listener/80 (eg-", "was removed; repairing it fails", allow); err != nil {
		t.Error(err)
	}
	if err := gateway.says(ctx, s, "Ready", "spec.credentials", allow); err != nil {
		t.Error(err)
	}
	if err := cloud.Heal(ctx); err != nil {
		t.Fatal(err)
	}
	if err := gateway.becomes(ctx, s, 90*time.Second, "Ready", "True"); err != nil {
		t.Error(err)
	}
	if err := gateway.says(ctx, s, "Drifted"); err != nil {
		t.Error(err)
	}
	addresses, err := cloud.Lookup(ctx, cloud.WWW())
	if err != nil || len(addresses) == 0 {
		t.Fatalf("%v, %v", addresses, err)
	}
	if _, err := seenClient(ctx, s, cloud.WWW(), addresses[0].Unmap()); err != nil {
		t.Error(err)
	}
}

// says waits until the gateway says all of these words in a condition's message or, without words, until the condition is not there.
func (e *cloudGateway) says(ctx context.Context, s *site.Site, condition string, words ...string) error {
	return site.Until(ctx, 30*time.Second, func(ctx context.Context) error {
		message, err := s.Kubectl(ctx, "get", "eg", e.Gateway, "-n", e.Namespace, "-o", `jsonpath={.status.conditions[?(@.type=="`+condition+`")].message}`)
		missing := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return strings.Contains(message, word) })
		if err == nil && (len(missing) > 0 || len(words) == 0 && message != "") {
			err = fmt.Errorf("%s does not say %q: %q", condition, missing, message)
		}
		return err
	})
}
