package manual

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The labels on a ConfigMap that is ours.
const (
	// LabelManagedBy has the value ManagedBy.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	ManagedBy      = "edgegateway"
	// LabelOwner has the owner's mark.
	LabelOwner = "edgegateway.dev/owner"
)

// ConfigMaps keep documents as ConfigMaps.
type ConfigMaps struct {
	reader client.Reader
	writer client.Writer
}

var _ Documents = (*ConfigMaps)(nil)

// NewConfigMaps returns documents that reader reads and writer writes. The reader should not be a cache: a ConfigMap is read by name just
// before it is written, and a cache would keep every ConfigMap of the cluster.
func NewConfigMaps(reader client.Reader, writer client.Writer) *ConfigMaps {
	return &ConfigMaps{reader: reader, writer: writer}
}

// Get implements Documents.
func (c *ConfigMaps) Get(ctx context.Context, ref Ref) (Document, bool, error) {
	var found corev1.ConfigMap
	err := c.reader.Get(ctx, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, &found)
	if apierrors.IsNotFound(err) {
		return Document{}, false, nil
	}
	if err != nil {
		return Document{}, false, fmt.Errorf("getting ConfigMap %s: %w", ref, classed(err))
	}
	doc := Document{Ref: ref, ID: string(found.UID), Version: found.ResourceVersion, Data: found.Data}
	if found.Labels[LabelManagedBy] == ManagedBy {
		doc.Mark = found.Labels[LabelOwner]
	}
	return doc, true, nil
}

// Put implements Documents.
func (c *ConfigMaps) Put(ctx context.Context, doc Document) error {
	wanted := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: doc.Namespace, Name: doc.Name, UID: types.UID(doc.ID), ResourceVersion: doc.Version,
			Labels: map[string]string{LabelManagedBy: ManagedBy, LabelOwner: doc.Mark},
		},
		Data: maps.Clone(doc.Data),
	}
	if doc.Version == "" {
		if err := c.writer.Create(ctx, wanted); err != nil {
			return fmt.Errorf("creating ConfigMap %s: %w", doc.Ref, classed(err))
		}
		return nil
	}
	if err := c.writer.Update(ctx, wanted); err != nil {
		return fmt.Errorf("updating ConfigMap %s: %w", doc.Ref, classed(err))
	}
	return nil
}

// Delete implements Documents.
func (c *ConfigMaps) Delete(ctx context.Context, doc Document) error {
	victim := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: doc.Namespace, Name: doc.Name}}
	uid := types.UID(doc.ID)
	err := c.writer.Delete(ctx, victim, client.Preconditions{UID: &uid, ResourceVersion: &doc.Version})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting ConfigMap %s: %w", doc.Ref, classed(err))
	}
	return nil
}
