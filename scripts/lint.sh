#!/bin/sh
# lint.sh: gofmt, go vet and staticcheck over everything, build tags included.
set -eu
cd "$(dirname "$0")/.."
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.7.0

# shellcheck disable=SC2046
unformatted=$(gofmt -l $(go list -tags e2e -f '{{.Dir}}' ./...) | sort -u)
if [ -n "$unformatted" ]; then
	printf 'lint: these files are not formatted; run gofmt -w:\n%s\n' "$unformatted" >&2
	exit 1
fi
go vet -tags e2e ./...
go run "$staticcheck" -tags e2e ./...
echo 'lint: gofmt, go vet, staticcheck: good'
