#!/bin/sh
# Installs what `make bench` puts beside the gallery: a C compiler for the bare
# loop, nginx with nchan, Django Channels under Daphne with channels_redis and
# Simple JWT, and Redis and PostgreSQL for the gallery that runs on several
# nodes. The Go libraries come through the module of this directory.
#
# As root it installs without a question, otherwise it asks first. No server
# that it installs is started, now or when the machine starts. A contender that
# cannot be had is left out of the measurement with a loud line.
set -u
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

have() { command -v "$1" >/dev/null 2>&1; }

have_nchan() {
	for module in /usr/lib/nginx/modules/ngx_nchan_module.so /usr/lib64/nginx/modules/ngx_nchan_module.so; do
		[ -e "$module" ] && return
	done
	return 1
}

# Debian's packages go to Debian's Python, whatever else is in the PATH.
have_channels() {
	/usr/bin/python3 -c 'from importlib.util import find_spec as f
raise SystemExit(not all(f(m) for m in ("channels", "channels_redis", "daphne", "rest_framework_simplejwt", "hiredis")))' 2>/dev/null
}

have_postgresql() {
	have initdb && return
	for initdb in /usr/lib/postgresql/*/bin/initdb; do
		[ -x "$initdb" ] && return
	done
	return 1
}

# missing lists the Debian packages of what is not there.
missing() {
	have gcc || printf ' gcc libc6-dev'
	have nginx || printf ' nginx-light'
	have_nchan || printf ' libnginx-mod-nchan'
	have_channels || printf ' python3-django-channels python3-daphne python3-channels-redis python3-djangorestframework-simplejwt python3-hiredis'
	have redis-server || printf ' redis-server'
	have_postgresql || printf ' postgresql'
}

wanted=$(missing)
[ -n "$wanted" ] || exit 0
if ! have apt-get; then
	echo "bench: NOT INSTALLED:$wanted (names of Debian's packages); contenders that need them are LEFT OUT." >&2
	exit 0
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo "
command="${sudo}sh scripts/deps.sh --as-root$wanted"
if [ "$(id -u)" != 0 ]; then
	printf 'bench: the other servers need:%s. Run this?\n  %s\n[y/N] ' "$wanted" "$command"
	read -r answer || answer=n
	case $answer in y* | Y*) ;; *) command=false ;; esac
fi
sh -c "$command" || echo "bench: NOT INSTALLED:$(missing); contenders that need them are LEFT OUT." >&2
exit 0
