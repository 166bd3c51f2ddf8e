package translate

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden translates in.yaml of each case and compares ir.yaml and status.yaml. Each file is a sentence; those of bad objects start
// with "bad".
func TestGolden(t *testing.T) {
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive := readArchive(t, file)
			result := Build(readInputs(t, archive))
			want := &txtar.Archive{Comment: archive.Comment, Files: []txtar.File{
				{Name: "in.yaml", Data: section(archive, "in.yaml")},
				{Name: "ir.yaml", Data: renderGateways(t, result)},
				{Name: "status.yaml", Data: renderStatus(t, result)},
			}}
			if *update {
				if err := os.WriteFile(file, txtar.Format(want), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(want))); diff != "" {
				t.Errorf("other than the golden file (-want +got); go test -update rewrites it:\n%s", diff)
			}
		})
	}
}

func goldenFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	return files
}

func readArchive(t *testing.T, file string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func section(archive *txtar.Archive, name string) []byte {
	for _, file := range archive.Files {
		if file.Name == name {
			return file.Data
		}
	}
	return nil
}
