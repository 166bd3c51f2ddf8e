package python

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

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
	wanted, err := requirements()
	if err != nil {
		return "", err
	}
	installed, err := os.ReadFile(filepath.Join(dir, "requirements.txt"))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the packages of test/simcloud/requirements.txt are not in %s; .ci/run installs them", dir)
	}
	if err != nil {
		return "", err
	}
	if !bytes.Equal(wanted, installed) {
		return "", fmt.Errorf("the packages in %s are not those of test/simcloud/requirements.txt; .ci/run installs them", dir)
	}
	return dir, nil
}

// requirements are what the repository asks for now, or, in a binary that has left it, nothing.
func requirements() ([]byte, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return nil, errors.New("this binary does not know its source")
	}
	return os.ReadFile(filepath.Join(filepath.Dir(here), "..", "requirements.txt"))
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

// InCI says whether a missing judge is a failure.
func InCI() bool { return cmp.Or(os.Getenv("CI"), "false") != "false" }
