package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

// tampered opens the database of a store as somebody does who wants to change
// history.
func tampered(t testing.TB, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "store.db")+"?_pragma=busy_timeout(10000)")
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec("DROP TRIGGER record_unchanged")
	must(t, err)
	return db
}

// records is a store with twelve records in two months, two of them of a person that
// was erased.
var records = template(func(t testing.TB, dir string) {
	s := open(t, Options{Dir: dir, Privacy: storetest.Privacy})
	for i := range 12 {
		who := []string{}
		if i%6 == 3 {
			who = append(who, "carl@partner.example")
		}
		must(t, s.Append(t.Context(), storetest.Mail(fmt.Sprint(i), start.AddDate(0, i/6, i), who...)))
	}
	_, err := s.ErasePerson(t.Context(), "carl@partner.example", start, nil)
	must(t, err)
	must(t, s.Close())
})

// chained gives a store with those records.
func chained(t testing.TB) (*Store, string) {
	t.Helper()
	dir := filepath.Join(scratch(t), "store")
	must(t, os.CopyFS(dir, records(t)))
	return open(t, Options{Dir: dir, Privacy: storetest.Privacy}), dir
}

func verified(t testing.TB, s *Store) *quarantine.Verification {
	t.Helper()
	v, err := s.VerifyRecords(t.Context(), start)
	must(t, err)
	return v
}

