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

// listing is what list calls told of the places that it covers. Listings are numbered from 1; at is when it began.
type listing struct {
	number    int
	at        time.Time
	revisions map[string]string
	covered   []providers.Place
}

// listChanges returns a listing that is at most so old and covers these places, or makes one of all places known.
func (c *Cache) listChanges(ctx context.Context, places []providers.Place, age time.Duration) (listing, error) {
	c.listing.Lock()
	defer c.listing.Unlock()
	now := c.pace.Now()
	if c.last.number > 0 && now.Sub(c.last.at) < age && covers(c.last.covered, places) {
		return c.last, nil
	}
	next := listing{at: now}
	next.number, next.covered = c.begin(places)
	var err error
	if next.revisions, err = c.lister.ListChanges(ctx, next.covered); err != nil {
		return listing{}, fmt.Errorf("listing changes: %w", err)
	}
	c.last = next
	return next, nil
}

// readable returns listed if an observation can be read from it, else nil. No change of ours may have been made since it began. It may be as old
// as lists may be late; with the same revision as at the last observation it may be older, since another listing would show nothing new. And
// it must not be too old to prove what can be proved by now.
func (c *Cache) readable(last entry, listed listing, refs providers.Refs, nothingNew bool) *listing {
	now, from := c.pace.Now(), c.changedAt(&last).Add(c.pace.Lag)
	known := !last.at.IsZero() && nothingNew && includes(last.refs, refs)
	switch {
	case listed.number <= last.applied:
		return nil
	case listed.at.Before(from) && !now.Before(from):
		return nil
	case now.Sub(listed.at) < c.pace.Lag || known:
		return &listed
	default:
		return nil
	}
}

// begin counts a listing, and joins these places with those of all gateways.
func (c *Cache) begin(more []providers.Place) (number int, places []providers.Place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listings++
	all := slices.Clone(more)
	for _, mark := range slices.Sorted(maps.Keys(c.known)) {
		all = append(all, c.known[mark].refs.Places...)
	}
	return c.listings, plan.MergePlaces(all)
}

// covers reports whether places are among those of a listing. What is looked for in a place doesn't depend on the names in it.
func covers(listed, places []providers.Place) bool {
	return !slices.ContainsFunc(places, func(p providers.Place) bool {
		return !slices.ContainsFunc(listed, func(s providers.Place) bool { return s.Compare(p) == 0 })
	})
}

// revisionOf returns what revisions tell of one gateway.
func revisionOf(revisions map[string]string, mark string, places []providers.Place) string {
	texts := []string{revisions[mark]}
	for _, place := range plan.MergePlaces(places) {
		for _, name := range place.Names {
			texts = append(texts, name+"="+revisions[name])
		}
	}
	return strings.Join(texts, "\n")
}
