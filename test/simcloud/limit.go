package simcloud

import "time"

// Limit is a token bucket as clouds document them: so many calls at once, and so many more each second.
type Limit struct {
	Burst     float64
	PerSecond float64
}

// Bucket is a token bucket that calls share.
type Bucket struct {
	// Key tells buckets apart.
	Key   string
	Limit Limit
}

// buckets hold the tokens, one bucket for each key. They start full.
type buckets struct{ level map[string]bucket }

type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token out of each of the wanted buckets, or returns false and takes none if one of them has none.
func (b *buckets) take(wanted []Bucket, now time.Time) bool {
	if b.level == nil {
		b.level = map[string]bucket{}
	}
	allowed := true
	for _, w := range wanted {
		level, known := b.level[w.Key]
		if !known {
			level = bucket{tokens: w.Limit.Burst, at: now}
		}
		level.tokens = min(w.Limit.Burst, level.tokens+now.Sub(level.at).Seconds()*w.Limit.PerSecond)
		level.at = now
		b.level[w.Key] = level
		allowed = allowed && level.tokens >= 1
	}
	for _, w := range wanted {
		if level := b.level[w.Key]; allowed {
			level.tokens--
			b.level[w.Key] = level
		}
	}
	return allowed
}
