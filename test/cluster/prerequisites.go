package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// debianPackage is what we need of Debian.
type debianPackage struct {
	name string
	// provides is a file of it, or a command.
	provides string
	// unit is the service that it would start.
	unit string
}

// debianPackages are what the node runs, and the servers that tests run on the other hosts.
var debianPackages = []debianPackage{
	{"iproute2", "ip", ""},
	{"util-linux", "nsenter", ""},
	{"runc", "runc", ""},
	{"iptables", "iptables", ""},
	{"nftables", "nft", "nftables"},
	{"conntrack", "conntrack", ""},
	{"haproxy", "haproxy", "haproxy"},
	{"bind9", "named", "named"},
	{"knot", "knotd", "knot"},
	{"nginx-light", "nginx", "nginx"},
	{"libnginx-mod-stream", "/usr/lib/nginx/modules/ngx_stream_module.so", ""},
	{"bind9-dnsutils", "dig", ""},
	{"python3-pip", "pip3", ""},
}

// checkMachine returns an *Unavailable if no cluster can run here; it installs what Debian has and the machine lacks.
func checkMachine(ctx context.Context, logf func(string, ...any)) error {
	if runtime.GOOS != "linux" {
		return unavailable("it needs Linux, this is %s", runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return unavailable("it needs root")
	}
	if _, err := cgroupRoots(); err != nil {
		return err
	}
	if _, err := exec.LookPath("go"); err != nil {
		return unavailable("the go command is missing")
	}
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return unavailable("%s missing, and there is no apt-get to install them", packageNames(missing))
	}
	return install(ctx, missing, logf)
}

func missingPackages() []debianPackage {
	var missing []debianPackage
	for _, p := range debianPackages {
		if _, err := exec.LookPath(p.provides); err != nil && !exists(p.provides) {
			missing = append(missing, p)
		}
	}
	return missing
}

// exists finds a module, which isn't executable.
func exists(path string) bool {
	_, err := os.Stat(path)
	return strings.HasPrefix(path, "/") && err == nil
}

func packageNames(packages []debianPackage) string {
	var names []string
	for _, p := range packages {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// install never has a service start on the machine's own network: without systemd, run level 1 keeps Debian from starting
// any; with it, their units are masked before they exist, and disabled afterwards.
func install(ctx context.Context, missing []debianPackage, logf func(string, ...any)) error {
	stop := progress(logf, "installing "+packageNames(missing))
	defer stop()
	if err := onUnits(ctx, missing, "mask"); err != nil {
		return err
	}
	args := []string{"install", "--yes", "--no-install-recommends"}
	for _, p := range missing {
		args = append(args, p.name)
	}
	for _, args := range [][]string{{"update"}, args} {
		command := exec.CommandContext(ctx, "apt-get", args...)
		command.Env = append(os.Environ(), "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive")
		err := run(command)
		if err != nil && ctx.Err() == nil {
			return unavailable("%s could not be installed (%v)", packageNames(missing), err)
		}
		if err != nil {
			return err
		}
	}
	if err := onUnits(ctx, missing, "unmask", "disable"); err != nil {
		return err
	}
	if missing := missingPackages(); len(missing) > 0 {
		return unavailable("%s still missing after their installation", packageNames(missing))
	}
	return nil
}

// onUnits does nothing where there is no systemd.
func onUnits(ctx context.Context, packages []debianPackage, verbs ...string) error {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return nil
	}
	for _, p := range packages {
		if p.unit == "" {
			continue
		}
		for _, verb := range verbs {
			if err := run(exec.CommandContext(ctx, "systemctl", verb, p.unit)); err != nil {
				return fmt.Errorf("keeping the service of %s from starting: %w", p.name, err)
			}
		}
	}
	return nil
}
