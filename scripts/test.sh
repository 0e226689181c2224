#!/bin/sh
# test.sh: everything that must hold, and a summary in plain words. Without root
# or Postfix the tests against Postfix are skipped and named; with CI=true a skip
# is a failure.
set -u
cd "$(dirname "$0")/.."
. scripts/postfix-lib.sh
summary=''
failed=0

note() { summary="$summary
test: $1"; }

# step NAME COMMAND...: runs a command and notes what came of it.
step() {
	name=$1
	shift
	begun=$(date +%s)
	if "$@"; then
		note "$name: good ($(($(date +%s) - begun)) s)"
	else
		note "$name: FAILED"
		failed=1
	fi
}

# skip NAME REASON
skip() {
	if [ "${CI:-}" = true ]; then
		note "$1: FAILED, must not be skipped: $2"
		failed=1
	else
		note "$1: skipped, $2"
	fi
}

scripts/need.sh browser </dev/null || [ "$?" = 1 ] || exit 2

# A program with the race detector waits a second at its end for late reports,
# and the tests start hundreds.
export GORACE="${GORACE:-atexit_sleep_ms=50}"

race=-race
if [ "$(go env CGO_ENABLED)" != 1 ] || ! printf 'int main(void){return 0;}\n' | cc -x c -o /dev/null - 2>/dev/null; then
	race=''
	skip 'race detector' 'it needs a C compiler'
fi

step 'gofmt, go vet, staticcheck' scripts/lint.sh
# shellcheck disable=SC2086
step 'tests' go test $race -shuffle=on -timeout 14m ./...

if [ "$(id -u)" != 0 ]; then
	skip 'tests with a real Postfix' 'running Postfix needs root'
elif ! system_postfix && ! unpack_postfix; then
	skip 'tests with a real Postfix' 'there is no Postfix and it could not be installed'
else
	# shellcheck disable=SC2086
	step 'tests with a real Postfix' scripts/with-postfix.sh go test $race -tags e2e -count=1 -timeout 15m ./internal/mta/... ./internal/sink/... ./e2e/... ./directory ./packaging/... ./relay/...
fi

printf '%s\n' "$summary"
if [ "$failed" != 0 ]; then
	echo 'test: FAILED'
	exit 1
fi
echo 'test: all that ran is good'
