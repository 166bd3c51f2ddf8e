package python

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// requirements are in the binary, which may run far from the repository.
//
//go:embed requirements.txt
var requirements []byte

// Home returns the folder of the packages: EDGEGATEWAY_PYTHON, or edgegateway/python in the user's cache. It is an error if they are not
// there, or not those of requirements.txt.
func Home() (string, error) {
	dir := os.Getenv("EDGEGATEWAY_PYTHON")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("there is no cache folder, and EDGEGATEWAY_PYTHON is not set: %w", err)
		}
		dir = filepath.Join(cache, "edgegateway", "python")
	}
	installed, err := os.ReadFile(filepath.Join(dir, "requirements.txt"))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the packages of test/simcloud/python/requirements.txt are not in %s; .ci/run installs them", dir)
	}
	if err != nil {
		return "", err
	}
	if !bytes.Equal(requirements, installed) {
		return "", fmt.Errorf("the packages in %s are not those of test/simcloud/python/requirements.txt; .ci/run installs them", dir)
	}
	return dir, nil
}

// Find is Home for a test that can do nothing without it: it skips the test, loudly, or fails it where CI is set.
func Find(t testing.TB) string {
	t.Helper()
	dir, err := Home()
	switch {
	case err == nil:
	case InCI():
		t.Fatalf("CI must have the judges of the simulated clouds: %v", err)
	default:
		t.Skipf("NO INDEPENDENT JUDGE, so the simulated cloud is NOT COMPARED with anything: %v", err)
	}
	return dir
}

// InCI reports whether a missing judge is a failure.
func InCI() bool { return cmp.Or(os.Getenv("CI"), "false") != "false" }
