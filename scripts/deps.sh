#!/bin/sh
# Installs what the tests need beyond Go, git and make: a C compiler for the
# race detector, Node.js for the example client and its one module (ws), bash
# and curl for the tours of the documents, PostgreSQL and Redis for nodes that
# share them, nginx, Caddy and systemd-analyze for deploy/, and Debian's Django
# for a gallery to import.
#
# As root, or in CI, it installs without a question; otherwise it asks first.
# No server that it installs is started, now or when the machine starts: tests
# start their own. What cannot be had is said loudly and the tests that need it
# are skipped; in CI that is a failure.
set -u
cd "$(dirname "$0")/.."

# Servers lie where only root looks.
PATH=$PATH:/usr/sbin:/sbin

have() { command -v "$1" >/dev/null 2>&1; }

have_postgresql() {
	have initdb && return
	for initdb in /usr/lib/postgresql/*/bin/initdb /opt/homebrew/opt/postgresql@*/bin/initdb /usr/local/opt/postgresql@*/bin/initdb; do
		[ -x "$initdb" ] && return
	done
	return 1
}

have_django() {
	/usr/bin/python3 -c 'from importlib.util import find_spec as f
raise SystemExit(not all(f(m) for m in ("django", "psycopg2", "cryptography")))' 2>/dev/null
}

# missing lists what is not there, by the names that packages() knows.
missing() {
	have "$("${GO:-go}" env CC)" || printf ' compiler'
	have node || printf ' node'
	have curl || printf ' curl'
	have bash || printf ' bash'
	# The module comes from npm where there is one. Debian's npm would bring
	# four hundred packages along, Debian's ws brings none.
	[ -e scripts/node_modules/ws ] || [ -d /usr/share/nodejs/ws ] || have npm || printf ' ws'
	have_postgresql || printf ' postgresql'
	{ have redis-server && have redis-cli; } || printf ' redis'
	have nginx || printf ' nginx'
	have caddy || printf ' caddy'
	[ "$(uname)" != Linux ] || have systemd-analyze || printf ' systemd'
	have_django || printf ' django'
}

# packages names what to install for the words of missing, where apt-get is.
packages() {
	for m in "$@"; do
		case $m in
		compiler) printf ' gcc libc6-dev' ;;
		node) printf ' nodejs' ;;
		curl) printf ' curl ca-certificates' ;;
		ws) printf ' node-ws' ;;
		redis) printf ' redis-server redis-tools' ;;
		nginx) printf ' nginx-light' ;;
		django) printf ' python3-django python3-psycopg2 python3-cryptography' ;;
		*) printf ' %s' "$m" ;;
		esac
	done
}

# formulas is packages for brew. It has no Django for the system's Python.
formulas() {
	for m in "$@"; do
		case $m in
		ws | django) ;;
		postgresql) printf ' postgresql@17' ;;
		*) printf ' %s' "$m" ;;
		esac
	done
}

give_up() {
	echo "deps: CANNOT INSTALL:$(missing). $1" >&2
	echo "deps: the tests that need them will be SKIPPED." >&2
	[ -z "${CI:-}" ] || exit 1
	exit 0
}

# as_root installs packages with apt-get and starts no server of theirs. It is
# what the script does when it calls itself as root.
as_root() {
	set -e
	export DEBIAN_FRONTEND=noninteractive
	policy=/usr/sbin/policy-rc.d
	cluster=/etc/postgresql-common/createcluster.conf
	install="apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0"
	undo=:
	trap 'eval "$undo"' EXIT
	trap 'exit 1' HUP INT TERM
	if [ ! -e "$policy" ]; then
		# What Debian's packages ask before they start something: "forbidden".
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		undo="rm -f $policy"
	fi
	apt-get update -qq
	case " $* " in *" postgresql "*)
		if [ ! -e "$cluster" ]; then
			# A database of the machine's own is not what anybody asked for.
			$install postgresql-common >/dev/null
			cp "$cluster" "$cluster.before-deps"
			undo="$undo; mv -f $cluster.before-deps $cluster"
			echo 'create_main_cluster = false' >>"$cluster"
		fi
		;;
	esac
	$install "$@" >/dev/null
	if [ -d /run/systemd/system ]; then
		for package in "$@"; do
			case $package in
			postgresql | redis-server | caddy) systemctl disable -q "$package" ;;
			nginx-light) systemctl disable -q nginx ;;
			esac
		done
	fi
}

install() {
	if have apt-get; then
		sudo=""
		[ "$(id -u)" = 0 ] || sudo="sudo "
		[ "$(id -u)" = 0 ] || [ -z "${CI:-}" ] || sudo="sudo -n "
		command="${sudo}sh scripts/deps.sh --as-root$(packages "$@")"
	elif have brew; then
		case " $* " in *" compiler "*) give_up "Run: xcode-select --install" ;; esac
		formulas=$(formulas "$@")
		[ -n "$formulas" ] || give_up "Brew has no packages of them."
		command="brew install -q$formulas"
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

if [ "${1:-}" = --as-root ]; then
	shift
	as_root "$@"
	exit
fi

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
[ -z "$wanted" ] || [ -z "$(missing)" ] || give_up "They are not there after the installation."
exit 0
