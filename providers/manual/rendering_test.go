package manual

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// handedOffBefore calls test for each case of testdata/rendering1, with the hand-off as the first operators wrote it, and its gateway.
func handedOffBefore(t *testing.T, test func(t *testing.T, p *Provider, docs *memory, doc Document, gw providers.Gateway)) {
	t.Helper()
	cases, err := filepath.Glob("testdata/rendering1/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			inputs, provider, published, docs := settled(t, archive)
			_, document, _ := ownDocument(published)
			ref := parseRef(document.Name)
			doc, _, _ := docs.Get(t.Context(), ref)
			for _, written := range archive.Files {
				if slices.Contains([]string{fileData, fileHAProxy, fileNginx, fileSheet}, written.Name) {
					doc.Data[written.Name] = string(written.Data)
				}
			}
			if err := docs.Put(t.Context(), doc); err != nil {
				t.Fatal(err)
			}
			test(t, provider, docs, docs.docs[ref], gatewayIn(t, inputs.Files[len(inputs.Files)-1]))
		})
	}
}

// TestAHandoffOfAnOlderOperatorIsTakenOverAsItIs: a better rendering alone is nothing to write, and no new hand-off.
func TestAHandoffOfAnOlderOperatorIsTakenOverAsItIs(t *testing.T) {
	handedOffBefore(t, func(t *testing.T, p *Provider, docs *memory, before Document, gw providers.Gateway) {
		observed, err := p.Observe(t.Context(), testOwner, refsOf(gw))
		if err != nil {
			t.Fatal(err)
		}
		desired, err := p.Desired(gw, observed)
		if err != nil {
			t.Fatal(err)
		}
		if changes := plan.Diff(desired, observed); len(changes) > 0 {
			t.Errorf("%d changes, the first of %v", len(changes), changes[0].Fields)
		}
		if diff := cmp.Diff(before.Data, docs.docs[before.Ref].Data); diff != "" {
			t.Errorf("the texts changed (-before +now):\n%s", diff)
		}
	})
}

// TestAnOlderHandoffIsRenderedAnewWhenSomethingElseOfItChanges, such as the nodes, or somebody's edit that is mended.
func TestAnOlderHandoffIsRenderedAnewWhenSomethingElseOfItChanges(t *testing.T) {
	const newer = "max-spread-checks"
	handedOffBefore(t, func(t *testing.T, p *Provider, docs *memory, before Document, gw providers.Gateway) {
		if strings.Contains(before.Data[fileHAProxy], newer) {
			t.Fatal("it is not an older one")
		}
		edited := before
		edited.Data[fileNginx] += "# scribble\n"
		if err := docs.Put(t.Context(), edited); err != nil {
			t.Fatal(err)
		}
		mended := specIn(settle(t, p, testOwner, gw)).Hash
		if text := docs.docs[before.Ref].Data; !strings.Contains(text[fileHAProxy], newer) || strings.Contains(text[fileNginx], "scribble") {
			t.Errorf("after an edit by hand there is\n%s%s", text[fileHAProxy], text[fileNginx])
		}
		if was := p.decode(before.Data).Hash; mended != was {
			t.Errorf("the hash was %s and is %s", was, mended)
		}
	})
	handedOffBefore(t, func(t *testing.T, p *Provider, docs *memory, before Document, gw providers.Gateway) {
		gw.Targets = append(gw.Targets, providers.Target{Name: "node-z", Address: "10.0.0.99"})
		settle(t, p, testOwner, gw)
		if text := docs.docs[before.Ref].Data[fileHAProxy]; !strings.Contains(text, newer) || !strings.Contains(text, "node-z") {
			t.Errorf("with another node there is\n%s", text)
		}
	})
}
