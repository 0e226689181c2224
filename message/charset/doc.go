// Package charset makes valid UTF-8 of octets whose character set is declared,
// declared wrongly, or not declared at all. Mail header fields and document
// formats share it; it knows neither.
package charset
