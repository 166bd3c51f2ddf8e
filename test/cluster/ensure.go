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
