package ir

import "fmt"

// String names the secret and never shows it, however a gateway is printed.
func (s Secret) String() string {
	return fmt.Sprintf("{%s: certificate of %d bytes, key not shown}", s.Name, len(s.Certificate))
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }
