package vantage

import "net/netip"

// Refuse says why a prober must not connect to addr, or "" if it may.
func Refuse(addr netip.Addr) (why string) { return "" }
