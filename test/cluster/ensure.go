package cluster

import (
	"context"
	"path/filepath"
)

// parts are the folders of all parts that a cluster is started from.
type parts struct {
	Kube, Tools, Programs, Envoy string
}

func (p *parts) program(name string) string { return filepath.Join(p.Programs, name) }

// Build makes all that a cluster is started from, unless it is there already. [Start] does so itself; who has something else to do first
// calls Build beside it. A Start that comes meanwhile waits for what is being made, and so do other processes. The error is an [*Unavailable]
// if this machine can't run a cluster.
func Build(ctx context.Context, config Config) error {
	config, err := config.withDefaults()
	if err != nil {
		return err
	}
	_, _, err = ensureAll(ctx, config)
	return err
}

// ensureAll returns the parts of a cluster, and the images that it starts with by their names, on a machine that has what they need.
func ensureAll(ctx context.Context, config Config) (*parts, map[string]string, error) {
	if err := checkMachine(ctx, config.Logf); err != nil {
		return nil, nil, err
	}
	parts, err := ensureParts(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	images, err := imageParts(ctx, parts, config.Logf)
	return parts, images, err
}

// ensureParts makes whatever isn't there yet: one after the other, since each build takes the whole machine.
func ensureParts(ctx context.Context, config Config) (*parts, error) {
	p := new(parts)
	for _, build := range []struct {
		describe func(source string) (part, error)
		dir      *string
	}{
		{kubePart, &p.Kube}, {toolsPart, &p.Tools}, {programsPart, &p.Programs},
	} {
		part, err := build.describe(config.Source)
		if err != nil {
			return nil, err
		}
		if *build.dir, err = part.ensure(ctx, config.Logf); err != nil {
			return nil, err
		}
	}
	if config.WithoutEnvoy {
		return p, nil
	}
	var err error
	p.Envoy, err = envoyPart().ensure(ctx, config.Logf)
	return p, err
}
