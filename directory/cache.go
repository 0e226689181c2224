package directory

import (
	"cmp"
	"sync"
	"time"

	"github.com/postern-mail/postern/message"
)

// cache keeps answers for a while, and not more than a number of them.
type cache struct {
	now     func() time.Time
	ttl     time.Duration
	entries int

	mu sync.Mutex
	m  map[string]cached
}

type cached struct {
	answer []message.Path
	until  time.Time
}

func newCache(o PostmapOptions) cache {
	now := o.Now
	if now == nil {
		now = time.Now
	}
	return cache{
		now:     now,
		ttl:     cmp.Or(o.TTL, 5*time.Minute),
		entries: cmp.Or(o.Entries, 10_000),
		m:       make(map[string]cached),
	}
}

func (c *cache) get(key string) ([]message.Path, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.m[key]
	if ok && !c.now().Before(e.until) {
		delete(c.m, key)
		return nil, false
	}
	return e.answer, ok
}

func (c *cache) put(key string, answer []message.Path) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A full cache loses any entry: maps are gone over in no order, so a sender of
	// many addresses cannot choose which.
	for k := range c.m {
		if len(c.m) < c.entries {
			break
		}
		delete(c.m, k)
	}
	c.m[key] = cached{answer: answer, until: c.now().Add(c.ttl)}
}