// Whatever is done to a row of the records is found, and where.
func TestChainFindsTampering(t *testing.T) {
	for _, test := range []struct {
		name, statement string
		number          int64  // of the first break
		text            string // in it
	}{
		{"text", `UPDATE record SET data = replace(data, 'Cards', 'Cars') WHERE number = 4`, 4, "was changed"},
		{"number in it", `UPDATE record SET data = replace(data, '"count":3', '"count":2') WHERE number = 4`, 4, "was changed"},
		{"time", `UPDATE record SET time = time + 1 WHERE number = 4`, 4, "was changed"},
		{"both times", `UPDATE record SET time = time + 1 WHERE number = 4; UPDATE link SET time = time + 1 WHERE number = 4`, 4, "was changed"},
		{"reference", `UPDATE record SET reference = 'P-1' WHERE number = 4`, 4, "was changed"},
		{"queue id", `UPDATE record SET queue_id = '' WHERE number = 4`, 4, "was changed"},
		{"operation", `UPDATE record SET operation = 'MATCH' WHERE number = 4`, 4, "was changed"},
		{"text about a person", `UPDATE personal SET texts = replace(texts, 'bob', 'rob') WHERE record = 4`, 4, "about a person|about people"},
		{"texts of another", `UPDATE personal SET texts = (SELECT texts FROM personal WHERE record = 5) WHERE record = 4`, 4, "about people"},
		{"texts gone", `DELETE FROM personal WHERE record = 4`, 4, "about people"},
		{"digest of a text", `UPDATE link SET texts = texts || x'00' WHERE number = 4`, 4, "was changed"},
		{"removed", `DELETE FROM record WHERE number = 4`, 4, "was removed."},
		{"removed with its link", `DELETE FROM record WHERE number = 4; DELETE FROM link WHERE number = 4; DELETE FROM personal WHERE record = 4`, 4, "1 were removed"},
		{"removed as if its time were over", `DELETE FROM record WHERE number = 4; UPDATE link SET swept = 1, texts = x'' WHERE number = 4`, 4, "before its time"},
		{"first removed", `DELETE FROM record WHERE number = 1; DELETE FROM link WHERE number = 1`, 1, "1 were removed"},
		{"last removed", `DELETE FROM record WHERE number = 12; DELETE FROM link WHERE number = 12`, 12, "ends at record 5 of 6"},
		{"last removed with the count", `DELETE FROM record WHERE number = 12; DELETE FROM link WHERE number = 12;
			UPDATE chain SET records = 5, head = (SELECT value FROM link WHERE number = 11), last = 11 WHERE id = 2`, 12, "numbered up to 12"},
		{"a month removed", `DELETE FROM record WHERE number < 7; DELETE FROM link WHERE number < 7; DELETE FROM chain WHERE id = 1`, 7, "is gone"},
		{"a month removed as if it were over", `DELETE FROM record WHERE number < 7; DELETE FROM link WHERE number < 7; UPDATE chain SET dropped = 2, swept = 6 WHERE id = 1`, 1, "before their time"},
		{"put in", `INSERT INTO record SELECT 13, time, reference, queue_id, operation, data FROM record WHERE number = 12`, 13, "in no chain|numbered up"},
		{"put in before the first", `INSERT INTO record SELECT 0, time, reference, queue_id, operation, data FROM record WHERE number = 12`, 0, "in no chain"},
		{"put in far before", `INSERT INTO record SELECT -5, time, reference, queue_id, operation, data FROM record WHERE number = 12`, -5, "in no chain"},
		{"put in between", `DELETE FROM record WHERE number = 4; INSERT INTO record SELECT 4, time, reference, queue_id, operation, data FROM record WHERE number = 5`, 4, "was changed"},
		{"put in with a link", `INSERT INTO record SELECT 13, time, reference, queue_id, operation, data FROM record WHERE number = 12;
			INSERT INTO personal SELECT 13, texts FROM personal WHERE record = 12;
			INSERT INTO link SELECT 13, chain, 7, time, digest, texts, value, 0 FROM link WHERE number = 12; UPDATE chain SET last = 13, records = 7 WHERE id = 2`, 13, "was changed"},
		{"swapped", `UPDATE record SET number = 100 WHERE number = 4; UPDATE record SET number = 4 WHERE number = 5; UPDATE record SET number = 5 WHERE number = 100`, 4, "was changed"},
		{"swapped with links", `UPDATE record SET number = 100 WHERE number = 4; UPDATE record SET number = 4 WHERE number = 5; UPDATE record SET number = 5 WHERE number = 100;
			UPDATE link SET number = 100 WHERE number = 4; UPDATE link SET number = 4 WHERE number = 5; UPDATE link SET number = 5 WHERE number = 100`, 4, "were removed"},
		{"digest", `UPDATE link SET digest = zeroblob(32) WHERE number = 4`, 4, "was changed"},
		{"value", `UPDATE link SET value = zeroblob(32) WHERE number = 4`, 4, "does not follow"},
		{"value of the last", `UPDATE link SET value = zeroblob(32) WHERE number = 12`, 12, "does not follow"},
		{"head", `UPDATE chain SET head = zeroblob(32) WHERE id = 2`, 12, "another value"},
		{"head of the first", `UPDATE chain SET head = zeroblob(32) WHERE id = 1`, 6, "another value"},
		{"month", `UPDATE chain SET month = '2026-01' WHERE id = 2`, 7, "does not follow"},
		{"node", `UPDATE chain SET node = 'other' WHERE id = 2`, 7, "does not follow"},
		{"root", `UPDATE chain SET root = zeroblob(32) WHERE id = 2`, 6, "begun on another value"},
		{"beginning", `UPDATE node SET began = 6; UPDATE chain SET began = 6`, 1, "does not follow"},
		{"beginning of the node", `UPDATE node SET began = 6`, 1, "from 1 on"},
		{"unlinked", `DELETE FROM link; DELETE FROM chain; UPDATE node SET began = 13`, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, dir := chained(t)
			kept := verified(t, s)
			if kept.Broken != 0 || kept.Records != 12 || kept.Erased != 2 || len(kept.Heads) != 2 {
				t.Fatalf("before: %+v", kept)
			}
			db := tampered(t, dir)
			_, err := db.Exec(test.statement)
			must(t, err)
			if test.text == "" {
				// Whoever takes all chains away is found by the heads that were kept only.
				v, err := s.VerifyRecords(t.Context(), start, kept.Heads...)
				must(t, err)
				if v.Broken == 0 {
					t.Error("not found")
				}
				return
			}
			v := verified(t, s)
			if len(v.Breaks) == 0 {
				t.Fatal("not found")
			}
			first := v.Breaks[0]
			for _, b := range v.Breaks {
				if b.Number < first.Number {
					first = b
				}
			}
			found := false
			for _, text := range strings.Split(test.text, "|") {
				found = found || strings.Contains(first.Text, text)
			}
			if first.Number != test.number || !found {
				t.Errorf("found %d: %s, want %d: …%s…", first.Number, first.Text, test.number, test.text)
			}
			if first.Time.IsZero() && (strings.HasPrefix(first.Text, "The record was") || strings.Contains(first.Text, "about")) {
				t.Error("the time is missing")
			}
		})
	}
}

