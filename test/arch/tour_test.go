package arch

import (
	"os"
	"strings"
	"testing"
)

// TestTourNamesEveryFolder keeps CONTRIBUTING.md's list of folders whole: a folder with Go code has a row, or lies below one.
func TestTourNamesEveryFolder(t *testing.T) {
	contributing, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	repository, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for line := range strings.Lines(string(contributing)) {
		if cells := strings.Split(line, "`"); strings.HasPrefix(line, "| `") && len(cells) > 2 {
			rows[cells[1]] = true
		}
	}
	has := map[string]bool{}
	for _, file := range repository.files {
		has[file.dir] = true
		below := strings.HasPrefix(file.dir, "test/cluster/") || strings.HasPrefix(file.dir, "test/simcloud/")
		if file.dir != "." && !rows[file.dir] && !below {
			t.Errorf("CONTRIBUTING.md has no row for %s", file.dir)
			rows[file.dir] = true
		}
	}
	for row := range rows {
		if !has[row] && row != "config" && row != "charts/edgegateway" {
			t.Errorf("CONTRIBUTING.md has a row for %s, which holds no Go code", row)
		}
	}
}
