package embedded

import (
	"fmt"

	"github.com/postern-mail/postern/quarantine"
)

// reserve refuses a commit with blobs when what is reserved of the disk would be
// touched.
func (s *Store) reserve(p *prepared) error {
	if s.opts.Quota.Reserve <= 0 || len(p.blobs) == 0 {
		return nil
	}
	free, err := s.opts.fs.Free(s.opts.Dir)
	if err != nil {
		return err
	}
	for _, h := range p.headers {
		free -= h.Size
	}
	if free < s.opts.Quota.Reserve {
		return fmt.Errorf("%w: less than %d octets of the disk would stay free", quarantine.ErrFull, s.opts.Quota.Reserve)
	}
	return nil
}

// withinQuota refuses a commit that would go beyond a bound.
func (s *Store) withinQuota(t *transactor, p *prepared) error {
	q := s.opts.Quota
	if q.Bytes > 0 && len(p.blobs) > 0 {
		var bytes int64
		if err := t.row("SELECT bytes FROM tally", nil, &bytes); err != nil {
			return err
		}
		for _, h := range p.headers {
			bytes += h.Size
		}
		if bytes > q.Bytes {
			return fmt.Errorf("%w: more than %d octets", quarantine.ErrQuota, q.Bytes)
		}
	}
	if len(p.items) == 0 {
		return nil
	}
	if q.Items > 0 {
		var items int
		if err := t.row("SELECT items FROM tally", nil, &items); err != nil {
			return err
		}
		if items+len(p.items) > q.Items {
			return fmt.Errorf("%w: more than %d messages", quarantine.ErrQuota, q.Items)
		}
	}
	if q.SenderItems > 0 || q.SenderBytes > 0 {
		return s.withinSenderQuota(t, p)
	}
	return nil
}

func (s *Store) withinSenderQuota(t *transactor, p *prepared) error {
	q := s.opts.Quota
	type use struct {
		items int
		bytes int64
	}
	added := map[string]use{}
	for _, i := range p.items {
		u := added[i.sender]
		added[i.sender] = use{u.items + 1, u.bytes + i.Size}
	}
	for sender, u := range added {
		var items int
		var bytes int64
		if err := t.row("SELECT count(*), coalesce(sum(size), 0) FROM item WHERE sender = ? AND state IN ('held', 'releasing')",
			[]any{sender}, &items, &bytes); err != nil {
			return err
		}
		if q.SenderItems > 0 && items+u.items > q.SenderItems {
			return fmt.Errorf("%w: more than %d messages", quarantine.ErrSenderFull, q.SenderItems)
		}
		if q.SenderBytes > 0 && bytes+u.bytes > q.SenderBytes {
			return fmt.Errorf("%w: more than %d octets", quarantine.ErrSenderFull, q.SenderBytes)
		}
	}
	return nil
}
