#!/bin/sh
# compare.sh [ROUNDS]: measures the classifier beside Go's regexp, the set of go-re2
# and Hyperscan on the same texts, and prints the table of docs/performance.md.
#
# It needs a C compiler and Hyperscan or Vectorscan (Debian: libhyperscan-dev or
# libvectorscan-dev). Where they are not installed, it unpacks Debian's packages
# into .cache/compare and installs nothing. Exit status: 0 measured, 1 something is
# missing or fails.
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-5}
work=$PWD/.cache/compare
mkdir -p "$work"

if [ -e /usr/include/hs/hs.h ]; then
	include=/usr/include/hs libs='-lhs'
else
	if [ ! -d "$work/root" ]; then
		(cd "$work" && apt-get download libhyperscan-dev libhyperscan5 && for p in *.deb; do dpkg -x "$p" root; done)
	fi
	include=$work/root/usr/include/hs
	libs=$(find "$work/root" -name libhs.a)
fi
# shellcheck disable=SC2086 # one word or an option
cc -O2 -I"$include" -o "$work/hyperscan" bench/compare/hyperscan/main.c $libs -lstdc++ -lm
POSTERN_BENCH_TEXTS=$work go test -count=1 -run TestWriteBenchTexts ./classify >/dev/null
(cd bench/compare && go build -o "$work/compare" .)
"$work/compare" -rounds "$rounds" -patterns bench/compare/patterns.txt -hyperscan "$work/hyperscan" \
	"$work/clean-english.txt" "$work/mail-mix.txt" "$work/number-dense.txt"
