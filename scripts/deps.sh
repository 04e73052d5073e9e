#!/bin/sh
# Installs what the tests need beyond Go, git and make: a C compiler for the
# race detector, Node.js for the example client and its one module, bash and
# curl for the README's tour.
#
# As root, or in CI, it installs without a question; otherwise it asks first.
# What cannot be had is said loudly and the tests that need it are skipped; in
# CI that is a failure.
set -u
cd "$(dirname "$0")/.."

missing=""
command -v "${CC:-gcc}" >/dev/null 2>&1 || command -v cc >/dev/null 2>&1 || missing="$missing compiler"
command -v node >/dev/null 2>&1 || missing="$missing node"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v bash >/dev/null 2>&1 || missing="$missing bash"

give_up() {
	echo "deps: CANNOT INSTALL:$missing. $1" >&2
	echo "deps: the tests that need them will be SKIPPED." >&2
	[ "${CI:-}" = "" ] || exit 1
}

install() {
	if command -v apt-get >/dev/null 2>&1; then
		packages=""
		for m in $missing; do
			case $m in
			compiler) packages="$packages gcc libc6-dev" ;;
			curl) packages="$packages curl ca-certificates" ;;
			bash) packages="$packages bash" ;;
			*) packages="$packages nodejs npm" ;;
			esac
		done
		as_root=""
		[ "$(id -u)" = 0 ] || as_root="sudo"
		[ "$(id -u)" = 0 ] || [ -z "${CI:-}" ] || as_root="sudo -n"
		command="$as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends$packages"
	elif command -v brew >/dev/null 2>&1; then
		command="brew install node"
		case $missing in *compiler*) give_up "Run: xcode-select --install"; return ;; esac
	else
		give_up "There is neither apt-get nor brew here; install them by hand."
		return
	fi
	if [ "$(id -u)" != 0 ] && [ -z "${CI:-}" ]; then
		printf 'deps: the tests need:%s. Run this?\n  %s\n[y/N] ' "$missing" "$command"
		read -r answer || answer=n
		case $answer in y* | Y*) ;; *) give_up "You said no."; return ;; esac
	fi
	sh -c "$command" || give_up "The installation failed."
}

[ -z "$missing" ] || install

if command -v npm >/dev/null 2>&1 && [ ! -d scripts/node_modules/ws ]; then
	(cd scripts && npm ci --no-audit --no-fund --loglevel=error) || { missing=" ws"; give_up "npm ci failed in scripts/."; }
fi
exit 0
