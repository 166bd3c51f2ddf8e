package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// sweep is what a sweep told of the places that it covered. They are numbered from 1; at is when it began.
type listing struct {
	number   int
	at       time.Time
	sighting providers.Revisions
	covered  []providers.Place
}

// sweep returns one that is at most so old and covers these places, or makes one of all places known.
func (c *Cache) listChanges(ctx context.Context, places []providers.Place, age time.Duration) (listing, error) {
	c.sweeping.Lock()
	defer c.sweeping.Unlock()
	now := c.pace.Now()
	if c.last.number > 0 && now.Sub(c.last.at) < age && covers(c.last.covered, places) {
		return c.last, nil
	}
	next := listing{at: now}
	next.number, next.covered = c.begin(places)
	var err error
	if next.sighting, err = c.sweeper.ListChanges(ctx, next.covered); err != nil {
		return listing{}, fmt.Errorf("sweeping: %w", err)
	}
	c.last = next
	return next, nil
}

// recalls returns swept if a look can do with what it listed, else nil. No change of ours may have been made since it began. It may be as old as
// lists may be late; one that tells what was told at the last look may be older, since another list would tell nothing new. And it must not
// be too old to prove what can be proved by now.
func (c *Cache) readable(last entry, swept listing, refs providers.Refs, nothingNew bool) *listing {
	now, from := c.pace.Now(), c.changedAt(&last).Add(c.pace.Lag)
	known := !last.at.IsZero() && nothingNew && includes(last.refs, refs)
	switch {
	case c.recaller == nil, swept.number <= last.applied:
		return nil
	case swept.at.Before(from) && !now.Before(from):
		return nil
	case now.Sub(swept.at) < c.pace.Lag || known:
		return &swept
	default:
		return nil
	}
}

// begin counts a sweep, and joins these places with those of all gateways.
func (c *Cache) begin(more []providers.Place) (number int, places []providers.Place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweeps++
	all := slices.Clone(more)
	for _, mark := range slices.Sorted(maps.Keys(c.known)) {
		all = append(all, c.known[mark].refs.Places...)
	}
	return c.sweeps, plan.MergePlaces(all)
}

// covers says whether places are among those of a sweep. What is looked for in a place doesn't depend on the names in it.
func covers(swept, places []providers.Place) bool {
	return !slices.ContainsFunc(places, func(p providers.Place) bool {
		return !slices.ContainsFunc(swept, func(s providers.Place) bool { return s.Compare(p) == 0 })
	})
}

// revisionOf returns what revisions tell of one gateway.
func revisionOf(revisions providers.Revisions, mark string, places []providers.Place) string {
	texts := []string{revisions[mark]}
	for _, place := range plan.MergePlaces(places) {
		for _, name := range place.Names {
			texts = append(texts, name+"="+revisions[name])
		}
	}
	return strings.Join(texts, "\n")
}
