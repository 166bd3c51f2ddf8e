package providers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// sweep is what a sweep told of the places that it covered. They are numbered from 1; at is when it began.
type sweep struct {
	number   int
	at       time.Time
	sighting Sighting
	covered  []Place
}

// sweep returns one that is at most so old and covers these places, or makes one of all places known.
func (w *watched) sweep(ctx context.Context, places []Place, age time.Duration) (sweep, error) {
	w.sweeping.Lock()
	defer w.sweeping.Unlock()
	now := w.pace.Now()
	if w.last.number > 0 && now.Sub(w.last.at) < age && covers(w.last.covered, places) {
		return w.last, nil
	}
	next := sweep{at: now}
	next.number, next.covered = w.begin(places)
	var err error
	if next.sighting, err = w.sweeper.Sweep(ctx, next.covered); err != nil {
		return sweep{}, fmt.Errorf("sweeping: %w", err)
	}
	w.last = next
	return next, nil
}

// recalls returns swept if a look can do with what it listed, else nil. No change of ours may have been made since it began. It may be as old as
// lists may be late; one that tells what was told at the last look may be older, since another list would tell nothing new. And it must not
// be too old to prove what can be proved by now.
func (w *watched) recalls(last sight, swept sweep, refs Refs, nothingNew bool) *sweep {
	now, from := w.pace.Now(), w.changedAt(&last).Add(w.pace.Lag)
	known := !last.at.IsZero() && nothingNew && last.refs.include(refs)
	switch {
	case w.recaller == nil, swept.number <= last.applied:
		return nil
	case swept.at.Before(from) && !now.Before(from):
		return nil
	case now.Sub(swept.at) < w.pace.Lag || known:
		return &swept
	default:
		return nil
	}
}

// begin counts a sweep, and joins these places with those of all gateways.
func (w *watched) begin(more []Place) (number int, places []Place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweeps++
	all := slices.Clone(more)
	for _, mark := range slices.Sorted(maps.Keys(w.known)) {
		all = append(all, w.known[mark].refs.Places...)
	}
	return w.sweeps, merge(all)
}

// covers says whether places are among those of a sweep. What is looked for in a place doesn't depend on the names in it.
func covers(swept, places []Place) bool {
	return !slices.ContainsFunc(places, func(p Place) bool {
		return !slices.ContainsFunc(swept, func(s Place) bool { return comparePlaces(s, p) == 0 })
	})
}

// of returns what a sighting tells of one gateway.
func (s Sighting) of(mark string, places []Place) string {
	texts := []string{s[mark]}
	for _, place := range merge(places) {
		for _, name := range place.Names {
			texts = append(texts, name+"="+s[name])
		}
	}
	return strings.Join(texts, "\n")
}
