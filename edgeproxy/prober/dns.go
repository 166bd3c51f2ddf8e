package prober

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// A stub resolver of our own: Go's looks into /etc/hosts before it asks the given server, and reports a refusal and silence alike.

const (
	typeA     = 1
	typeCNAME = 5
	typeAAAA  = 28

	dnsTries   = 3
	maxAliases = 8
)

var errMalformed = errors.New("the answer is malformed")

// answer is what a server says of a name.
type answer struct {
	addresses []netip.Addr
	// alias is the last name of the chain of CNAMEs, if there is one.
	alias string
	// missing: no such name.
	missing bool
}

type record struct {
	owner   string
	kind    uint16
	address netip.Addr
	target  string
}

// ask asks one server for the addresses of both families.
func (p *prober) ask(ctx context.Context, server netip.AddrPort, name string) (answer, error) {
	var sum answer
	for _, kind := range []uint16{typeA, typeAAAA} {
		part, err := p.askFor(ctx, server, name, kind)
		if err != nil {
			return answer{}, err
		}
		sum.addresses = append(sum.addresses, part.addresses...)
		sum.missing = sum.missing || part.missing
		if part.alias != "" {
			sum.alias = part.alias
		}
	}
	return sum, nil
}

func (p *prober) askFor(ctx context.Context, server netip.AddrPort, name string, kind uint16) (answer, error) {
	var err error
	for range dnsTries {
		var message []byte
		message, err = p.exchange(ctx, "udp", server, question(name, kind))
		if err == nil && message[2]&0x02 != 0 {
			message, err = p.exchange(ctx, "tcp", server, question(name, kind))
		}
		if err == nil {
			return readAnswer(message, name, kind)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return answer{}, err
}

func question(name string, kind uint16) []byte {
	message := make([]byte, 12, 64)
	rand.Read(message[:2])
	message[2] = 1 // recursion desired
	message[5] = 1 // one question
	for label := range strings.SplitSeq(name, ".") {
		message = append(message, byte(len(label)))
		message = append(message, label...)
	}
	message = append(message, 0)
	message = binary.BigEndian.AppendUint16(message, kind)
	return binary.BigEndian.AppendUint16(message, 1)
}

// exchange sends query and returns the first message that answers it.
func (p *prober) exchange(ctx context.Context, network string, server netip.AddrPort, query []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout/dnsTries)
	defer cancel()
	conn, err := p.dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if network == "tcp" {
		return exchangeStream(conn, query)
	}
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buffer := make([]byte, 65535)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, silent(err, p.timeout/dnsTries)
		}
		if answers(buffer[:n], query) {
			return buffer[:n], nil
		}
	}
}

func exchangeStream(conn net.Conn, query []byte) ([]byte, error) {
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, message); err != nil {
		return nil, err
	}
	if !answers(message, query) {
		return nil, errMalformed
	}
	return message, nil
}

func silent(err error, timeout time.Duration) error {
	if timedOut(err) {
		return fmt.Errorf("silence for %s", timeout.Round(time.Millisecond))
	}
	return err
}

// answers reports whether message is the response to query: its ID, and its question word for word.
func answers(message, query []byte) bool {
	return len(message) >= len(query) && bytes.Equal(message[:2], query[:2]) && message[2]&0x80 != 0 &&
		bytes.Equal(message[4:6], query[4:6]) && bytes.EqualFold(message[12:len(query)], query[12:])
}

// readAnswer follows the aliases from name through the answer section of message, whose question is checked already.
func readAnswer(message []byte, name string, kind uint16) (answer, error) {
	switch code := message[3] & 0x0f; code {
	case 0:
	case 3:
		return answer{missing: true}, nil
	default:
		return answer{}, fmt.Errorf("response code %s", responseCode(code))
	}
	at := 12 + len(name) + 2 + 4
	records, err := readRecords(message, at, int(binary.BigEndian.Uint16(message[6:8])))
	if err != nil {
		return answer{}, err
	}
	var got answer
	owner := strings.ToLower(name)
	for range maxAliases {
		alias := ""
		for _, r := range records {
			if r.owner == owner && r.kind == typeCNAME {
				alias = r.target
			}
			if r.owner == owner && r.kind == kind {
				got.addresses = append(got.addresses, r.address)
			}
		}
		if alias == "" {
			break
		}
		owner, got.alias = alias, alias
	}
	return got, nil
}

func responseCode(code byte) string {
	switch code {
	case 1:
		return "FORMERR"
	case 2:
		return "SERVFAIL"
	case 4:
		return "NOTIMP"
	case 5:
		return "REFUSED"
	}
	return fmt.Sprint(code)
}

func readRecords(message []byte, at, count int) ([]record, error) {
	var records []record
	for range count {
		owner, next, err := readName(message, at)
		if err != nil || next+10 > len(message) {
			return nil, errMalformed
		}
		length := int(binary.BigEndian.Uint16(message[next+8:]))
		r := record{owner: owner, kind: binary.BigEndian.Uint16(message[next:])}
		at = next + 10 + length
		if at > len(message) {
			return nil, errMalformed
		}
		data := message[next+10 : at]
		switch {
		case r.kind == typeCNAME:
			if r.target, _, err = readName(message, next+10); err != nil {
				return nil, err
			}
		case r.kind == typeA && length == 4, r.kind == typeAAAA && length == 16:
			r.address, _ = netip.AddrFromSlice(data)
		case r.kind == typeA, r.kind == typeAAAA:
			return nil, errMalformed
		}
		records = append(records, r)
	}
	return records, nil
}

// readName reads a name, compressed or not, and returns it in lower case with the offset behind it.
func readName(message []byte, at int) (string, int, error) {
	var labels []string
	end := -1
	for range 128 {
		if at >= len(message) {
			return "", 0, errMalformed
		}
		length := int(message[at])
		switch {
		case length == 0:
			if end < 0 {
				end = at + 1
			}
			return strings.ToLower(strings.Join(labels, ".")), end, nil
		case length >= 0xc0:
			if at+1 >= len(message) {
				return "", 0, errMalformed
			}
			if end < 0 {
				end = at + 2
			}
			at = (length&0x3f)<<8 | int(message[at+1])
		case length > 63 || at+1+length > len(message):
			return "", 0, errMalformed
		default:
			labels = append(labels, printable(string(message[at+1:at+1+length])))
			at += 1 + length
		}
	}
	return "", 0, errMalformed
}
