package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/test/cluster"
)

// startTimeLimit includes building Kubernetes on a machine that has never seen it.
const startTimeLimit = 35 * time.Minute

// world is what all tests share.
type world struct {
	// cluster is nil where E2E_KUBECONFIG names another one.
	cluster    *cluster.Cluster
	kubeconfig string
	// missing says why there is no cluster.
	missing string
}

var shared world

func TestMain(m *testing.M) {
	flag.Parse()
	// Clients log nothing that an error doesn't say.
	log.SetLogger(logr.Discard())
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var unavailable *cluster.Unavailable
	switch err := shared.start(ctx); {
	case errors.As(err, &unavailable):
		shared.missing = unavailable.Missing
		fmt.Fprint(os.Stderr, loudly(unavailable.Missing))
		return m.Run()
	case err != nil:
		fmt.Fprintln(os.Stderr, "starting the cluster of the end-to-end tests:", err)
		return 1
	}
	defer shared.stop()
	defer context.AfterFunc(ctx, func() {
		fmt.Fprintln(os.Stderr, "interrupted: stopping the cluster")
		shared.stop()
		os.Exit(1)
	})()
	if err := shared.installAPIs(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// loudly is a message that nobody reads over.
func loudly(missing string) string {
	line := strings.Repeat("!", 100)
	return fmt.Sprintf("%s\n!!! THE END-TO-END TESTS ARE LEFT OUT: no cluster can run here: %s\n"+
		"!!! What is green now has not been tried on a real Kubernetes.\n%s\n", line, missing, line)
}

func (w *world) start(ctx context.Context) error {
	if testing.Short() {
		return &cluster.Unavailable{Missing: "-short asks for tests without one"}
	}
	if w.kubeconfig = os.Getenv("E2E_KUBECONFIG"); w.kubeconfig != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeLimit)
	defer cancel()
	begin := time.Now()
	started, err := cluster.Start(ctx, cluster.Config{Name: cmp.Or(os.Getenv("E2E_CLUSTER"), "e2e"), Logf: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}})
	if err != nil {
		return err
	}
	w.cluster, w.kubeconfig = started, started.Kubeconfig()
	return nil
}

func (w *world) stop() {
	if w.cluster == nil {
		return
	}
	closeSite()
	if err := w.cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the cluster of the end-to-end tests:", err)
	}
}

// installAPIs applies our CRDs and Gateway API's, of the version in go.mod, and waits until they are served.
func (w *world) installAPIs(ctx context.Context) error {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api")
	list.Dir = repository
	dir, err := output(list)
	if err != nil {
		return err
	}
	gatewayAPI := filepath.Join(strings.TrimSpace(dir), "config/crd/standard")
	if _, err := output(w.kubectl(ctx, "apply", "--server-side", "-f", gatewayAPI)); err != nil {
		return err
	}
	if _, err := output(w.kubectl(ctx, "apply", "--server-side", "--force-conflicts", "-k", filepath.Join(repository, "config/crd"))); err != nil {
		return err
	}
	_, err = output(w.kubectl(ctx, "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"))
	return err
}

// repository is the folder of this module, seen from the tests.
const repository = "../.."

// kubectl is a command on the shared cluster.
func (w *world) kubectl(ctx context.Context, args ...string) *exec.Cmd {
	if w.cluster != nil {
		return w.cluster.KubectlCommand(ctx, args...)
	}
	return w.withKubeconfig(exec.CommandContext(ctx, "kubectl", args...))
}

// helm is a command on the shared cluster.
func (w *world) helm(ctx context.Context, args ...string) *exec.Cmd {
	if w.cluster != nil {
		return w.cluster.HelmCommand(ctx, args...)
	}
	return w.withKubeconfig(exec.CommandContext(ctx, "helm", args...))
}

func (w *world) withKubeconfig(command *exec.Cmd) *exec.Cmd {
	command.Env = append(os.Environ(), "KUBECONFIG="+w.kubeconfig)
	return command
}

// output runs a command. The error holds what it said on stderr.
func output(command *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return stdout.String(), fmt.Errorf("running %s: %w: %s", strings.Join(command.Args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// needCluster skips the test where there is no cluster.
func needCluster(t *testing.T) *world {
	t.Helper()
	if shared.missing != "" {
		t.Skip("left out: no cluster can run here: " + shared.missing)
	}
	return &shared
}

// client talks to the shared cluster as administrator, without any rate limit. Fields that the API doesn't have are errors.
func (w *world) client(t *testing.T) client.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, api.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return client.WithFieldValidation(c, "Strict")
}
