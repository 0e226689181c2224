package rules

import "context"

// inverted gives the check that answers the opposite; unknown stays unknown.
func (c check) inverted() check {
	if message := c.message; message != nil {
		c.message = func(ctx context.Context, s *Scan, strict bool) finding {
			f := message(ctx, s, strict)
			f.truth = f.truth.not()
			return f
		}
	}
	if recipient, written := c.recipient, c.written; recipient != nil {
		c.written = nil
		c.recipient = func(ctx context.Context, s *Scan, t *target, strict bool) (Truth, string) {
			if written != nil && written(t.written) {
				return False, "inverted"
			}
			truth, reason := recipient(ctx, s, t, strict)
			return truth.not(), reason
		}
	}
	return c
}
