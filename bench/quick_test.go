//go:build linux

package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/bench/trial"
)

// TestQuick makes a quick run of everything that is installed, and looks at what
// comes out: every message arrived once, nothing is left running.
func TestQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes more than a minute")
	}
	before := runtime.NumGoroutine()
	out := t.TempDir()
	args := []string{"--quick", "--rounds", "1", "--watchers", "200", "--out", out}
	if err := command(context.Background(), args); err != nil {
		t.Fatal(err)
	}
	record, err := trial.Read(filepath.Join(out, "performance", "figures.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(append(record.Visits, record.Curve...), record.Works...) {
		if v.Lost != 0 || v.Doubled != 0 {
			t.Errorf("%s with %d watchers: lost %d and doubled %d, want none", v.Contender, v.Watchers, v.Lost, v.Doubled)
		}
		if v.MessageCPU <= 0 || v.HandshakeCPU <= 0 || v.Last < v.First {
			t.Errorf("%s with %d watchers: took %v µs a message, %v µs a handshake, first %v ms, last %v ms", v.Contender, v.Watchers, v.MessageCPU, v.HandshakeCPU, v.First, v.Last)
		}
	}
	// What is not installed is left out; what needs only Go is always there.
	if got, want := len(record.Visits)+len(record.LeftOut), 9; got != want {
		t.Errorf("%d contenders were visited or left out, want %d", got, want)
	}
	if len(record.Stalls) != 1 || len(record.Reconnects) != 1 || len(record.Views) == 0 {
		t.Errorf("got %d stalls, %d reconnects and %d rates of views, want one of each", len(record.Stalls), len(record.Reconnects), len(record.Views))
	}
	if r := record.Reconnects[0]; r.Farewells != 200 || r.After.Lost != 0 {
		t.Errorf("after the restart: %d of 200 farewells, %d lost", r.Farewells, r.After.Lost)
	}
	page, err := os.ReadFile(filepath.Join(out, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"NaN", "<no value>", "Inf"} {
		if strings.Contains(string(page), unwanted) {
			t.Errorf("the page holds %q", unwanted)
		}
	}
	plots, err := filepath.Glob(filepath.Join(out, "performance", "*.svg"))
	if err != nil || len(plots) < 4 {
		t.Errorf("got %d plots (%v), want at least 4", len(plots), err)
	}
	for _, path := range plots {
		wellFormed(t, path)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines are left, before there were %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func wellFormed(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer file.Close()
	for d := xml.NewDecoder(file); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			return
		}
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"--rounds", "0"}, {"--watchers", "1"}, {"--only", "nobody"}, {"more"}, {"--unknown"}} {
		if err := command(context.Background(), args); err == nil {
			t.Errorf("%v: got no error", args)
		}
	}
}
