package aws

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"sync"

	"github.com/edgegateway/edgegateway/test/simcloud/aws/botocore"
	"github.com/edgegateway/edgegateway/test/simcloud/python"
)

// modelsOf are the models that botocore has of the simulated services.
var modelsOf = []string{"ec2/2016-11-15", "elbv2/2015-12-01", "resourcegroupstaggingapi/2017-01-26", "route53/2013-04-01", "sts/2011-06-15"}

// Models returns botocore's models, or why they are not on this machine. They are read once.
var Models = sync.OnceValues(func() (*botocore.Models, error) {
	dir, err := python.Home()
	if err != nil {
		return nil, err
	}
	return botocore.Load(filepath.Join(dir, "botocore", "data"), modelsOf...)
})

// Gate judges every exchange of a Cloud. It is safe for concurrent use, also by several Clouds.
type Gate struct {
	// Models that it judges by. Without them it knows only the codes that Rules has.
	Models *botocore.Models

	mu        sync.Mutex
	exchanges int
	covered   map[string]bool
	found     []string
	// clean are exchanges that are in order: most come again and again, but for their number.
	clean map[[sha256.Size]byte]botocore.Verdict
}

// DefaultGate is the gate of every Cloud that is given none.
var DefaultGate = sync.OnceValue(func() *Gate {
	models, err := Models()
	if err != nil {
		models = nil // TestTheGateHasItsModels tells
	}
	return &Gate{Models: models}
})

// judge returns what is wrong with an exchange.
func (g *Gate) judge(x botocore.Exchange) []string {
	if g.Models == nil {
		found := judgedByRules(x)
		g.count("", false, found)
		return found
	}
	mark := fingerprint(x)
	g.mu.Lock()
	v, known := g.clean[mark]
	g.mu.Unlock()
	if !known {
		v = g.Models.Judge(x)
	}
	if v.Code == gapCode {
		v.Reply = nil // Gaps has it
	}
	var found []string
	for _, fault := range v.Request {
		found = append(found, fmt.Sprintf("%s: request: %s", v.Operation, fault))
	}
	for _, fault := range v.Reply {
		found = append(found, fmt.Sprintf("%s: reply (%d %s): %s", v.Operation, x.Status, v.Code, fault))
	}
	if v.Code != "" && v.Code != gapCode && !v.Declared && !documented(v.Operation, v.Code) {
		found = append(found, fmt.Sprintf("%s: reply: neither does the operation declare the error %s, nor do Rules and commonCodes have it", v.Operation, v.Code))
	}
	g.count(v.Operation, x.Whole && v.Code == "" && len(found) == 0, found)
	if !known && len(found) == 0 {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.clean == nil {
			g.clean = map[[sha256.Size]byte]botocore.Verdict{}
		}
		g.clean[mark] = v
	}
	return found
}

// fingerprint is equal for two exchanges that differ in nothing but their request ID and signature.
func fingerprint(x botocore.Exchange) [sha256.Size]byte {
	id := []byte(x.ReplyHeader.Get("X-Amzn-Requestid"))
	reply := x.Reply
	if len(id) > 0 {
		reply = bytes.Replace(reply, id, []byte("id"), 1)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %s %t %d %d %d\n", x.Method, x.URL.RequestURI(), x.Header.Get("X-Amz-Target"), x.Whole, x.Status, len(x.Body), len(reply))
	_, _ = sum.Write(x.Body)
	_, _ = sum.Write(reply)
	return [sha256.Size]byte(sum.Sum(nil))
}

// judgedByRules is all that can be said without models.
func judgedByRules(x botocore.Exchange) []string {
	code := ec2Code.FindSubmatch(x.Reply)
	if code == nil || string(code[1]) == gapCode || documented(ec2Service+":", string(code[1])) {
		return nil
	}
	return []string{fmt.Sprintf("ec2: reply: neither Rules nor commonCodes have the error %s", code[1])}
}

func (g *Gate) count(operation string, passed bool, found []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.exchanges++
	if passed {
		if g.covered == nil {
			g.covered = map[string]bool{}
		}
		g.covered[operation] = true
	}
	for _, fault := range found {
		if !slices.Contains(g.found, fault) {
			g.found = append(g.found, fault)
		}
	}
}

// Covered returns the operations of which a successful exchange has passed the gate, sorted.
func (g *Gate) Covered() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.covered))
}

// Operations returns all that is modelled, as "service:Operation", sorted.
func Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Report tells how many exchanges and operations have been judged, and what was wrong, each fault once. It returns whether nothing was, and
// whether there were models to judge by where CI is set. A test's TestMain ends with it, so that a test that forgets Cloud.Gaps is caught too.
func (g *Gate) Report(to io.Writer) bool {
	covered := g.Covered()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, fault := range g.found {
		fmt.Fprintln(to, "--- AWS's models:", fault)
	}
	if g.Models == nil {
		_, err := Models()
		fmt.Fprintf(to, "AWS'S MODELS ARE NOT HERE, so %d exchanges were judged by the simulator's own table of codes only: %v\n", g.exchanges, err)
		return len(g.found) == 0 && !python.InCI()
	}
	fmt.Fprintf(to, "AWS's models: %d exchanges judged, %d operations with success, %d faults\n", g.exchanges, len(covered), len(g.found))
	return len(g.found) == 0
}

// ServeHTTP answers a request as AWS does, and has the exchange judged.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, incoming *http.Request) {
	body, err := io.ReadAll(incoming.Body)
	if err != nil {
		http.Error(w, "reading the request: "+err.Error(), http.StatusBadRequest)
		return
	}
	x := botocore.Exchange{Method: incoming.Method, URL: incoming.URL, Header: incoming.Header, Body: body}
	seen := &witness{ResponseWriter: w, status: http.StatusOK}
	defer func() { // whatever became of the connection
		x.Status, x.ReplyHeader, x.Reply = seen.status, w.Header(), seen.body.Bytes()
		found := c.gate.judge(x)
		c.With(func() {
			for _, v := range found {
				if !slices.Contains(c.violations, v) {
					c.violations = append(c.violations, v)
				}
			}
		})
	}()
	c.serve(seen, incoming, body)
	x.Whole = true
}

// witness remembers what is answered.
type witness struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader passes it on.
func (w *witness) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write passes it on.
func (w *witness) Write(p []byte) (int, error) {
	w.body.Write(p)
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Violations returns how requests and replies differed from AWS's own models, each way once, in order.
func (c *Cloud) Violations() []string {
	var violations []string
	c.With(func() { violations = append(violations, c.violations...) })
	return violations
}