// No octet of what is covered can be another without it being found: a few of each
// column are tried, and more in a long run.
func TestChainFindsEveryOctet(t *testing.T) {
	each := 6
	if long {
		each = 40
	}
	s, dir := chained(t)
	db := tampered(t, dir)
	columns := []struct{ table, key, column string }{
		{"record", "number", "time"}, {"record", "number", "reference"}, {"record", "number", "queue_id"}, {"record", "number", "operation"}, {"record", "number", "data"},
		{"personal", "record", "texts"}, {"link", "number", "chain"}, {"link", "number", "position"}, {"link", "number", "time"},
		{"link", "number", "digest"}, {"link", "number", "texts"}, {"link", "number", "value"}, {"link", "number", "swept"},
		{"chain", "id", "node"}, {"chain", "id", "month"}, {"chain", "id", "began"}, {"chain", "id", "previous"}, {"chain", "id", "after"},
		{"chain", "id", "root"}, {"chain", "id", "records"}, {"chain", "id", "head"}, {"chain", "id", "dropped"},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range columns {
		for range each {
			var key, n int64
			must(t, db.QueryRow("SELECT "+c.key+" FROM "+c.table+" ORDER BY random() LIMIT 1").Scan(&key))
			var old any
			where := " WHERE " + c.key + " = ?"
			must(t, db.QueryRow("SELECT "+c.column+" FROM "+c.table+where, key).Scan(&old))
			var changed any
			flip := func(b []byte) []byte {
				b = append([]byte(nil), b...)
				if len(b) > 0 {
					b[random.IntN(len(b))] ^= 1 << random.IntN(7)
				}
				return b
			}
			switch v := old.(type) {
			case int64:
				changed = v ^ 1<<random.IntN(20)
			case string:
				changed = string(flip([]byte(v)))
			case []byte:
				changed = flip(v)
			default:
				t.Fatalf("%s.%s is %T", c.table, c.column, old)
			}
			if c.table == "personal" && erasing(old.([]byte), changed.([]byte)) {
				continue // erasing is no change
			}
			if fmt.Sprint(old) == fmt.Sprint(changed) {
				continue
			}
			r, err := db.Exec("UPDATE "+c.table+" SET "+c.column+" = ?"+where, changed, key)
			must(t, err)
			n, err = r.RowsAffected()
			must(t, err)
			if v := verified(t, s); n == 1 && v.Broken == 0 {
				t.Errorf("%s.%s of %d: %q instead of %q is not found", c.table, c.column, key, changed, old)
			}
			_, err = db.Exec("UPDATE "+c.table+" SET "+c.column+" = ?"+where, old, key)
			must(t, err)
		}
	}
	if v := verified(t, s); v.Broken != 0 {
		t.Errorf("in the end %+v", v)
	}
}

// erasing tells whether texts differ only by being erased in another way.
func erasing(a, b []byte) bool {
	x, err := unpackTexts(a)
	if err != nil {
		return false
	}
	y, err := unpackTexts(b)
	if err != nil || len(x) != len(y) {
		return false
	}
	for i := range x {
		if (x[i].raw != nil) != (y[i].raw != nil) || string(x[i].raw) != string(y[i].raw) || x[i].salt != y[i].salt {
			return false
		}
	}
	return true
}

// Records from before the chain are given as they were, counted, and erased from;
// the chain begins behind them.
func TestChainOfOlderStore(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(dir, 0o700))
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "store.db")+"?_pragma=journal_mode(WAL)")
	must(t, err)
	for _, text := range append(migrations[:3:3], "PRAGMA user_version = 3") {
		_, err := db.Exec(text)
		must(t, err)
	}
	var want []string
	for i := range 40 {
		r := storetest.Mail(fmt.Sprint(i), start.AddDate(0, 0, i))
		want = append(want, string(r.Data))
		_, err := db.Exec("INSERT INTO record (time, reference, queue_id, operation, data) VALUES (?, ?, ?, ?, ?)",
			stamp(r.Time), r.Reference, r.QueueID, r.Operation, string(r.Data))
		must(t, err)
	}
	_, err = db.Exec("DELETE FROM record WHERE number = 40") // numbers are not used again
	must(t, err)
	must(t, db.Close())

	s := open(t, Options{Dir: dir, Privacy: storetest.Privacy})
	must(t, s.Append(t.Context(), storetest.Mail("new", start)))
	v := verified(t, s)
	if v.Older != 39 || v.Records != 1 || v.Broken != 0 {
		t.Errorf("verified %+v", v)
	}
	i := 0
	for r, err := range s.Records(t.Context(), quarantine.RecordFilter{Limit: 39}) {
		must(t, err)
		if string(r.Data) != want[i] || (r.Link != quarantine.Link{}) {
			t.Errorf("record %d: %s %+v", i, r.Data, r.Link)
		}
		i++
	}
	e, err := s.ErasePerson(t.Context(), "anna@example.com", start, nil)
	must(t, err)
	if e.Records != 40 {
		t.Errorf("erased %+v", e)
	}
	for r, err := range s.Records(t.Context(), quarantine.RecordFilter{}) {
		must(t, err)
		if strings.Contains(strings.ToLower(string(r.Data)), "anna") || !strings.Contains(string(r.Data), "bob@partner.example") {
			t.Errorf("record %d: %s", r.Number, r.Data)
		}
	}
	if v := verified(t, s); v.Older != 39 || v.Broken != 0 || len(check(t, s)) > 0 {
		t.Errorf("in the end %+v, check %v", v, check(t, s))
	}
	must(t, s.Close())
	gone(t, dir, "anna@", "Anna@", "Salary")
}

