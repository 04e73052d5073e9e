// Package report makes docs/performance.md and its plots of a record. The
// tables come from the figures, the prose from files that people write; making
// the page again from the same record changes nothing.
package report
