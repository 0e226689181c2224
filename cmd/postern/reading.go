package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/rules"
)

// reading is what was read of one file: a message by its parts, any other file
// as one part.
type reading struct {
	parts   []rules.ScannedPart
	found   []rules.PartDetection
	signals []signalJSON
}

// readFile reads a file, a message as policies see it. With types given it is
// classified too.
func readFile(ctx context.Context, docs *documents, name string, r io.Reader, types *classify.Catalog) (reading, error) {
	data, err := readContent(name, r)
	if err != nil {
		return reading{}, err
	}
	if isMessage(name, data) {
		return readMail(ctx, docs, data, types)
	}
	ctx, cancel := context.WithTimeout(ctx, defaults("").extractIn)
	defer cancel()
	doc, err := docs.read(ctx, data, extract.Hint{Name: filepath.Base(name)}, extract.DefaultLimits)
	if err != nil {
		return reading{}, err
	}
	rd := reading{parts: rules.Unfold(filepath.Base(name), doc), signals: []signalJSON{}}
	for _, p := range rd.parts {
		rd.signals = append(rd.signals, signalsJSON(p.Notices())...)
		if types != nil {
			rd.add(classified(p.Name, p.Detect(types)))
		}
	}
	return rd, nil
}

// add puts detections of one more part to the others.
func (rd *reading) add(found []rules.PartDetection) {
	for _, d := range found {
		i, have := slices.BinarySearchFunc(rd.found, d, byType)
		if have {
			rd.found[i].Matches = append(rd.found[i].Matches, d.Matches...)
		} else {
			rd.found = slices.Insert(rd.found, i, d)
		}
	}
}

func byType(a, b rules.PartDetection) int { return strings.Compare(a.Type.Name, b.Type.Name) }

// readContent reads a file of at most the size of a message.
func readContent(name string, r io.Reader) ([]byte, error) {
	most := defaults("").process.messageSize
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, plainError(err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s is larger than %d MB", name, most>>20)
	}
	return data, nil
}

func readMail(ctx context.Context, docs *documents, data []byte, types *classify.Catalog) (reading, error) {
	p := defaults("").process
	m, err := message.Read(message.Envelope{}, bytes.NewReader(data), message.NewBudget(p.memory, os.TempDir()), p.limits)
	if err != nil {
		return reading{}, err
	}
	defer m.Close()
	w := &rules.World{Organization: &directory.Organization{}, Types: types, Extract: extract.DefaultLimits, ExtractTime: defaults("").extractIn}
	docs.serveWorld(w)
	scan := rules.NewScan(w, m)
	rd := reading{parts: scan.Parts(ctx)}
	if types != nil {
		rd.found = scan.Detections(ctx)
	}
	rd.signals = signalsJSON(scan.Notices())
	return rd, scan.Err()
}

// classified gives the detections in one text the form of those in a message.
func classified(part string, ds []classify.Detection) []rules.PartDetection {
	var out []rules.PartDetection
	for _, d := range ds {
		pd := rules.PartDetection{Type: d.Type}
		for _, m := range d.Matches {
			pd.Matches = append(pd.Matches, rules.PartMatch{Part: part, Match: m})
		}
		out = append(out, pd)
	}
	slices.SortFunc(out, byType)
	return out
}

// isMessage tells a message from other files: it is named so, or it begins like
// one.
func isMessage(name string, data []byte) bool {
	return strings.EqualFold(filepath.Ext(name), ".eml") || extract.IsMail(data)
}
