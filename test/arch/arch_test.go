package arch

import (
	"os"
	"testing"
)

// TestRepository checks this very repository.
func TestRepository(t *testing.T) {
	root := os.DirFS("../..")
	repository, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(repository.files) < 50 {
		t.Fatalf("only %d Go files were found: the test looks in the wrong place", len(repository.files))
	}
	violations, err := Check(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range violations {
		t.Error(violation)
	}
}
