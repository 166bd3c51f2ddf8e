package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestZoneIsAsStrictAsBIND sends the same messages, of all kinds of prerequisites and updates, to BIND and to the zone that the proof uses,
// and compares codes and answers.
func TestZoneIsAsStrictAsBIND(t *testing.T) {
	address := startBIND(t)
	ours := newNameServer(zone)
	exchange := func(message *dns.Msg) (theirs, mine *dns.Msg) {
		client := &dns.Client{Net: "tcp", Timeout: 5 * time.Second, TsigSecret: map[string]string{tsigKey: tsigSecret}}
		ask := func(conn net.Conn) *dns.Msg {
			request := message.Copy()
			request.SetTsig(tsigKey, tsigAlgorithm, 300, time.Now().Unix())
			defer conn.Close()
			answer, _, err := client.ExchangeWithConn(request, &dns.Conn{Conn: conn})
			if err != nil {
				t.Fatalf("%v\n%v", err, message)
			}
			return answer
		}
		remote, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		local, err := ours.dialer(func(string, bool) faultKind { return "" }, nil)(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		return ask(remote), ask(local)
	}
	order := rand.New(rand.NewPCG(defaultSeed, 2))
	codes := map[string]int{}
	for range 1500 {
		message := randomMessage(order)
		theirs, mine := exchange(message)
		codes[dns.RcodeToString[theirs.Rcode]]++
		if theirs.Rcode != mine.Rcode || !slices.Equal(answersOf(theirs), answersOf(mine)) {
			t.Fatalf("BIND answers %s %v and the zone %s %v to\n%v", dns.RcodeToString[theirs.Rcode], answersOf(theirs),
				dns.RcodeToString[mine.Rcode], answersOf(mine), message)
		}
	}
	t.Logf("equal answers: %v", codes)
	for _, code := range []int{dns.RcodeSuccess, dns.RcodeNameError, dns.RcodeYXDomain, dns.RcodeYXRrset, dns.RcodeNXRrset, dns.RcodeNotZone, dns.RcodeRefused} {
		if codes[dns.RcodeToString[code]] == 0 {
			t.Errorf("no message was answered %s", dns.RcodeToString[code])
		}
	}
}

func answersOf(message *dns.Msg) []string {
	var lines []string
	for _, rr := range message.Answer {
		lines = append(lines, strings.ToLower(rr.String()))
	}
	slices.Sort(lines)
	return lines
}

// randomMessage is a query or an update about a few names, with prerequisites of every kind.
func randomMessage(order *rand.Rand) *dns.Msg {
	pick := func(texts ...string) string { return texts[order.IntN(len(texts))] }
	name := func() string {
		return pick("a.", "b.", "c.a.", "*.w.", "x.w.", "_edgegateway.a.") + zone + "."
	}
	kinds := []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeCNAME}
	kind := func() uint16 { return kinds[order.IntN(len(kinds))] }
	record := func(ttl int) dns.RR {
		text := map[uint16]string{
			dns.TypeA: "A 192.0.2." + pick("1", "2"), dns.TypeAAAA: "AAAA 2001:db8::" + pick("1", "2"),
			dns.TypeTXT: `TXT "` + pick("one", "two") + `"`, dns.TypeCNAME: "CNAME b." + zone + ".",
		}[kind()]
		rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s", name(), ttl, text))
		if err != nil {
			panic(err)
		}
		return rr
	}
	bare := func(kind uint16) []dns.RR { return []dns.RR{&dns.ANY{Hdr: dns.RR_Header{Name: name(), Rrtype: kind}}} }
	message := new(dns.Msg)
	if order.IntN(2) == 0 {
		message.SetQuestion(name(), kind())
		message.RecursionDesired = false
		return message
	}
	message.SetUpdate(zone + ".")
	switch order.IntN(7) {
	case 0:
		message.NameUsed(bare(dns.TypeANY))
	case 1:
		message.NameNotUsed(bare(dns.TypeANY))
	case 2:
		message.RRsetUsed(bare(kind()))
	case 3:
		message.RRsetNotUsed(bare(kind()))
	case 4:
		message.Used([]dns.RR{record(0)})
	case 5:
		outside := pick("a.example.net.", "a."+zone+".")
		message.RRsetNotUsed([]dns.RR{&dns.ANY{Hdr: dns.RR_Header{Name: outside, Rrtype: dns.TypeA}}})
	}
	for range order.IntN(3) {
		switch order.IntN(5) {
		case 0:
			message.RemoveRRset(bare(kind()))
		case 1:
			message.RemoveName(bare(dns.TypeANY))
		case 2:
			message.Remove([]dns.RR{record(0)})
		default:
			message.Insert([]dns.RR{record(60 * (1 + order.IntN(2)))})
		}
	}
	return message
}

// startBIND returns the address of a BIND on loopback with the same empty zone and key.
func startBIND(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("named")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/named"); err != nil {
			t.Skip("SKIPPED, NOT PASSED: BIND is not installed, so nobody says whether the proof's name server is strict enough")
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	dir := t.TempDir()
	files := map[string]string{
		"config": fmt.Sprintf(`options { directory %q; pid-file "named.pid"; session-keyfile "session.key"; listen-on port %d { 127.0.0.1; };
listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no; minimal-responses yes; };
controls { };
key %q { algorithm hmac-sha256; secret %q; };
zone %q { type primary; file "zone"; allow-update { key %q; }; };
`, dir, port, tsigKey, tsigSecret, zone, tsigKey),
		"zone": fmt.Sprintf("$TTL 300\n@ IN SOA ns.%[1]s. admin.%[1]s. 1 300 60 3600 60\n@ IN NS ns.%[1]s.\nns IN A 127.0.0.1\n", zone),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(path, "-g", "-n", "1", "-c", filepath.Join(dir, "config"))
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		killed := time.AfterFunc(5*time.Second, func() { _ = command.Process.Kill() })
		_ = command.Wait()
		killed.Stop()
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	question := new(dns.Msg)
	question.SetQuestion(zone+".", dns.TypeSOA)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		answer, _, err := (&dns.Client{Net: "tcp", Timeout: time.Second}).Exchange(question, address)
		if err == nil && answer.Authoritative && len(answer.Answer) == 1 {
			return address
		}
	}
	t.Fatal("BIND does not answer")
	return ""
}
