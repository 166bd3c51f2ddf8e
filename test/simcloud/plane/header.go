package plane

import (
	"encoding/binary"
	"net/netip"
)

// signature begins every PROXY protocol v2 header.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

const (
	commandLocal = 0x20
	commandProxy = 0x21
	overTCP4     = 0x11
	overTCP6     = 0x21
)

// proxyHeader is a PROXY protocol v2 header of a TCP connection from client to address. Both are of one family.
func proxyHeader(client, address netip.AddrPort) []byte {
	family := byte(overTCP4)
	if client.Addr().Is6() {
		family = overTCP6
	}
	var body []byte
	body = append(body, client.Addr().AsSlice()...)
	body = append(body, address.Addr().AsSlice()...)
	body = binary.BigEndian.AppendUint16(body, client.Port())
	body = binary.BigEndian.AppendUint16(body, address.Port())
	header := append([]byte(signature), commandProxy, family)
	header = binary.BigEndian.AppendUint16(header, uint16(len(body)))
	return append(header, body...)
}

// localHeader is that of a connection that the load balancer makes for itself.
func localHeader() []byte { return append([]byte(signature), commandLocal, 0, 0, 0) }
