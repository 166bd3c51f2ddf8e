package cluster

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestSameContentMakesTheSameImage(t *testing.T) {
	spec := ImageSpec{
		Name: "example.com/app:1", Entrypoint: []string{"/bin/app"}, User: nonRoot, Env: []string{"A=1"},
		Files: []ImageFile{
			{Path: "/etc/app.conf", Content: []byte("a"), Mode: 0o644}, {Path: "/bin/app", Content: []byte("b"), Mode: 0o755},
		},
	}
	dir := t.TempDir()
	first, err := BuildImage(spec, filepath.Join(dir, "first.tar"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(spec.Files)
	second, err := BuildImage(spec, filepath.Join(dir, "second.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Errorf("the ids are %s and %s", first, second)
	}
	if hashOf(t, filepath.Join(dir, "first.tar")) != hashOf(t, filepath.Join(dir, "second.tar")) {
		t.Error("the archives differ")
	}
	spec.Files[0].Mode = 0o600
	third, err := BuildImage(spec, filepath.Join(dir, "third.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if third == first {
		t.Error("another mode makes the same image")
	}
	if name, err := archiveName(filepath.Join(dir, "first.tar")); err != nil || name != spec.Name {
		t.Errorf("the archive's name is %q (%v)", name, err)
	}
}

func TestLayerHasTheFoldersAboveItsFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layer.tar")
	if _, err := writeLayer([]ImageFile{{Path: "/usr/local/bin/app", Content: []byte("x"), Mode: 0o755}}, path); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var names []string
	for entries := tar.NewReader(file); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s has the time %s", header.Name, header.ModTime)
		}
		names = append(names, header.Name)
	}
	if want := []string{"tmp/", "usr/", "usr/local/", "usr/local/bin/", "usr/local/bin/app"}; !slices.Equal(names, want) {
		t.Errorf("the layer has %q, want %q", names, want)
	}
}

func TestLibrariesAreThoseThatLddNames(t *testing.T) {
	said := `	linux-vdso.so.1 (0x00007ffd)
	libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
	/lib64/ld-linux-x86-64.so.2 (0x00007f)
`
	want := []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"}
	if got := libraries(said); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func hashOf(t *testing.T, path string) string {
	t.Helper()
	sum, err := hashFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
