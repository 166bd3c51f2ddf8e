package cluster

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"
)

// ImageSpec says what a container image is made of.
type ImageSpec struct {
	// Name is the full name under which pods ask for it.
	Name string
	// Files is its only layer.
	Files      []ImageFile
	Entrypoint []string
	User       string
	Env        []string
}

// ImageFile is a file of an image: the content of From, or Content if From is empty.
type ImageFile struct {
	Path    string
	From    string
	Content []byte
	Mode    int64
}

// BuildImage writes an image as a docker-archive at path and returns its id. The same content makes the same bytes:
// nothing of the time, the user or the machine is in it.
func BuildImage(spec ImageSpec, path string) (id string, err error) {
	layerPath := path + ".layer"
	defer func() { _ = os.Remove(layerPath) }()
	layerHash, err := writeLayer(spec.Files, layerPath)
	if err != nil {
		return "", fmt.Errorf("making the layer of %s: %w", spec.Name, err)
	}
	config, err := imageConfig(spec, layerHash)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(config)
	id = hex.EncodeToString(sum[:])
	manifest, err := json.Marshal([]map[string]any{{
		"Config": id + ".json", "RepoTags": []string{spec.Name}, "Layers": []string{layerHash + ".tar"},
	}})
	if err != nil {
		return "", fmt.Errorf("writing the manifest of %s: %w", spec.Name, err)
	}
	err = writeArchive(path, []ImageFile{
		{Path: "manifest.json", Content: manifest, Mode: 0o644},
		{Path: id + ".json", Content: config, Mode: 0o644},
		{Path: layerHash + ".tar", From: layerPath, Mode: 0o644},
	})
	if err != nil {
		return "", fmt.Errorf("writing the image %s: %w", spec.Name, err)
	}
	return id, nil
}

func imageConfig(spec ImageSpec, layerHash string) ([]byte, error) {
	env := append([]string{"PATH=/usr/local/bin:/usr/bin:/bin"}, spec.Env...)
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"created":      time.Unix(0, 0).UTC(),
		"config":       map[string]any{"Entrypoint": spec.Entrypoint, "User": spec.User, "Env": env, "WorkingDir": "/"},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + layerHash}},
		"history":      []map[string]any{{"created": time.Unix(0, 0).UTC()}},
	})
	if err != nil {
		return nil, fmt.Errorf("writing the config of %s: %w", spec.Name, err)
	}
	return config, nil
}

// writeLayer writes files with the folders above them, and /tmp, and returns the sha256.
func writeLayer(files []ImageFile, to string) (string, error) {
	files = slices.SortedFunc(slices.Values(files), func(a, b ImageFile) int { return cmp.Compare(a.Path, b.Path) })
	folders := []string{"tmp/"}
	for _, file := range files {
		for dir := path.Dir(strings.TrimPrefix(file.Path, "/")); dir != "."; dir = path.Dir(dir) {
			folders = append(folders, dir+"/")
		}
	}
	slices.Sort(folders)
	var entries []ImageFile
	for _, folder := range slices.Compact(folders) {
		mode := int64(0o755)
		if folder == "tmp/" {
			mode = 0o1777
		}
		entries = append(entries, ImageFile{Path: folder, Mode: mode})
	}
	if err := writeArchive(to, append(entries, files...)); err != nil {
		return "", err
	}
	return hashFile(to)
}

// writeArchive writes a tar; an entry whose path ends in a slash is a folder.
func writeArchive(to string, entries []ImageFile) error {
	file, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("making %s: %w", to, err)
	}
	archive := tar.NewWriter(file)
	for _, entry := range entries {
		if err := writeEntry(archive, entry); err != nil {
			_ = file.Close()
			return fmt.Errorf("adding %s: %w", entry.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		_ = file.Close()
		return fmt.Errorf("ending %s: %w", to, err)
	}
	return file.Close()
}

func writeEntry(archive *tar.Writer, entry ImageFile) error {
	header := &tar.Header{
		Name: strings.TrimPrefix(entry.Path, "/"), Mode: entry.Mode, Size: int64(len(entry.Content)),
		Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	}
	var content io.Reader = bytes.NewReader(entry.Content)
	if strings.HasSuffix(entry.Path, "/") {
		header.Typeflag = tar.TypeDir
	}
	if entry.From != "" {
		file, err := os.Open(entry.From)
		if err != nil {
			return fmt.Errorf("opening: %w", err)
		}
		defer func() { _ = file.Close() }()
		info, err := file.Stat()
		if err != nil {
			return fmt.Errorf("measuring: %w", err)
		}
		header.Size, content = info.Size(), file
	}
	if err := archive.WriteHeader(header); err != nil {
		return fmt.Errorf("writing the header: %w", err)
	}
	if _, err := io.Copy(archive, content); err != nil {
		return fmt.Errorf("writing the content: %w", err)
	}
	return nil
}

// archiveName is the name of a docker-archive's image.
func archiveName(archive string) (string, error) {
	file, err := os.Open(archive)
	if err != nil {
		return "", fmt.Errorf("opening an image: %w", err)
	}
	defer func() { _ = file.Close() }()
	for entries := tar.NewReader(file); ; {
		header, err := entries.Next()
		if err != nil {
			return "", fmt.Errorf("finding the manifest in %s: %w", archive, err)
		}
		if header.Name != "manifest.json" {
			continue
		}
		var manifest []struct{ RepoTags []string }
		if err := json.NewDecoder(entries).Decode(&manifest); err != nil {
			return "", fmt.Errorf("reading the manifest in %s: %w", archive, err)
		}
		if len(manifest) != 1 || len(manifest[0].RepoTags) != 1 {
			return "", fmt.Errorf("reading the manifest in %s: it must have one image with one name", archive)
		}
		return manifest[0].RepoTags[0], nil
	}
}
