package embedded

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/quarantine"
)

var errPerson = fmt.Errorf("%w: neither an address nor a login", quarantine.ErrInvalid)

// erasePart bounds what one transaction of an erasure looks at.
const erasePart = 200

// kept finds why things of a reference, or of an item, are kept.
const kept = `SELECT CASE
	WHEN EXISTS (SELECT 1 FROM item WHERE legal_hold = 1 AND (id = ?1 OR reference = ?2 AND ?2 <> '')) THEN 'legalHold'
	WHEN EXISTS (SELECT 1 FROM item WHERE ended = 0 AND (id = ?1 OR reference = ?2 AND ?2 <> '')) THEN 'held'
	WHEN EXISTS (SELECT 1 FROM entry WHERE done = 0 AND (item = ?1 AND ?1 <> '' OR reference = ?2 AND ?2 <> '')) THEN 'outbox'
	ELSE '' END`

// found is something that names a person.
type found struct {
	quarantine.Mention
	number int64 // of a row, where rows are numbered
	item   string
}

// FindPerson gives everything that names a person.
func (s *Store) FindPerson(ctx context.Context, name string) iter.Seq2[quarantine.Mention, error] {
	return func(yield func(quarantine.Mention, error) bool) {
		if err := s.begin(); err != nil {
			yield(quarantine.Mention{}, err)
			return
		}
		defer s.end()
		p, err := newPerson(name)
		if err != nil {
			yield(quarantine.Mention{}, err)
			return
		}
		for f, err := range s.mentions(ctx, &p) {
			if !yield(f.Mention, err) || err != nil {
				return
			}
		}
	}
}

// mentions finds what names a person, items first.
func (s *Store) mentions(ctx context.Context, p *person) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		// What a sender's message left elsewhere is of the sender too.
		sent := map[string]bool{}
		for _, source := range []func(context.Context, *person, map[string]bool, string, int64) ([]found, string, int64, error){
			s.itemsNaming, s.entriesNaming, s.alertsNaming, s.fingerprintsNaming, s.recordsNaming,
		} {
			for name, number, more := "", int64(0), true; more; {
				some, nextName, nextNumber, err := source(ctx, p, sent, name, number)
				if err != nil {
					yield(found{}, translate(err))
					return
				}
				more = nextName != name || nextNumber != number
				name, number = nextName, nextNumber
				for _, f := range some {
					if err := s.whyKept(ctx, &f); err != nil {
						yield(found{}, translate(err))
						return
					}
					if !yield(f, nil) {
						return
					}
				}
			}
		}
	}
}

// whyKept tells why something cannot be erased now. An alert has said it itself.
func (s *Store) whyKept(ctx context.Context, f *found) error {
	if f.Kind == "alert" {
		return nil
	}
	return s.read.QueryRowContext(ctx, kept, f.item, f.Reference).Scan(&f.Kept)
}

// itemsNaming looks at a batch of items.
func (s *Store) itemsNaming(ctx context.Context, p *person, sent map[string]bool, after string, _ int64) ([]found, string, int64, error) {
	items, err := s.items(ctx, " WHERE id > ? ORDER BY id LIMIT "+strconv.Itoa(erasePart), after)
	var out []found
	for i := range items {
		item := &items[i]
		after = item.ID
		as := p.inItem(item)
		if as == "" {
			continue
		}
		if as == quarantine.AsSender {
			sent[item.Reference] = true
		}
		out = append(out, found{item: item.ID, Mention: quarantine.Mention{Kind: "item", ID: item.ID, Reference: item.Reference,
			Time: item.Created, Detail: string(item.State), As: as}})
	}
	return out, after, 0, err
}

func (s *Store) entriesNaming(ctx context.Context, p *person, sent map[string]bool, _ string, after int64) ([]found, string, int64, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+entryColumns+", number FROM entry WHERE number > ? ORDER BY number LIMIT ?", after, erasePart)
	if err != nil {
		return nil, "", 0, err
	}
	var out []found
	err = eachRow(rows, func(scan func(...any) error) error {
		e, err := scanEntry(func(dest ...any) error { return scan(append(dest, &after)...) })
		if err != nil {
			return err
		}
		if as := p.inEntry(e); as != "" {
			if as == quarantine.AsSender {
				sent[e.Reference] = true
			}
			out = append(out, found{number: after, item: e.Item, Mention: quarantine.Mention{Kind: "entry", ID: e.ID, Reference: e.Reference,
				Time: e.Created, Detail: string(e.Kind), As: as}})
		}
		return nil
	})
	return out, "", after, err
}

func (s *Store) fingerprintsNaming(ctx context.Context, p *person, sent map[string]bool, _ string, after int64) ([]found, string, int64, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT data, number FROM fingerprint WHERE number > ? ORDER BY number LIMIT ?", after, erasePart)
	if err != nil {
		return nil, "", 0, err
	}
	var out []found
	err = eachRow(rows, func(scan func(...any) error) error {
		var data string
		var f quarantine.Fingerprint
		if err := scan(&data, &after); err != nil {
			return err
		}
		if err := unmarshal(data, &f); err != nil {
			return err
		}
		if own := sent[f.Reference] && f.Reference != ""; own || p.inFingerprint(&f) {
			as := quarantine.AsMentioned
			if own {
				as = quarantine.AsSender
			}
			out = append(out, found{number: after, item: f.Item, Mention: quarantine.Mention{Kind: "fingerprint", ID: f.Digest, Reference: f.Reference,
				Time: utc(f.At), Detail: f.Outcome, As: as}})
		}
		return nil
	})
	return out, "", after, err
}

