package cluster

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The images that a cluster has from its start, and the operator's, which the caller loads.
const (
	PauseImage = "edgegateway.dev/pause:1"
	// EchoImage is the backend of test/cluster/echo.
	EchoImage = "ghcr.io/edgegateway/echo:dev"
	// EnvoyImage has the name that the bundled proxy's Deployment asks for.
	EnvoyImage = "docker.io/envoyproxy/envoy:distroless-v1.40.0"
	// OperatorImage is the operator as this repository builds it.
	OperatorImage = "ghcr.io/edgegateway/edgegateway:dev"

	// nonRoot is the user of distroless images.
	nonRoot = "65532:65532"
	// managedLabel is on an image that the kubelet can see.
	managedLabel = "io.cri-containerd.image=managed"
)

// imagePart keeps an image made from files that do not change, as image.tar.
func imagePart(name string, spec ImageSpec) (part, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %q %s %q\n", spec.Name, spec.Entrypoint, spec.User, spec.Env)
	for _, file := range spec.Files {
		sum, err := hashFile(file.From)
		if err != nil {
			return part{}, err
		}
		fmt.Fprintf(hash, "%s %s %o\n", sum, file.Path, file.Mode)
	}
	build := func(_ context.Context, dir string) error {
		_, err := BuildImage(spec, filepath.Join(dir, "image.tar"))
		return err
	}
	return part{name: "image-" + name, key: shortHash(hash.Sum(nil)), make: build}, nil
}

func staticImage(name, binary, user string) ImageSpec {
	target := "/" + filepath.Base(binary)
	return ImageSpec{
		Name: name, Entrypoint: []string{target}, User: user,
		Files: []ImageFile{{Path: target, From: binary, Mode: 0o755}},
	}
}

// imageParts returns the folders of the images that a cluster starts with, by name of the image.
func imageParts(ctx context.Context, parts *parts, logf func(string, ...any)) (map[string]string, error) {
	specs := map[string]ImageSpec{
		"pause": staticImage(PauseImage, parts.program("pause"), nonRoot),
		"echo":  staticImage(EchoImage, parts.program("echo"), nonRoot),
	}
	if parts.Envoy != "" {
		files, err := envoyFiles(ctx, filepath.Join(parts.Envoy, "envoy"))
		if err != nil {
			return nil, err
		}
		specs["envoy"] = ImageSpec{
			Name: EnvoyImage, Files: files, Entrypoint: []string{"/usr/local/bin/envoy"}, User: nonRoot,
		}
	}
	tars := map[string]string{}
	for name, spec := range specs {
		image, err := imagePart(name, spec)
		if err != nil {
			return nil, err
		}
		dir, err := image.ensure(ctx, logf)
		if err != nil {
			return nil, err
		}
		tars[name] = filepath.Join(dir, "image.tar")
	}
	return tars, nil
}

// BuildOperator compiles the operator, a static binary, and returns its path.
func (c *Cluster) BuildOperator(ctx context.Context) (string, error) {
	binary := filepath.Join(c.dir, "build", "edgegateway")
	if err := goBuild(ctx, c.source, "build", "-ldflags", "-s -w", "-o", binary, "."); err != nil {
		return "", fmt.Errorf("building the operator: %w", err)
	}
	return binary, nil
}

// LoadOperatorImage makes the node have OperatorImage with this binary in it.
func (c *Cluster) LoadOperatorImage(ctx context.Context, binary string) error {
	dir, err := os.MkdirTemp(c.dir, "image-")
	if err != nil {
		return fmt.Errorf("making the operator's image: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	spec := staticImage(OperatorImage, binary, nonRoot)
	spec.Files[0].Path, spec.Entrypoint = "/edgegateway", []string{"/edgegateway"}
	archive := filepath.Join(dir, "image.tar")
	if _, err := BuildImage(spec, archive); err != nil {
		return err
	}
	return c.LoadImage(ctx, archive)
}

// LoadImage makes the node have the image of a docker-archive. It does nothing if this very archive was the last one
// loaded under the image's name.
func (c *Cluster) LoadImage(ctx context.Context, archive string) error {
	name, err := archiveName(archive)
	if err != nil {
		return err
	}
	sum, err := hashFile(archive)
	if err != nil {
		return err
	}
	record := filepath.Join(c.dir, "images", url.PathEscape(name))
	if last, err := os.ReadFile(record); err == nil && string(last) == sum {
		return nil
	}
	if _, err := c.ctr(ctx, "images", "import", archive); err != nil {
		return fmt.Errorf("loading %s: %w", name, err)
	}
	if err := c.waitForImages(ctx); err != nil {
		return fmt.Errorf("loading %s: %w", name, err)
	}
	if err := os.WriteFile(record, []byte(sum), 0o644); err != nil {
		return fmt.Errorf("recording %s: %w", name, err)
	}
	return nil
}

// waitForImages returns when containerd's Kubernetes side has taken notice of all images.
func (c *Cluster) waitForImages(ctx context.Context) error {
	for {
		list, err := c.ctr(ctx, "images", "ls")
		if err != nil {
			return fmt.Errorf("listing images: %w", err)
		}
		lines := strings.Split(strings.TrimSpace(list), "\n")[1:]
		managed := strings.Count(list, managedLabel)
		if len(lines) > 0 && managed == len(lines) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for containerd to notice it: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ctr runs containerd's client and returns what it said.
func (c *Cluster) ctr(ctx context.Context, args ...string) (string, error) {
	args = append([]string{"--address", c.containerdSocket(), "--namespace", "k8s.io"}, args...)
	return output(c.Host(NodeHost).Command(ctx, filepath.Join(c.parts.Tools, "ctr"), args...))
}
