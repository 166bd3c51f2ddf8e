package routestatus

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

const (
	reportsPath = "/v1/reports"
	// heartbeat is how often a replica that has nothing to say says so, and silence after how long it is taken for gone.
	heartbeat = 5 * time.Second
	silence   = 3 * heartbeat
	// roll is how often the leader looks which replicas there are.
	roll = 2 * time.Second
	// maxReportBytes of one report.
	maxReportBytes = 16 << 20
)

// reportsHandler streams a replica's reports, one JSON object in a line, and an empty line from time to time.
func reportsHandler(s *Statuses) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodGet || request.URL.Path != reportsPath {
			http.NotFound(w, request)
			return
		}
		ctx, cancel := context.WithCancel(request.Context())
		defer cancel()
		var mu sync.Mutex
		control := http.NewResponseController(w)
		say := func(line []byte) {
			mu.Lock()
			defer mu.Unlock()
			_ = control.SetWriteDeadline(time.Now().Add(silence))
			if _, err := w.Write(append(line, '\n')); err != nil || control.Flush() != nil {
				cancel()
			}
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		say(nil)
		var beating sync.WaitGroup
		beating.Go(func() { beat(ctx, say) })
		s.follow(ctx, func(report server.Report) {
			line, err := json.Marshal(report)
			if err != nil {
				// A report holds strings only.
				panic(err)
			}
			say(line)
		})
		beating.Wait()
	})
}

func beat(ctx context.Context, say func([]byte)) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			say(nil)
		}
	}
}

// replicas returns the addresses of all pods in these slices but one, by pod name. Also of those that are not ready: proxies may still be
// connected to them.
func replicas(slices []*discoveryv1.EndpointSlice, but string) map[string]string {
	found := map[string]string{}
	for _, slice := range slices {
		for _, endpoint := range slice.Endpoints {
			if endpoint.TargetRef != nil && endpoint.TargetRef.Name != but && len(endpoint.Addresses) > 0 {
				found[endpoint.TargetRef.Name] = endpoint.Addresses[0]
			}
		}
	}
	return found
}

// peers listens, on the leader, to what the other replicas report.
type peers struct {
	// list returns the other replicas: their addresses by pod name.
	list func() map[string]string
	// credentials to talk to a replica with.
	credentials func() (*tls.Config, error)
	port        string
	report      func(replica string, report server.Report)
	lost        func(replica string)
}

// NeedLeaderElection says that only the leader runs this.
func (p *peers) NeedLeaderElection() bool { return true }

// Start listens to every replica there is, until ctx ends.
func (p *peers) Start(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	following := map[string]context.CancelFunc{}
	ticker := time.NewTicker(roll)
	defer ticker.Stop()
	for {
		there := p.list()
		for replica, address := range there {
			if following[replica+"/"+address] != nil {
				continue
			}
			ctx, stop := context.WithCancel(ctx)
			following[replica+"/"+address] = stop
			work.Go(func() { p.follow(ctx, replica, address) })
		}
		for key, stop := range following {
			if !listed(there, key) {
				stop()
				delete(following, key)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func listed(there map[string]string, key string) bool {
	for replica, address := range there {
		if key == replica+"/"+address {
			return true
		}
	}
	return false
}

// follow listens to one replica, again and again.
func (p *peers) follow(ctx context.Context, replica, address string) {
	for {
		err := p.listen(ctx, replica, address)
		p.lost(replica)
		if ctx.Err() != nil {
			return
		}
		ctrl.LoggerFrom(ctx).V(1).Info("a replica is not heard", "replica", replica, "error", err.Error())
		select {
		case <-ctx.Done():
			return
		case <-time.After(roll):
		}
	}
}

// listen passes a replica's reports on until the connection ends, which is an error.
func (p *peers) listen(ctx context.Context, replica, address string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	credentials, err := p.credentials()
	if err != nil {
		return fmt.Errorf("finding credentials: %w", err)
	}
	transport := &http.Transport{TLSClientConfig: credentials, TLSHandshakeTimeout: silence, ResponseHeaderTimeout: silence}
	defer transport.CloseIdleConnections()
	url := "https://" + net.JoinHostPort(address, p.port) + reportsPath
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking replica %q: %w", replica, err)
	}
	// Silence ends the wait, in the dial as in the middle of a line.
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("asking replica %q: %w", replica, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("asking replica %q: it answers %s", replica, response.Status)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxReportBytes)
	for lines.Scan() {
		watchdog.Reset(silence)
		if len(lines.Bytes()) == 0 {
			continue
		}
		var report server.Report
		if err := json.Unmarshal(lines.Bytes(), &report); err != nil {
			return fmt.Errorf("reading a report of replica %q: %w", replica, err)
		}
		p.report(replica, report)
	}
	return errors.Join(fmt.Errorf("replica %q has closed the connection", replica), lines.Err())
}