// recordsNaming looks at a batch of records. A record of a sender's message is of
// the sender as soon as an earlier one has said whose it is.
func (s *Store) recordsNaming(ctx context.Context, p *person, sent map[string]bool, _ string, after int64) ([]found, string, int64, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+recordColumns+recordTables+" WHERE number > ? ORDER BY number LIMIT ?", after, batch)
	if err != nil {
		return nil, "", 0, err
	}
	var out []found
	err = eachRow(rows, func(scan func(...any) error) error {
		r, err := scanRecord(scan)
		if err != nil {
			return err
		}
		after = r.Number
		own := sent[r.Reference] && r.Reference != ""
		if !own && !p.maybe(r.Data) {
			return nil
		}
		row, places := sealPlaces(r, s.opts.Privacy)
		as := p.inRecord(&row, places, s.opts.Privacy)
		if as == quarantine.AsSender {
			sent[r.Reference] = true
		}
		if as == "" && own && holdsContent(&row, places, s.opts.Privacy) {
			as = quarantine.AsSender
		}
		if as != "" {
			out = append(out, found{number: r.Number, Mention: quarantine.Mention{Kind: "record", ID: strconv.FormatInt(r.Number, 10),
				Reference: r.Reference, Time: r.Time, Detail: r.Operation, As: as}})
		}
		return nil
	})
	return out, "", after, err
}

// holdsContent tells whether a record says anything of a sender's message.
func holdsContent(r *sealed, places []string, privacy func(string) quarantine.Privacy) bool {
	for i := range r.texts {
		if quarantine.Content <= privacyOf(privacy, places, i) && string(r.texts[i].raw) != `"`+quarantine.ErasedText+`"` &&
			string(r.texts[i].raw) != `{"`+quarantine.ErasedText+`":true}` {
			return privacy != nil
		}
	}
	return false
}

// ErasePerson erases a person.
func (s *Store) ErasePerson(ctx context.Context, name string, now time.Time, note func(*quarantine.Erased) (quarantine.Record, error)) (*quarantine.Erased, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	p, err := newPerson(name)
	if err != nil {
		return nil, err
	}
	e := &eraser{store: s, person: &p, now: now, sender: map[string]bool{}}
	var part []found
	for f, err := range s.mentions(ctx, &p) {
		if err != nil {
			return &e.Erased, err
		}
		if f.Kept != "" {
			e.keep(f.Mention)
			continue
		}
		if f.As == quarantine.AsSender {
			e.sender[f.Kind+f.ID] = true
		}
		if part = append(part, f); len(part) == erasePart {
			if err := e.erase(ctx, part); err != nil {
				return &e.Erased, err
			}
			part = part[:0]
		}
	}
	if err := e.erase(ctx, part); err != nil {
		return &e.Erased, err
	}
	if e.older {
		if err := s.compact(ctx); err != nil {
			return &e.Erased, fmt.Errorf("all is erased, but the database could not be written anew, and its free space may hold some of it: %w", translate(err))
		}
	}
	if note != nil {
		r, err := note(&e.Erased)
		if err != nil {
			return &e.Erased, err
		}
		if err := s.Append(ctx, r); err != nil {
			return &e.Erased, err
		}
	}
	// What was erased is not to be found in the log either. A reader may be in the
	// way: then the next checkpoint does it.
	var busy, log, done int
	_ = s.read.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
	return &e.Erased, nil
}

// eraser is an erasure under way.
type eraser struct {
	quarantine.Erased
	store  *Store
	person *person
	now    time.Time
	sender map[string]bool // kind and name of what is the person's as sender
	older  bool            // a record from before the chain was among it
}

// compact writes the database anew. Rows that move leave octets behind in their
// pages, and records from before the chain move when they are erased from; what is
// appended only never does.
func (s *Store) compact(ctx context.Context) error {
	db, err := s.openWriting()
	if err != nil {
		return err
	}
	// Memory is for mail.
	_, err = db.ExecContext(ctx, "PRAGMA temp_store = FILE; VACUUM")
	return errors.Join(err, db.Close())
}

func (e *eraser) keep(m quarantine.Mention) {
	const most = 1000
	if e.KeptCount++; len(e.Kept) < most {
		e.Kept = append(e.Kept, m)
	}
}