// gone holds that no file below a directory has one of the texts.
func gone(t *testing.T, dir string, texts ...string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, text := range texts {
			if strings.Contains(string(data), text) {
				t.Errorf("%s holds %q", filepath.Base(path), text)
			}
		}
		return err
	}))
}

// What was erased is not to be found in the files either.
func TestErasedFromDisk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir, Privacy: storetest.Privacy})
	for i := range 10 {
		var mails []quarantine.Record
		for j := range 30 {
			mails = append(mails, storetest.Mail(fmt.Sprint(i, "-", j), start))
		}
		must(t, s.Append(t.Context(), mails...))
	}
	_, err := s.ErasePerson(t.Context(), "anna@example.com", start, nil)
	must(t, err)
	must(t, s.Close())
	gone(t, dir, "anna@", "Anna@", "Salary")
}

// A request that fails leaves no link behind, and two processes on one store go on
// with one chain.
func TestChainTogether(t *testing.T) {
	dir := t.TempDir()
	stores := []*Store{open(t, Options{Dir: dir}), open(t, Options{Dir: dir})}
	must(t, stores[0].Commit(t.Context(), storetest.Held("taken")))
	done := make(chan error)
	for n, s := range stores {
		go func() {
			var err error
			for i := 0; i < 40 && err == nil; i++ {
				if err = s.Commit(context.WithoutCancel(t.Context()), storetest.Held(fmt.Sprint(n, "-", i))); err == nil && i%4 == 0 {
					if again := s.Commit(context.WithoutCancel(t.Context()), storetest.Held("taken")); !errors.Is(again, quarantine.ErrExists) {
						err = fmt.Errorf("the second of a name: %v", again)
					}
				}
			}
			done <- err
		}()
	}
	for range stores {
		must(t, <-done)
	}
	if v := verified(t, stores[0]); v.Records != 81 || v.Broken != 0 || len(v.Heads) != 1 {
		t.Errorf("verified %+v", v)
	}
}

// Any JSON is given back as it was, whatever of it is taken for texts about people.
func FuzzSeal(f *testing.F) {
	f.Add([]byte(`{"from":"a@b","to":["c",""],"explain":{"x":[1,2,{"y":null}]},"n":-1.5e3,"~":1}`))
	f.Add([]byte(`{"a":{"~":0},"b":[{"~":"x"},"\"}{\\"],"c":"\u0000"}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(` "lone" `))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := quarantine.Record{Time: time.Unix(0, 0), Operation: "x", Data: data}
		if (&quarantine.Commit{Records: []quarantine.Record{r}}).Validate() != nil {
			return
		}
		for _, privacy := range []func(string) quarantine.Privacy{nil, storetest.Privacy, func(string) quarantine.Privacy { return quarantine.Whole }} {
			row := seal(&r, privacy)
			texts, err := unpackTexts(packTexts(row.texts))
			must(t, err)
			got, err := fill(row.body, texts)
			must(t, err)
			if withoutSpace(got) != withoutSpace(data) {
				t.Fatalf("%q became %q", data, got)
			}
		}
	})
}

// withoutSpace gives JSON as it is compared: what stands between its parts may go.
func withoutSpace(data []byte) string {
	var b strings.Builder
	inside, escaped := false, false
	for _, c := range data {
		if !inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			continue
		}
		switch {
		case escaped:
			escaped = false
		case inside && c == '\\':
			escaped = true
		case c == '"':
			inside = !inside
		}
		b.WriteByte(c)
	}
	return b.String()
}
