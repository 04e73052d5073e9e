#!/bin/sh
# Runs every fuzz target of the module, one after the other, each for the time
# given (30s unless said otherwise).
set -eu
cd "$(dirname "$0")/.."
time=${1:-30s}
# A target that finds something new is minimised a hundred times at most: left
# alone, Go spends most of a short run on that.
minimize=100x

grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file" | while read -r target; do
		echo "== $(dirname "$file") $target"
		"${GO:-go}" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime $minimize "$(dirname "$file")" </dev/null
	done
done
