package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
)

const (
	// stateRoot holds a folder for each cluster: a fixed place, so that whoever cleans up finds it, and a short one,
	// since sockets are in it.
	stateRoot = "/var/lib/edgecluster"
	// marker is the environment variable that names the cluster in each process that we start.
	marker = "EDGECLUSTER"
	// defaultName is the cluster's that no one named.
	defaultName = "edge"
)

// namePattern keeps names short enough for sockets, and fit for cgroups, namespaces and folders.
const namePattern = `^[a-z][a-z0-9]{0,15}$`

// Config says which cluster to start. Its zero value is usable.
type Config struct {
	// Name tells clusters apart: letters and digits, at most 16. Default "edge". Clusters of different names may run at
	// the same time, with the same addresses, since their networks never meet.
	Name string
	// Source is this repository's folder. Default: where this package was compiled from.
	Source string
	// Logf gets a line for each step, and at least every 15 s while something is built. Default: no one.
	Logf func(format string, args ...any)
	// WithoutEnvoy leaves Envoy's image out, which takes two of the seconds that a start needs.
	WithoutEnvoy bool
}

func (c Config) withDefaults() (Config, error) {
	if c.Name == "" {
		c.Name = defaultName
	}
	if err := checkName(c.Name); err != nil {
		return c, err
	}
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	if c.Source == "" {
		source, err := compiledFrom()
		if err != nil {
			return c, err
		}
		c.Source = source
	}
	return c, nil
}

func checkName(name string) error {
	if !regexp.MustCompile(namePattern).MatchString(name) {
		return fmt.Errorf("checking the cluster's name %q: it must match %s", name, namePattern)
	}
	return nil
}

// compiledFrom is the repository that holds this very file.
func compiledFrom() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "", errors.New("finding the repository: compiled with -trimpath; set Config.Source")
	}
	return filepath.Join(filepath.Dir(file), "..", ".."), nil
}

// Unavailable is the error of a machine on which no cluster can run; a test that gets it should skip, and say so.
type Unavailable struct {
	// Missing is what the machine lacks, as a clause.
	Missing string
}

func (u *Unavailable) Error() string {
	return "no cluster can run on this machine: " + u.Missing
}

func unavailable(format string, args ...any) error {
	return &Unavailable{Missing: fmt.Sprintf(format, args...)}
}

// stateDir is all that a cluster keeps on disk, but for its lock.
func stateDir(name string) string { return filepath.Join(stateRoot, name) }

// partsRoot keeps what was built or downloaded.
func partsRoot() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", unavailable("it has no cache folder (%v)", err)
	}
	return filepath.Join(cache, "edgegateway", "parts"), nil
}
