module github.com/postern-mail/postern/bench/compare

go 1.26.0

require (
	github.com/postern-mail/postern v0.0.0
	github.com/wasilibs/go-re2 v1.13.0
)

require (
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/postern-mail/postern => ../..
