package main

import (
	"context"
	"net/netip"
	"slices"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/message/extract/tika"
	"github.com/postern-mail/postern/message/extract/worker"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// readers says by whom documents are read: the section extract of postern.yaml.
type readers struct {
	workers     int // 0 is that of the processors
	memory      int64
	tika        string // URL; empty without a server
	tikaAllowed []netip.Prefix
}

func (r readers) equal(o readers) bool {
	return r.workers == o.workers && r.memory == o.memory && r.tika == o.tika && slices.Equal(r.tikaAllowed, o.tikaAllowed)
}

// mostWorkers bounds the workers that can be asked for.
const mostWorkers = 1024

// extract reads the section of that name.
func (cr *configReader) extract(e strictyaml.Entry) {
	r := &cr.c.process.readers
	var server, allowed strictyaml.Entry
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"workers": func(e strictyaml.Entry) {
			if v, ok := cr.Int(e.Value, e.Field, 1, mostWorkers); ok {
				r.workers = v
			}
		},
		"workerMemory": func(e strictyaml.Entry) {
			v, ok := cr.Size(e.Value, e.Field)
			if ok && v < worker.MinMemory {
				cr.Errorf(e.Value, e.Field, "write a larger size, as in `512MB`", "%q is less than %d octets", e.Value.Value, int64(worker.MinMemory))
				ok = false
			}
			if ok {
				r.memory = v
			}
		},
		"tika":        func(e strictyaml.Entry) { server = e; cr.word(e, &r.tika) },
		"tikaAllowed": func(e strictyaml.Entry) { allowed = e; cr.tikaAllowed(e) },
	}})
	switch {
	case server.Value == nil && allowed.Value != nil:
		cr.Errorf(allowed.At, allowed.Field, "add `tika: http://127.0.0.1:9998`, or take the key away", "no server is named that may be elsewhere")
	case r.tika != "":
		if _, err := tika.New(tika.Options{URL: r.tika, Allowed: r.tikaAllowed}); err != nil {
			cr.Errorf(server.Value, server.Field, "write `http://127.0.0.1:9998`, or list the address of another machine under `tikaAllowed`", "%v", err)
		}
	}
}

func (cr *configReader) tikaAllowed(e strictyaml.Entry) {
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		p, err := network(text)
		if err != nil {
			cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write an address or a network, as in `10.0.0.5`", "%v", err)
			continue
		}
		cr.c.process.readers.tikaAllowed = append(cr.c.process.readers.tikaAllowed, p)
	}
}

// documents reads documents for this process.
type documents struct {
	pool *worker.Pool
	tika *tika.Client // nil without a server
}

// newDocuments gives what reads documents. It is to be closed.
func newDocuments(r readers, lost func(reason string)) (*documents, error) {
	d := &documents{}
	if r.tika != "" {
		var err error
		if d.tika, err = tika.New(tika.Options{URL: r.tika, Allowed: r.tikaAllowed}); err != nil {
			return nil, err
		}
	}
	d.pool = worker.New(worker.Options{Workers: r.workers, Memory: r.memory, Lost: lost})
	return d, nil
}

// serveWorld makes messages judged by the world be read here. Nil changes
// nothing: they are read in this process.
func (d *documents) serveWorld(w *rules.World) {
	if d == nil {
		return
	}
	w.Read = d.pool.Read
	w.Fallback = d.fallback(w.Extract)
}

// fallback asks the server for as much text as the limits allow; nil without one.
func (d *documents) fallback(lim extract.Limits) func(context.Context, []byte, string) (string, error) {
	if d.tika == nil {
		return nil
	}
	return func(ctx context.Context, content []byte, mediaType string) (string, error) {
		return d.tika.Text(ctx, content, mediaType, lim.Characters)
	}
}

// read reads a document that is alone in its message.
func (d *documents) read(ctx context.Context, content []byte, hint extract.Hint, lim extract.Limits) (extract.Document, error) {
	b := extract.NewBudget(lim)
	b.Fallback = d.fallback(lim)
	return d.pool.Read(ctx, content, hint, b)
}

func (d *documents) Close() error {
	if d.tika != nil {
		d.tika.Close()
	}
	return d.pool.Close()
}

// begin starts a first worker and says in the log what keeps documents from the
// rest of the machine.
func (d *documents) begin(ctx context.Context, log *zap.Logger) error {
	isolation, err := d.pool.Start(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(isolation, "seccomp") {
		log.Info("documents are read in workers", zap.Strings("isolation", isolation))
	} else {
		log.Warn("documents are read in workers that the kernel does not keep from files and network", zap.Strings("isolation", isolation))
	}
	return nil
}
