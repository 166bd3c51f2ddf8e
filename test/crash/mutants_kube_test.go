package crash

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/manual"
)

// changedClient is a client of the API server with some of its functions replaced. What is nil is the inner client's.
type changedClient struct {
	client.Client
	get    func(key client.ObjectKey, into client.Object)
	list   func(into client.ObjectList)
	update func(object client.Object)
	// status may change a status before it is written; it returns false to write nothing.
	status func(object client.Object) bool
}

func (c *changedClient) Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	err := c.Client.Get(ctx, key, into, opts...)
	if err == nil && c.get != nil {
		c.get(key, into)
	}
	return err
}

func (c *changedClient) List(ctx context.Context, into client.ObjectList, opts ...client.ListOption) error {
	err := c.Client.List(ctx, into, opts...)
	if err == nil && c.list != nil {
		c.list(into)
	}
	return err
}

func (c *changedClient) Update(ctx context.Context, object client.Object, opts ...client.UpdateOption) error {
	if c.update != nil {
		c.update(object)
	}
	return c.Client.Update(ctx, object, opts...)
}

func (c *changedClient) Status() client.SubResourceWriter { return bentStatus{c.Client.Status(), c} }

type bentStatus struct {
	client.SubResourceWriter
	changedClient *changedClient
}

func (w bentStatus) Patch(ctx context.Context, object client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	if w.changedClient.status != nil && !w.changedClient.status(object) {
		return nil
	}
	return w.SubResourceWriter.Patch(ctx, object, patch, opts...)
}

// kubeMutants are faults of the controllers, as their reads and writes show them.
func kubeMutants() []mutant {
	of := func(name, what, user string, make func(s *sim, c *changedClient), stories ...string) mutant {
		return mutant{name: name, what: what, stories: stories, mutation: mutation{client: func(s *sim, by string, inner client.Client) client.Client {
			if by != user {
				return inner
			}
			c := &changedClient{Client: inner}
			make(s, c)
			return c
		}}}
	}
	return []mutant{
		of("no-finalizer", "the gateway is not held", gateways, func(_ *sim, c *changedClient) {
			c.update = func(object client.Object) { object.SetFinalizers(nil) }
		}, "aws/delete", "aws/create"),
		of("no-footprint", "places are not written down", gateways, func(_ *sim, c *changedClient) {
			c.status = func(object client.Object) bool {
				if gateway, ok := object.(*api.EdgeGateway); ok {
					gateway.Status.Footprint = nil
				}
				return true
			}
		}, "aws/create", "aws/delete"),
		of("late-footprint", "places are written down after something was made there", gateways, lateFootprint, "aws/abort", "manual/abort", "rfc2136/abort"),
		of("class-not-kept", "classes do not see that they are used", classes, func(_ *sim, c *changedClient) {
			c.list = func(into client.ObjectList) {
				if all, ok := into.(*api.EdgeGatewayList); ok {
					all.Items = nil
				}
			}
		}, "aws/uninstall", "aws/create"),
		of("status-always-ready", "every status says Ready", gateways, func(_ *sim, c *changedClient) {
			c.status = func(object client.Object) bool {
				for _, condition := range conditionsOf(object) {
					setReady(object, condition)
				}
				return true
			}
		}, "aws/create"),
		of("forgets-addresses", "a round that could not look says that there is no address", gateways, func(_ *sim, c *changedClient) {
			c.status = func(object client.Object) bool {
				gateway, ok := object.(*api.EdgeGateway)
				if ok && !isReady(gateway) {
					gateway.Status.Addresses = nil
				}
				return true
			}
		}, "rfc2136/revoked", "aws/revoked"),
		of("ignores-deletion", "a deletion is not noticed", gateways, func(_ *sim, c *changedClient) {
			c.get = func(_ client.ObjectKey, into client.Object) { into.SetDeletionTimestamp(nil) }
		}, "manual/delete", "aws/delete"),
		of("old-nodes", "nodes are read once", gateways, func(_ *sim, c *changedClient) {
			var first []corev1.Node
			c.list = func(into client.ObjectList) {
				if all, ok := into.(*corev1.NodeList); ok {
					if first == nil {
						first = all.Items
					}
					all.Items = first
				}
			}
		}, "manual/churn", "aws/churn"),
		of("takes-over", "a hand-off of that name is taken for ours", "documents", func(s *sim, c *changedClient) {
			c.get = func(_ client.ObjectKey, into client.Object) {
				if gateway := s.gateway(tenant, gatewayName); gateway != nil {
					owner := providers.Owner{Cluster: clusterUID, Gateway: string(gateway.UID)}
					into.SetLabels(map[string]string{manual.LabelManagedBy: manual.ManagedBy, manual.LabelOwner: owner.Mark()})
				}
			}
		}, "manual/collision"),
		of("writes-every-round", "something is written in every round", gateways, func(s *sim, c *changedClient) {
			c.list = func(into client.ObjectList) {
				all, ok := into.(*api.EdgeGatewayList)
				if !ok || len(all.Items) == 0 {
					return
				}
				touched := all.Items[0].DeepCopy()
				touched.SetAnnotations(map[string]string{"seen": s.now().String()})
				text, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": touched.Annotations}})
				if err == nil {
					_ = c.Patch(context.Background(), touched, client.RawPatch(types.MergePatchType, text))
				}
			}
		}, "manual/create"),
	}
}

// lateFootprint drops the write that comes before something is made: the one that changes nothing but places and memory.
func lateFootprint(s *sim, c *changedClient) {
	c.status = func(object client.Object) bool {
		gateway, ok := object.(*api.EdgeGateway)
		if !ok {
			return true
		}
		there := s.gateway(gateway.Namespace, gateway.Name)
		if there == nil {
			return true
		}
		same := func(a, b []metav1.Condition) bool {
			x, _ := json.Marshal(a)
			y, _ := json.Marshal(b)
			return string(x) == string(y)
		}
		onlyPlaces := same(there.Status.Conditions, gateway.Status.Conditions) && len(gateway.Status.Footprint) > len(there.Status.Footprint)
		return !onlyPlaces
	}
}

// setReady makes an object's condition true.
func setReady(object client.Object, c condition) {
	conditions := conditionsOf(object)
	for i := range conditions {
		if conditions[i].Type == c.Type && c.Type == api.ConditionReady {
			conditions[i].Status, conditions[i].Reason = metav1.ConditionTrue, api.ReasonReady
		}
	}
}
