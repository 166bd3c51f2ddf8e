package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// completeLimit includes a proxy's drain, which connections that are open and quiet can make last.
const completeLimit = 2 * time.Minute

// pods of a Deployment, those that are leaving too.
func (d *drill) pods(ctx context.Context, namespace, deployment string) ([]corev1.Pod, error) {
	var found appsv1.Deployment
	if err := d.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: deployment}, &found); err != nil {
		return nil, err
	}
	var list corev1.PodList
	err := d.client.List(ctx, &list, client.InNamespace(namespace), client.MatchingLabels(found.Spec.Selector.MatchLabels))
	return list.Items, err
}

// complete waits until a Deployment has so many pods, all of its newest revision and available, and none is leaving.
func (d *drill) complete(ctx context.Context, namespace, deployment string, replicas int) error {
	return site.Until(ctx, completeLimit, func(ctx context.Context) error {
		pods, err := d.pods(ctx, namespace, deployment)
		if err != nil {
			return err
		}
		var found appsv1.Deployment
		if err := d.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: deployment}, &found); err != nil {
			return err
		}
		status, want := found.Status, int32(replicas)
		leaving := slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
		if !leaving && len(pods) == replicas && status.ObservedGeneration == found.Generation && status.UpdatedReplicas == want &&
			status.AvailableReplicas == want && status.Replicas == want {
			return nil
		}
		return fmt.Errorf("deployment %s has %d pods, %d updated, %d available; want %d", deployment, len(pods), status.UpdatedReplicas, status.AvailableReplicas, want)
	})
}

// gone waits until no pod of a removed Deployment, whose label is its name, is left.
func (d *drill) gone(ctx context.Context, namespace, app string) error {
	return site.Until(ctx, completeLimit, func(ctx context.Context) error {
		var list corev1.PodList
		err := d.client.List(ctx, &list, client.InNamespace(namespace), client.MatchingLabels{"app": app})
		if err == nil && len(list.Items) > 0 {
			err = fmt.Errorf("%d pods of %s are left", len(list.Items), app)
		}
		return err
	})
}

// restarted waits until the pod's container runs once more than it did.
func (d *drill) restarted(ctx context.Context, pod corev1.Pod) error {
	restarts := pod.Status.ContainerStatuses[0].RestartCount
	return site.Until(ctx, time.Minute, func(ctx context.Context) error {
		if err := d.client.Get(ctx, client.ObjectKeyFromObject(&pod), &pod); err != nil {
			return err
		}
		if status := pod.Status.ContainerStatuses[0]; status.RestartCount == restarts || !status.Ready {
			return fmt.Errorf("pod %s has not come back: %d restarts, ready %t", pod.Name, status.RestartCount, status.Ready)
		}
		return nil
	})
}

// processOf finds the process, as this machine sees it, of a pod's only container.
func processOf(pod corev1.Pod) (int, error) {
	_, id, found := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	if !found {
		return 0, fmt.Errorf("pod %s has no container", pod.Name)
	}
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), id) {
			return strconv.Atoi(filepath.Base(filepath.Dir(file)))
		}
	}
	return 0, fmt.Errorf("container %s of pod %s has no process", id, pod.Name)
}

// answered waits until the pods that answer are as wanted for half a second.
func (d *drill) answered(ctx context.Context, how string, wanted func(pods map[string]int) bool) error {
	return site.Until(ctx, 30*time.Second, func(context.Context) error {
		since := time.Now()
		time.Sleep(500 * time.Millisecond)
		pods := map[string]int{}
		for _, request := range slices.Backward(d.load.Report().Requests) {
			if request.Ended.Before(since) {
				break
			}
			if request.Began.After(since) && request.Err == nil {
				pods[request.Backend]++
			}
		}
		if len(pods) == 0 || !wanted(pods) {
			return fmt.Errorf("requests are answered by %v, want them answered %s", pods, how)
		}
		return nil
	})
}

// only reports whether all names begin alike.
func only(pods map[string]int, prefix string) bool {
	for pod := range pods {
		if !strings.HasPrefix(pod, prefix) {
			return false
		}
	}
	return true
}

// operatorsLead waits until both operators run, one that runs leads, and each proxy has a stream to one of them.
func (d *drill) operatorsLead(ctx context.Context) error {
	if err := d.complete(ctx, site.OperatorNamespace, operators, 2); err != nil {
		return err
	}
	return site.Until(ctx, time.Minute, func(ctx context.Context) error {
		return errors.Join(d.aLeader(ctx), d.connected(ctx))
	})
}

