//go:build tools

// Names the program that the Jaeger test runs, so that go.mod and go.sum hold its versions.
package tools

import _ "github.com/jaegertracing/jaeger/cmd/all-in-one"
