#!/bin/sh
# Runs `go test` with the race detector; without a C compiler it says so
# loudly and runs without it, except in CI, where that is a failure.
set -u
cd "$(dirname "$0")/.."

race="-race"
if ! command -v "$("${GO:-go}" env CC)" >/dev/null 2>&1; then
	echo "test: NO C COMPILER, so the RACE DETECTOR IS OFF (make deps installs one)." >&2
	[ -z "${CI:-}" ] || exit 1
	race=""
fi
CGO_ENABLED=$([ -n "$race" ] && echo 1 || echo 0)
export CGO_ENABLED
# With -p 1 go test would also compile one package at a time.
# shellcheck disable=SC2086 # empty on purpose when there is no compiler
"${GO:-go}" build $race ./... || exit 1
# shellcheck disable=SC2086
exec "${GO:-go}" test $race -timeout 10m "$@"
