package cluster

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCIInstallsWhatAClusterNeeds compares the two lists: what .ci/run left out would be installed beside the tests that need no cluster, some of
// which would find a program and others not.
func TestCIInstallsWhatAClusterNeeds(t *testing.T) {
	script, err := os.ReadFile("../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?m)^packages=\(([^)]*)\)`).FindSubmatch(script)
	if list == nil {
		t.Fatal("there is no list of packages")
	}
	installed := strings.Fields(string(list[1]))
	for _, p := range debianPackages {
		if !slices.Contains(installed, p.name) {
			t.Errorf(".ci/run does not install %s", p.name)
		}
	}
}
