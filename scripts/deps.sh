#!/bin/sh
# Installs what the tests need beyond Go, git and make: a C compiler for the
# race detector, Node.js for the example client and its one module (ws), bash
# and curl for the README's tour.
#
# As root, or in CI, it installs without a question; otherwise it asks first.
# What cannot be had is said loudly and the tests that need it are skipped; in
# CI that is a failure.
set -u
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }

# missing lists what is not there, by the names that packages() knows.
missing() {
	have "$("${GO:-go}" env CC)" || printf ' compiler'
	have node || printf ' node'
	have curl || printf ' curl'
	have bash || printf ' bash'
	# The module comes from npm where there is one. Debian's npm would bring
	# four hundred packages along, Debian's ws brings none.
	[ -e scripts/node_modules/ws ] || have npm || printf ' ws'
}

# packages names what to install for the words of missing.
packages() {
	for m in "$@"; do
		case $m in
		compiler) printf ' gcc libc6-dev' ;;
		node) printf ' nodejs' ;;
		curl) printf ' curl ca-certificates' ;;
		bash) printf ' bash' ;;
		ws) printf ' node-ws' ;;
		esac
	done
}

give_up() {
	echo "deps: CANNOT INSTALL:$(missing). $1" >&2
	echo "deps: the tests that need them will be SKIPPED." >&2
	[ -z "${CI:-}" ] || exit 1
	exit 0
}

install() {
	if have apt-get; then
		sudo=""
		[ "$(id -u)" = 0 ] || sudo="sudo"
		[ "$(id -u)" = 0 ] || [ -z "${CI:-}" ] || sudo="sudo -n"
		command="$sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends$(packages "$@")"
	elif have brew; then
		case " $* " in *" compiler "*) give_up "Run: xcode-select --install" ;; esac
		command="brew install node"
	else
		give_up "There is neither apt-get nor brew here; install them by hand."
	fi
	if [ "$(id -u)" != 0 ] && [ -z "${CI:-}" ]; then
		printf 'deps: the tests need: %s. Run this?\n  %s\n[y/N] ' "$*" "$command"
		read -r answer || answer=n
		case $answer in y* | Y*) ;; *) give_up "You said no." ;; esac
	fi
	sh -c "$command" || give_up "The installation failed."
}

wanted=$(missing)
# shellcheck disable=SC2086 # one word for each
[ -z "$wanted" ] || install $wanted

if [ ! -e scripts/node_modules/ws ]; then
	if have npm; then
		(cd scripts && npm ci --no-audit --no-fund --loglevel=error) || give_up "npm ci failed in scripts/."
	elif [ -d /usr/share/nodejs/ws ]; then
		mkdir -p scripts/node_modules && ln -sfn /usr/share/nodejs/ws scripts/node_modules/ws
	else
		give_up "There is no npm, and no package of ws."
	fi
fi
exit 0
