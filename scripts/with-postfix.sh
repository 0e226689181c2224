#!/bin/sh
# with-postfix.sh COMMAND [ARGUMENT]...: runs a command that needs the programs of
# Postfix. Where another mail transport agent is installed (or POSTERN_UNPACK=1
# asks for it), Postfix is unpacked from its Debian package into a folder of its
# own, named to the command by POSTERN_POSTFIX_ROOT and removed at its end.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/postfix-lib.sh"

if [ -n "${POSTERN_POSTFIX_ROOT:-}" ] || [ "$(id -u)" != 0 ] || ! unpack_postfix; then
	exec "$@"
fi

root=$(mktemp -d /tmp/postern-postfix.XXXXXX)
trap 'rm -rf "$root"' EXIT
# The command gets these too; it ends by itself, and then the folder goes.
trap : HUP INT TERM
chmod 0755 "$root"
mta=$(other_mta | head -n 1) || true
echo "with-postfix: ${mta:-POSTERN_UNPACK=1} keeps Postfix from being installed: unpacking it into $root"
(
	mkdir "$root/.deb" && cd "$root/.deb"
	# The user that apt changes to for downloads must be able to write here.
	chmod 0777 .
	apt-get download -q postfix >apt.log 2>&1 || { apt-get update -q >>apt.log 2>&1 && apt-get download -q postfix >>apt.log 2>&1; } || {
		cat apt.log >&2
		exit 1
	}
	dpkg-deb -x postfix_*.deb "$root"
)
rm -rf "$root/.deb"
# The linker takes LD_LIBRARY_PATH from no program that changes its group, and
# root, who alone runs this, needs no other group.
chmod g-s "$root/usr/sbin/postdrop" "$root/usr/sbin/postqueue"

status=0
POSTERN_POSTFIX_ROOT=$root "$@" || status=$?
exit "$status"
