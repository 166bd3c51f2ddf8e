package e2e

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// TestAdmission tries both sides of every limit: in earnest, and as a dry run, whose answer must be the same.
func TestAdmission(t *testing.T) {
	c := needCluster(t).client(t)
	for kind, path := range caseFiles {
		cases := readCases(t, path)
		for _, one := range cases.Cases {
			t.Run(kind+"/"+one.Name, func(t *testing.T) { try(t, c, cases, one) })
		}
	}
}

func try(t *testing.T, c client.Client, cases apiCases, one apiCase) {
	ctx := t.Context()
	if len(one.Refused) == 0 || one.Bad == nil || one.Good == nil {
		t.Fatal("the case needs bad, good and refused")
	}
	submit := c.Create
	if one.Old != nil {
		old := cases.object(one.Old)
		create(t, c, old)
		submit = func(ctx context.Context, object client.Object, options ...client.CreateOption) error {
			object.SetResourceVersion(old.GetResourceVersion())
			if len(options) > 0 {
				return c.Update(ctx, object, client.DryRunAll)
			}
			return c.Update(ctx, object)
		}
	}
	if err := submit(ctx, cases.object(one.Good), client.DryRunAll); err != nil {
		t.Errorf("good is refused: %v", err)
	}
	dry := submit(ctx, cases.object(one.Bad), client.DryRunAll)
	expectRefusals(t, "dry run", dry, one.Refused)
	wet := submit(ctx, cases.object(one.Bad))
	if wet == nil && one.Old == nil {
		remove(t, c, cases.object(one.Bad))
	}
	expectRefusals(t, "in earnest", wet, one.Refused)
	if dry != nil && wet != nil {
		if diff := gocmp.Diff(refusals(wet), refusals(dry)); diff != "" {
			t.Errorf("the dry run says something else (-in earnest +dry run):\n%s", diff)
		}
	}
}

// create makes an object that goes with the test.
func create(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	if err := c.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, c, object) })
}

func remove(t *testing.T, c client.Client, object client.Object) {
	if err := c.Delete(context.Background(), object); client.IgnoreNotFound(err) != nil {
		t.Errorf("cleaning up: %v", err)
	}
}

// expectRefusals fails the test unless an answer has just these errors, in any order.
func expectRefusals(t *testing.T, how string, err error, want []refusal) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: bad is accepted", how)
		return
	}
	got := refusals(err)
	matches := len(got) == len(want)
	for _, expected := range want {
		matches = matches && slices.ContainsFunc(got, func(actual refusal) bool {
			return actual.Field == expected.Field && strings.Contains(actual.Says, expected.Says)
		})
	}
	if !matches {
		t.Errorf("%s: it is refused otherwise:\n got %q\nwant %q", how, got, want)
	}
}

// refusals are the errors in an answer, sorted. An answer without fields is one with an empty field.
func refusals(err error) []refusal {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return []refusal{{Says: err.Error()}}
	}
	var found []refusal
	for _, cause := range status.Status().Details.Causes {
		if !strings.Contains(cause.Message, "some validation rules were not checked") {
			found = append(found, refusal{Field: cause.Field, Says: cause.Message})
		}
	}
	slices.SortFunc(found, func(a, b refusal) int { return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Says, b.Says)) })
	return found
}

// TestKubectlSaysTheSame has kubectl apply every bad object as a dry run on the server, all in one command, and looks for each field and
// message in what it prints.
func TestKubectlSaysTheSame(t *testing.T) {
	w := needCluster(t)
	var manifests, want []string
	for _, path := range caseFiles {
		cases := readCases(t, path)
		for _, one := range cases.Cases {
			if one.Old != nil {
				continue
			}
			manifests = append(manifests, manifest(t, cases.object(one.Bad)))
			for _, expected := range one.Refused {
				want = append(want, regexp.QuoteMeta(expected.Field)+`.*`+regexp.QuoteMeta(expected.Says))
			}
		}
	}
	kubectl := w.kubectl(t.Context(), "apply", "--dry-run=server", "-f", "-")
	kubectl.Stdin = strings.NewReader(strings.Join(manifests, "---\n"))
	stdout, err := output(kubectl)
	if err == nil || stdout != "" {
		t.Fatalf("kubectl accepts something: %s", stdout)
	}
	for _, pattern := range want {
		if !regexp.MustCompile(pattern).MatchString(err.Error()) {
			t.Errorf("kubectl does not say %s", pattern)
		}
	}
	if refused := strings.Count(err.Error(), "Error from server ("); refused != len(manifests) {
		t.Errorf("kubectl says that %d of %d objects are refused", refused, len(manifests))
	}
}

func manifest(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	text, err := yaml.Marshal(object.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
