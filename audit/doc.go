// Package audit is the record of what was decided and done: one Record for every
// message that matched, signalled or failed, and for every decision, release,
// deletion, export and policy load. Records are written once and never changed;
// alerts and reports are read from them.
//
// Names and shapes are those of Purview's ComplianceDLPExchange schema, with
// fields of Postern beside them. Text that may hold something of a message enters
// only as Masked, so that no matched value gets in by accident.
package audit
