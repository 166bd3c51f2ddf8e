// Command agent is what test/cluster runs of its own inside a network namespace:
//
//	agent node DIR                      the node's first process: private processes, mounts and kernel settings
//	agent forward TARGET                accepts on file descriptor 3, a listener of the host, and dials TARGET in here
//	agent resolver LISTEN API DIR NEXT  DNS for pods: Services from the API, all other names from NEXT
//
// It is a program and not part of the library, since a Go test can't start itself again as something else.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "node":
		return runNode(args[1])
	case len(args) == 2 && args[0] == "forward":
		return runForward(args[1])
	case len(args) == 5 && args[0] == "resolver":
		return runResolver(args[1], args[2], args[3], args[4])
	}
	return fmt.Errorf("unknown arguments %q", args)
}
