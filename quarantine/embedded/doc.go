// Package embedded is the store of one node: a directory with a SQLite database
// for the rows and a file for each blob.
//
//	store.db   rows; in WAL mode, with store.db-wal and store.db-shm beside it
//	blobs/0…f  one file per blob, spread over sixteen directories
//	sequence   how far the database had come at the last sweep
//
// A commit writes each blob under a temporary name, syncs it, renames it, syncs
// the directory, and only then queues for the transaction that writes the rows
// with synchronous=FULL. One goroutine runs all transactions and takes up
// whatever has queued meanwhile, so that commits at the same time share the sync
// of the log; blobs are written by the callers side by side, and share the syncs
// of directories in the same way.
//
// A failed sync may lose pages that were reported written, so it ends all writing
// until the store is opened again. A full disk ends nothing: the commit fails, the
// next one may succeed.
//
// Records are chained, for each UTC month of their times: a link holds a SHA-256
// over the value of the link before and the record. Texts about people stand beside
// the record, with a random salt each, and the record has their digests: they are
// erased by taking text and salt away. Of a record deleted at its time the link
// stays until the month is over, and the head of the month for ever.
//
// Several processes of one machine may open the same directory, as a command
// beside the service does; [quarantine.Store.Wake] tells only of the own process.
// The file system must be local, keep renames atomic, and honour fsync on files
// and directories.
//
// The process can be killed at these points (package internal/fault):
// hold.blob.created, hold.blob.written, hold.blob.synced, hold.blob.renamed,
// hold.blob.durable; store.rows.written, store.rows.committed around the
// transaction of every change; hold.durable, release.decided, expiry.decided,
// decision.durable, outbox.leased, outbox.postponed, outbox.finished when the change
// of that name is durable; outbox.blob.removed, sweep.rows.durable,
// sweep.blob.removed, erase.part.durable.
package embedded
