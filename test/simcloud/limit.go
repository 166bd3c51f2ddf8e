package simcloud

import "time"

// Limit is a token bucket as clouds document them: so many calls at once, and so many more each second.
type Limit struct {
	Burst     float64
	PerSecond float64
}

// buckets hold the tokens, one bucket for each key. They start full.
type buckets struct{ level map[string]bucket }

type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token out of a bucket, or returns false if there is none.
func (b *buckets) take(key string, limit Limit, now time.Time) bool {
	if b.level == nil {
		b.level = map[string]bucket{}
	}
	level, known := b.level[key]
	if !known {
		level = bucket{tokens: limit.Burst, at: now}
	}
	level.tokens = min(limit.Burst, level.tokens+now.Sub(level.at).Seconds()*limit.PerSecond)
	level.at = now
	allowed := level.tokens >= 1
	if allowed {
		level.tokens--
	}
	b.level[key] = level
	return allowed
}
