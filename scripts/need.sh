#!/bin/sh
# need.sh [browser]: installs what Postern's tests and demo need and this machine
# lacks, with apt, and names every package it installed; a browser where asked for.
#
# It starts and touches no system service. Postfix and slapd are installed without
# a configuration, so that their services have nothing to run. Where another mail
# transport agent is installed (or POSTERN_UNPACK=1 asks for it), only the
# libraries of Postfix are installed: with-postfix.sh unpacks the rest into a
# folder of its own.
#
# Without root it installs nothing and says what is missing. Exit status: 0 all
# is there, 1 something is missing, 2 the installation failed.
set -eu
cd "$(dirname "$0")/.."
. scripts/postfix-lib.sh

say() { printf 'need: %s\n' "$*"; }

if ! command -v go >/dev/null; then
	say 'Go is missing; get Go 1.26 or later from https://go.dev/dl/' >&2
	exit 1
fi

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

want=''
command -v gcc >/dev/null || want="$want gcc"
# Go fetches modules over HTTPS.
[ -e /etc/ssl/certs/ca-certificates.crt ] || want="$want ca-certificates"
printf '#include <stdlib.h>\n' | cc -E - >/dev/null 2>&1 || want="$want libc6-dev"

if ! command -v apt-get >/dev/null; then
	[ -z "$want" ] && system_postfix && exit 0
	say "this is no Debian: install a C compiler and Postfix 3.4 or later yourself" >&2
	exit 1
fi

if unpack_postfix; then
	# A fresh system knows no packages yet.
	[ -n "$(postfix_libraries)" ] || [ "$(id -u)" != 0 ] || apt-get update -q >/dev/null 2>&1 </dev/null || true
	for p in $(postfix_libraries); do
		installed "$p" || want="$want $p"
	done
elif ! system_postfix; then
	want="$want postfix"
fi

# The tests trace and break system calls, and sign what leaves.
command -v strace >/dev/null || want="$want strace"
[ -x /usr/sbin/opendkim ] || command -v opendkim >/dev/null || want="$want opendkim"

# The tests look at mail in HTML with a browser; the demo needs none.
[ "${1:-}" != browser ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null || want="$want chromium"

# The tests ask a directory of their own.
for tool in slapd:slapd slapadd:slapd ldapsearch:ldap-utils; do
	package=${tool#*:}
	[ -x "/usr/sbin/${tool%%:*}" ] || command -v "${tool%%:*}" >/dev/null || case " $want " in
	*" $package "*) ;;
	*) want="$want $package" ;;
	esac
done

[ -n "$want" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	say "missing, and only root can install:$want" >&2
	exit 1
fi

# A policy that forbids starting services, for as long as the installation runs.
policy=/usr/sbin/policy-rc.d
ours=''
remove_policy() { [ -z "$ours" ] || rm -f "$policy"; }
trap remove_policy EXIT
trap 'exit 2' HUP INT TERM
if [ ! -e "$policy" ]; then
	ours=yes
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 0755 "$policy"
fi

before=$(mktemp)
after=$(mktemp)
trap 'remove_policy; rm -f "$before" "$after"' EXIT
packages() { dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' | sed -n 's/^installed //p' | sort; }
packages >"$before"

say "installing:$want"
export DEBIAN_FRONTEND=noninteractive
install() {
	if ! command -v debconf-set-selections >/dev/null; then :; else
		printf '%s\n' 'postfix postfix/main_mailer_type select No configuration' \
			'slapd slapd/no_configuration boolean true' | debconf-set-selections
	fi
	# shellcheck disable=SC2086
	apt-get install -y -q --no-install-recommends $want </dev/null >"$1" 2>&1
}
log=$(mktemp)
if ! install "$log"; then
	apt-get update -q >>"$log" 2>&1 </dev/null || true
	if ! install "$log"; then
		cat "$log" >&2
		rm -f "$log"
		exit 2
	fi
fi
rm -f "$log"

packages >"$after"
say 'installed by this script, and nothing else (remove them with apt-get purge):'
comm -13 "$before" "$after" | sed 's/^/need:   /'
