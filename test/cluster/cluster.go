package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// startTimeLimit is how long Kubernetes may take to come up once all its parts are there.
const startTimeLimit = 3 * time.Minute

// Cluster is a running one-node Kubernetes with the hosts around it.
type Cluster struct {
	name, source, dir string
	logf              func(string, ...any)
	parts             *parts
	api               *api
	nodePid           int
	// unlock gives the name up; nil if another process started the cluster.
	unlock func()
}

// Start starts a cluster, after removing whatever an earlier one of this name left. It returns when the node is Ready and
// the default namespace takes pods. The error is an [*Unavailable] if this machine can't run one. When it fails, or ctx ends
// while it starts, nothing remains but the logs, whose place the error tells.
//
// No other process can start or remove a cluster of this name until Stop, or until this process ends: the cluster
// lives on then, and [Open] finds it.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	parts, images, err := ensureAll(ctx, config)
	if err != nil {
		return nil, err
	}
	unlock, err := lockCluster(ctx, config)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		name: config.Name, source: config.Source, dir: stateDir(config.Name), logf: config.Logf,
		parts: parts, unlock: unlock,
	}
	if err := c.start(ctx, images); err != nil {
		logs := c.saveLogs()
		return nil, errors.Join(fmt.Errorf("starting cluster %s (logs in %s): %w", c.name, logs, err), c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, images map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeLimit)
	defer cancel()
	begin := time.Now()
	step := func(what string) { c.logf("%5.1fs %s", time.Since(begin).Seconds(), what) }

	if err := remove(c.name); err != nil {
		return err
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	step("network, cgroups and node made")
	err := together(ctx,
		func(ctx context.Context) error { return c.startControlPlane(ctx) },
		func(ctx context.Context) error { return c.startContainerd(ctx, images) },
	)
	if err != nil {
		return err
	}
	step("API server and containerd are up")
	if err := c.startKubelet(ctx); err != nil {
		return err
	}
	if err := c.startKubeProxy(); err != nil {
		return err
	}
	err = together(ctx, c.startResolver, c.awaitNode, func(ctx context.Context) error {
		for name, archive := range images {
			if err := c.LoadImage(ctx, archive); err != nil {
				return fmt.Errorf("loading the image of %s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	step("node is Ready")
	return c.save()
}

// prepare makes all that has to be there before anything runs.
func (c *Cluster) prepare(ctx context.Context) error {
	for _, dir := range []string{"log", "processes", "images", "build"} {
		if err := os.MkdirAll(filepath.Join(c.dir, dir), 0o755); err != nil {
			return fmt.Errorf("making the cluster's folder: %w", err)
		}
	}
	err := together(ctx,
		func(ctx context.Context) error { return createNetwork(ctx, c.name) },
		func(context.Context) error { return c.writeIdentities() },
		func(context.Context) error { return createCgroups(c.name) },
	)
	if err != nil {
		return err
	}
	if c.api, err = c.newAPI(); err != nil {
		return err
	}
	if err := c.startNode(ctx); err != nil {
		return err
	}
	return c.startForwarder()
}

func (c *Cluster) awaitNode(ctx context.Context) error {
	for !c.api.nodeReady(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the node to be Ready: %w", ctx.Err())
		case <-time.After(poll):
		}
	}
	return nil
}

// together runs all functions at once and returns the first error, having ended the others by their context.
func together(ctx context.Context, functions ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make(chan error)
	for _, function := range functions {
		go func() { results <- function(ctx) }()
	}
	var first error
	for range functions {
		if err := <-results; err != nil && first == nil {
			first = err
			cancel(err)
		}
	}
	return first
}

// Stop ends the cluster and removes all of it. It waits for a process that started the cluster and still holds it.
func (c *Cluster) Stop() error {
	if c.unlock == nil {
		return Remove(context.Background(), Config{Name: c.name, Source: c.source, Logf: c.logf})
	}
	defer c.unlock()
	if c.api != nil {
		c.api.client.CloseIdleConnections()
	}
	return remove(c.name)
}

// record is what Open has to know of a cluster that another process started.
type record struct {
	Source  string
	NodePid int
	Parts   parts
}

func recordPath(name string) string { return filepath.Join(stateDir(name), "cluster.json") }

func (c *Cluster) save() error {
	return writeJSON(recordPath(c.name), record{Source: c.source, NodePid: c.nodePid, Parts: *c.parts})
}

// Open attaches to a cluster that is up, whoever started it.
func Open(name string) (*Cluster, error) {
	if name == "" {
		name = defaultName
	}
	data, err := os.ReadFile(recordPath(name))
	if err != nil {
		return nil, fmt.Errorf("opening cluster %q, which is not up: %w", name, err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading the record of cluster %q: %w", name, err)
	}
	if startTime(r.NodePid) == "" {
		return nil, fmt.Errorf("opening cluster %q: its node no longer runs", name)
	}
	c := &Cluster{
		name: name, source: r.Source, dir: stateDir(name), logf: func(string, ...any) {},
		parts: &r.Parts, nodePid: r.NodePid,
	}
	if c.api, err = c.newAPI(); err != nil {
		return nil, err
	}
	return c, nil
}
