# postfix-lib.sh: what need.sh and with-postfix.sh know of Postfix. Sourced.

# system_postfix: Postfix is installed on this machine.
system_postfix() { [ -x /usr/sbin/postconf ] && [ -x /usr/sbin/postfix ]; }

# other_mta: a package that provides mail-transport-agent and is not Postfix is
# installed; names it.
other_mta() {
	command -v dpkg-query >/dev/null || return 1
	dpkg-query -W -f '${db:Status-Status}|${Package}|, ${Provides},\n' 2>/dev/null |
		sed -n 's/^installed|\([^|]*\)|.*, mail-transport-agent[ ,].*/\1/p' | grep -vx postfix
}

# unpack_postfix: Postfix must be unpacked rather than installed.
unpack_postfix() { [ "${POSTERN_UNPACK:-}" = 1 ] || { ! system_postfix && other_mta >/dev/null; }; }

# postfix_libraries: the libraries that the postfix package needs.
postfix_libraries() {
	apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances postfix 2>/dev/null |
		sed -n 's/^ *Depends: \(lib[^ ]*\)$/\1/p' | sort -u
}
