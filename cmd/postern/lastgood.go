package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// lastGoodName is the file in the store that holds the files which were loaded
// last without a mistake.
const lastGoodName = "last-good"

// lastGood is what is kept. It is read back only for the same postern.yaml.
type lastGood struct {
	File  string    `json:"file"`
	Saved time.Time `json:"saved"`
	Files fileSet   `json:"files"`
}

// saveLastGood keeps files. The file is whole at every instant: a temporary
// one is written, synced and renamed over it.
func saveLastGood(store string, l lastGood) (err error) {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(store, lastGoodName+".*") // mode 0600: the people file is in it
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(store, lastGoodName)); err != nil {
		return err
	}
	dir, err := os.Open(store)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// readLastGood reads what was kept for a postern.yaml.
func readLastGood(store, file string) (lastGood, error) {
	var l lastGood
	data, err := os.ReadFile(filepath.Join(store, lastGoodName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return l, errors.New("there is no set that was good before")
	case err != nil:
		return l, plainError(err)
	}
	if err := json.Unmarshal(data, &l); err != nil {
		return l, fmt.Errorf("%s cannot be read: %w", filepath.Join(store, lastGoodName), err)
	}
	if l.File != file {
		return l, fmt.Errorf("the set kept in %s is that of %s", store, l.File)
	}
	return l, nil
}