// aLeader returns an error unless an operator that runs holds the lease, and has renewed it since it runs.
func (d *drill) aLeader(ctx context.Context) error {
	pods, err := d.pods(ctx, site.OperatorNamespace, operators)
	if err != nil {
		return err
	}
	var leases coordinationv1.LeaseList
	if err := d.client.List(ctx, &leases, client.InNamespace(site.OperatorNamespace)); err != nil {
		return err
	}
	for _, lease := range leases.Items {
		for _, pod := range pods {
			running := pod.Status.ContainerStatuses[0].State.Running
			if lease.Spec.HolderIdentity != nil && strings.HasPrefix(*lease.Spec.HolderIdentity, pod.Name) &&
				running != nil && lease.Spec.AcquireTime.After(running.StartedAt.Time) {
				return nil
			}
		}
	}
	return errors.New("no operator leads")
}

func (d *drill) connected(ctx context.Context) error {
	return d.eachProxy(ctx, func(pod string, stats map[string]string) error {
		if state := stats["envoy_control_plane_connected_state{}"]; state != "1" {
			return fmt.Errorf("proxy %s has no stream to an operator: connected_state is %q", pod, state)
		}
		return nil
	})
}

// notes are what the gateway's and the route's conditions say, and how many updates each proxy has taken of each kind.
func (d *drill) notes(ctx context.Context) (conditions, sent map[string]string, err error) {
	conditions, sent = map[string]string{}, map[string]string{}
	for object, path := range map[string]string{"edgegateway/" + site.Gateway: "{.status.conditions}", "httproute/www": "{.status.parents}", "ingress/api": "{.status}"} {
		if conditions[object], err = d.Kubectl(ctx, "get", object, "-n", site.Namespace, "-o", "jsonpath="+path); err != nil {
			return nil, nil, err
		}
	}
	err = d.eachProxy(ctx, func(pod string, stats map[string]string) error {
		for name, value := range stats {
			// The way to the operator is found by DNS, again and again.
			if strings.Contains(name, "update_success") && !strings.Contains(name, xds.XDSCluster) {
				sent[pod+" "+name] = value
			}
		}
		return nil
	})
	if err == nil && len(sent) < 8 {
		err = fmt.Errorf("the proxies count their updates only by %v", sent)
	}
	return conditions, sent, err
}

// differ returns an error with all that isn't the same.
func differ(what string, before, then map[string]string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if before[key] != then[key] {
			errs = append(errs, fmt.Errorf("%s of %s: %s became %s", what, key, before[key], then[key]))
		}
	}
	if len(then) != len(before) {
		errs = append(errs, fmt.Errorf("%s: there were %d and are %d", what, len(before), len(then)))
	}
	return errors.Join(errs...)
}

// eachProxy calls f with the statistics of each proxy.
func (d *drill) eachProxy(ctx context.Context, f func(pod string, stats map[string]string) error) error {
	pods, err := d.pods(ctx, site.Namespace, proxies)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		stats, err := d.stats(ctx, pod.Status.PodIP)
		if err != nil {
			return fmt.Errorf("asking %s for its statistics: %w", pod.Name, err)
		}
		if err := f(pod.Name, stats); err != nil {
			return err
		}
	}
	return nil
}

// stats are what a proxy tells Prometheus, as Prometheus would see it.
func (d *drill) stats(ctx context.Context, address string) (map[string]string, error) {
	transport := &http.Transport{DialContext: d.Host(cluster.NodeHost).DialContext, DisableKeepAlives: true}
	url := "http://" + net.JoinHostPort(address, fmt.Sprint(xds.StatsPort)) + xds.StatsPath
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	stats := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(string(body))); lines.Scan(); {
		if name, value, found := strings.Cut(lines.Text(), "} "); found && !strings.HasPrefix(name, "#") {
			stats[name+"}"] = value
		}
	}
	return stats, err
}

// clues are what the proxies' access logs say of requests that went wrong.
func (d *drill) clues(ctx context.Context, since time.Time) string {
	out, err := d.Kubectl(ctx, "logs", "-n", d.namespace, "-l", "edgegateway.dev/gateway="+d.gateway, "--prefix", "--tail=-1",
		"--since-time", since.UTC().Format(time.RFC3339))
	if err != nil {
		return err.Error()
	}
	var clues []string
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan() && len(clues) < 20; {
		prefix, line, _ := strings.Cut(lines.Text(), " ")
		var entry struct {
			Status json.Number
			Flags  string
		}
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Flags != "-" && entry.Flags != "" || entry.Status.String() >= "500" || entry.Status.String() == "0" {
			clues = append(clues, prefix+" "+line)
		}
	}
	return fmt.Sprintf("the proxies that are left say:\n%s", strings.Join(clues, "\n"))
}

// machine says what the drill ran on.
func machine() string {
	model, memory := runtime.GOARCH, ""
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(data), "model name\t: "); found {
			model, _, _ = strings.Cut(rest, "\n")
		}
	}
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kilobytes int
		if _, err := fmt.Sscanf(string(data), "MemTotal: %d", &kilobytes); err == nil {
			memory = fmt.Sprintf(", %d GB of memory", kilobytes>>20)
		}
	}
	return fmt.Sprintf("%d × %s%s, for all of it: clients, HAProxy, Kubernetes, proxies and backends", runtime.NumCPU(), model, memory)
}
