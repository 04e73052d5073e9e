package trial

import (
	"encoding/json"
	"fmt"
	"os"
)

// Record is everything that a run has measured, as it is kept beside the page
// that is made of it.
type Record struct {
	Machine  Machine  `json:"machine"`
	Command  string   `json:"command"`
	Started  string   `json:"started"` // RFC 3339
	Took     string   `json:"took"`
	Rounds   int      `json:"rounds"`
	Watchers int      `json:"watchers"`
	LeftOut  []string `json:"left_out,omitempty"` // contenders that are not installed, and what they want

	Visits     []Visit     `json:"visits"` // the rounds
	Curve      []Visit     `json:"curve"`  // over watchers
	Works      []Visit     `json:"works"`  // over artworks
	Doorbells  []Doorbell  `json:"doorbells"`
	Stalls     []Stall     `json:"stalls"`
	Reconnects []Reconnect `json:"reconnects"`
	Views      []ViewRate  `json:"views"`
}

// Write keeps a record in a file.
func (r *Record) Write(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Read reads what Write wrote.
func Read(path string) (*Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return r, nil
}
