#!/bin/sh
# precision.sh [FLAGS]: what all sensitive information types report in 50 MB of
# harmless text; FLAGS are those of bench/precision. It fetches the documentation
# of the Debian packages below with apt-get, into .cache/precision, and installs
# nothing.
set -eu
cd "$(dirname "$0")/.."

packages='
bash-doc=5.2.15-2 2c1a353f7004d14ba81db19c253b958d2dd9582027650739c530fd50376a9d8b
cmake-doc=3.25.1-1 6e805a758ffed87cc7ea234cf0a7a1bb8ae78b93d8b5783e7fb989a6320f8133
debian-policy=4.6.2.0 ef9d01b625c3b87c3a845c2cd1b66f1a16e9240b2b9e5bee53472a00e8457a39
debian-reference-en=2.100 9f31d3a17df505de09689ca255512ea58c1fc47c59bb1b0c7bf1c23362e9743f
developers-reference=12.18 0dba82f6fa16e373f2a84ad07e7971aa9264ad2e7d2ae46b37edbc9c5fd57e2e
doc-debian=11.3+nmu1 b9bff49f22b334cb6fedc071d81669e72cc2fa0dcd65e110785f69d9941f2773
exim4-doc-html=4.96-1 f0613395fd73c3c278b619c8162c5a183e7874cbfdebe3614b4b3339d5d8a120
postfix-doc=3.7.11-0+deb12u1 6b07bcc68991703acf747dc2500355bdd02aef0a048419b939752c39faf47d8d
r-doc-html=4.2.2.20221110-2 2c615dd386993a440b80fd4e9060318386e31fbe47f5be65f295f5fb34002c5c
rsyslog-doc=8.2302.0+dfsg-1 df15098444db396754ed84dbf603f0b1e19a343da6564c49b34431c2334b4a86
sqlite3-doc=3.40.1-2+deb12u2 466e30d7066e2641fa13e56bc662a2ad521b8cc9c17dde9c9dac3d4f105e32f2
zsh-doc=5.9-4 79bd75df4bf03d1021e993fd773f82b8a4c8d76649e420cd32eca940cf418ff4
'

say() { printf 'precision: %s\n' "$*" >&2; }

cache=.cache/precision
mkdir -p "$cache/debs" "$cache/docs"
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
	say 'this is no Debian: without the documentation there is more of Go'"'"'s source'
	packages=''
fi
printf '%s' "$packages" | while read -r package sum; do
	[ -n "$package" ] || continue
	name=${package%%=*}
	[ ! -e "$cache/docs/$name/.complete" ] || continue
	say "fetching $package"
	rm -rf "$cache/debs/$name" "$cache/docs/$name"
	mkdir -p "$cache/debs/$name" "$cache/docs/$name"
	if ! (cd "$cache/debs/$name" && apt-get download -qq "$package" >/dev/null 2>&1); then
		say "there is no $package: run apt-get update, or take a Debian 12 or its snapshot"
		exit 2
	fi
	if ! echo "$sum  $(echo "$cache/debs/$name"/*.deb)" | sha256sum -c --quiet; then
		say "$package has changed"
		exit 2
	fi
	dpkg-deb -x "$cache/debs/$name"/*.deb "$cache/docs/$name"
	: >"$cache/docs/$name/.complete"
done

go build -o bin/precision ./bench/precision
exec bin/precision -docs "$cache/docs" "$@"