// erase erases some of what was found, in one transaction.
func (e *eraser) erase(ctx context.Context, part []found) error {
	if len(part) == 0 {
		return nil
	}
	var done quarantine.Erased
	var keep []quarantine.Mention
	var blobs []string
	err := e.store.change(ctx, func(t *transactor) error {
		done, keep, blobs = quarantine.Erased{}, nil, nil
		for i := range part {
			f := part[i]
			// It may have been decided on since it was found.
			if err := t.row(kept, []any{f.item, f.Reference}, &f.Kept); err != nil {
				return err
			}
			if f.Kept != "" {
				keep = append(keep, f.Mention)
				continue
			}
			var err error
			switch f.Kind {
			case "item":
				var blob string
				blob, err = e.item(t, f.ID)
				blobs = append(blobs, blob)
				done.Items++
			case "entry":
				err = e.entry(t, f.number)
				done.Entries++
			case "fingerprint":
				err = t.exec("DELETE FROM fingerprint WHERE number = ?", f.number)
				done.Fingerprints++
			case "alert":
				err = e.alert(t, f.ID)
				done.Alerts++
			case "record":
				err = e.record(t, f.number)
				done.Records++
			}
			if err != nil {
				return fmt.Errorf("%s %s: %w", f.Kind, f.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fault.Point("erase.part.durable")
	for _, blob := range blobs {
		if blob == "" {
			continue
		}
		// If this fails the file is an orphan, and a sweep removes it.
		_ = e.store.blobs.remove(blob)
	}
	e.Items += done.Items
	e.Entries += done.Entries
	e.Fingerprints += done.Fingerprints
	e.Records += done.Records
	e.Alerts += done.Alerts
	for _, m := range keep {
		e.keep(m)
	}
	return nil
}

// item erases from an item that has ended, and gives its blob if that is to be
// removed.
func (e *eraser) item(t *transactor, id string) (blob string, err error) {
	item, err := t.item(id)
	if err != nil {
		return "", err
	}
	if item.Purged.IsZero() {
		if err := t.purge(item, e.now, nil); err != nil {
			return "", err
		}
		blob = item.Blob
	}
	e.person.blankItem(item, e.sender["item"+id])
	row, err := rowOf(*item)
	if err != nil {
		return "", err
	}
	if err := t.exec("UPDATE item SET sender = ?, data = ?, decided_by = ?, justification = ? WHERE id = ?",
		row.sender, row.data, item.Decided.By, item.Decided.Justification, id); err != nil {
		return "", err
	}
	if err := t.exec("DELETE FROM recipient WHERE item = ?", id); err != nil {
		return "", err
	}
	for _, address := range row.recipients {
		if err := t.exec("INSERT OR IGNORE INTO recipient (item, address) VALUES (?, ?)", id, address); err != nil {
			return "", err
		}
	}
	return blob, nil
}

func (e *eraser) entry(t *transactor, number int64) error {
	st, err := t.statement("SELECT " + entryColumns + " FROM entry WHERE number = ?")
	if err != nil {
		return err
	}
	entry, err := scanEntry(st.QueryRow(number).Scan)
	if err != nil {
		return err
	}
	e.person.blankEntry(entry)
	row, err := entryRowOf(*entry)
	if err != nil {
		return err
	}
	return t.exec("UPDATE entry SET recipients = ?, data = ? WHERE number = ?", row.recipients, row.data, number)
}

// record erases texts beside a record. One from before records had gaps gets them:
// no chain covers it.
func (e *eraser) record(t *transactor, number int64) error {
	st, err := t.statement("SELECT " + recordColumns + recordTables + " WHERE number = ?")
	if err != nil {
		return err
	}
	r, err := scanRecord(st.QueryRow(number).Scan)
	if err != nil {
		return err
	}
	row, places := sealPlaces(r, t.privacy)
	sender := e.sender["record"+strconv.FormatInt(number, 10)]
	gone := map[string]bool{}
	for i := range row.texts {
		content := privacyOf(t.privacy, places, i) >= quarantine.Content
		if sender && content && t.privacy != nil || e.person.inJSON(row.texts[i].raw) {
			gone[string(row.texts[i].raw)] = true
		}
	}
	if sender {
		if err := forgetUser(t, r.Reference, number); err != nil {
			return err
		}
	}
	var packed []byte
	err = t.row("SELECT texts FROM personal WHERE record = ?", []any{number}, &packed)
	if err == nil {
		texts, err := unpackTexts(packed)
		if err != nil {
			return err
		}
		blank(texts, gone)
		return t.exec("UPDATE personal SET texts = ? WHERE record = ?", packTexts(texts), number)
	}
	e.older = true
	if err := t.exec("DELETE FROM record WHERE number = ?", number); err != nil {
		return err
	}
	if err := t.exec("INSERT INTO record (number, time, reference, queue_id, operation, data) VALUES (?, ?, ?, ?, ?, ?)",
		number, stamp(r.Time), r.Reference, r.QueueID, r.Operation, string(row.body)); err != nil {
		return err
	}
	blank(row.texts, gone)
	return t.exec("INSERT INTO personal (record, texts) VALUES (?, ?)", number, packTexts(row.texts))
}

// blank erases texts.
func blank(texts []personalText, gone map[string]bool) {
	for i := range texts {
		if t := &texts[i]; gone[string(t.raw)] {
			*t = personalText{object: t.object}
		}
	}
}
