package plane

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// checker asks one target for its health, for as long as it is active. Its fields are guarded by its pool.
type checker struct {
	stop   context.CancelFunc
	health Health
	// streak is how many results in a row were as good as the last.
	good   bool
	streak int
}

// check starts to check a target; p.mu is held.
func (p *pool) check(key targetKey) *checker {
	ctx, stop := context.WithCancel(p.plane.ctx)
	c := &checker{stop: stop, health: Unknown}
	p.plane.running.Go(func() { p.watch(ctx, key, c) })
	return c
}

// watch asks a target again and again.
func (p *pool) watch(ctx context.Context, key targetKey, c *checker) {
	for {
		began := time.Now()
		target, spec, sources, there := p.target(key)
		if !there {
			return
		}
		reason := p.plane.ask(ctx, spec, target, sources)
		if ctx.Err() != nil {
			return
		}
		p.note(c, key, reason)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(began.Add(spec.Check.Interval))):
		}
	}
}

// note counts a result, of which an empty reason is a good one.
func (p *pool) note(c *checker, key targetKey, reason string) {
	p.mu.Lock()
	if p.checks[key] != c {
		p.mu.Unlock()
		return
	}
	good := reason == ""
	if c.streak == 0 || c.good != good {
		c.good, c.streak = good, 0
	}
	c.streak++
	before := c.health
	switch {
	case good && c.streak >= p.spec.Check.Rise:
		c.health = Healthy
	case !good && c.streak >= p.spec.Check.Fall:
		c.health = Unhealthy
	}
	health := c.health
	report := Report{Pool: p.spec.ID, Target: key.id, Port: key.port, Health: health, Reason: reason}
	var lost []flow
	if health == Unhealthy && before != Unhealthy && p.spec.CutUnhealthy {
		lost = p.flowsOf(key)
	}
	p.mu.Unlock()
	if health != before {
		cut(lost)
		p.plane.config.Report(report)
		p.plane.changed()
	}
}

// ask makes one check and returns why it failed, if it did.
func (p *Plane) ask(ctx context.Context, spec Pool, target Target, sources []netip.Addr) string {
	ctx, cancel := context.WithTimeout(ctx, spec.Check.Timeout)
	defer cancel()
	port, own := spec.Check.Port, false
	if port == 0 {
		port, own = target.Port, true
	}
	// A Transport's own context would not end with the request.
	dial := func(context.Context, string, string) (net.Conn, error) {
		connection, err := p.reach(ctx, TCP, spec, target, port, sources)
		if err == nil && own && spec.ProxyProtocol {
			_, err = connection.Write(localHeader())
		}
		return connection, err
	}
	if spec.Check.Path == "" {
		connection, err := dial(ctx, "", "")
		if err != nil {
			return err.Error()
		}
		_ = connection.Close()
		return ""
	}
	return get(ctx, dial, net.JoinHostPort(target.Address.String(), strconv.Itoa(port)), spec.Check)
}

func get(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), host string, check Check) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+check.Path, nil)
	if err != nil {
		return err.Error()
	}
	request.Header.Set("User-Agent", "simcloud-health-check")
	client := http.Client{
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	_ = response.Body.Close()
	if !slices.ContainsFunc(check.Codes, func(r CodeRange) bool { return response.StatusCode >= r.From && response.StatusCode <= r.To }) {
		return fmt.Sprintf("status %d", response.StatusCode)
	}
	return ""
}
