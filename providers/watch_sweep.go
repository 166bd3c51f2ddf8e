package providers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// sweep returns what a sweep told that is at most so old and covers these places, or makes one of all places known.
func (w *watched) sweep(ctx context.Context, places []Place, age time.Duration) (Sighting, error) {
	w.sweeping.Lock()
	defer w.sweeping.Unlock()
	now := w.pace.Now()
	if !w.swept.IsZero() && now.Sub(w.swept) < age && covers(w.covered, places) {
		return w.sighting, nil
	}
	all := w.places(places)
	sighting, err := w.sweeper.Sweep(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("sweeping: %w", err)
	}
	w.swept, w.sighting, w.covered = now, sighting, all
	return sighting, nil
}

// places joins these with those of all gateways.
func (w *watched) places(more []Place) []Place {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(more)
	for _, mark := range slices.Sorted(maps.Keys(w.known)) {
		all = append(all, w.known[mark].refs.Places...)
	}
	return merge(all)
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
