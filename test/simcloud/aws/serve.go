package aws

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

// request is one call on its way through the cloud.
type request struct {
	Place
	key     Key
	service string
	action  string
	number  int
	// form holds the parameters of the query services, body the bytes of the others; path and query are Route 53's.
	form  *form
	body  []byte
	path  []string
	query url.Values
	// needs are the permissions that the call takes.
	needs []string
}

// operation is what an action does.
type operation struct {
	mutating bool
	do       func(*Cloud, *request) (any, error)
}

// serve answers a request as AWS does.
func (c *Cloud) serve(w http.ResponseWriter, incoming *http.Request, body []byte) {
	connection, _ := incoming.Context().Value(connectionKey{}).(int)
	r, op, err := c.understand(incoming, body)
	if err != nil {
		c.note(err)
		write(w, r, nil, err)
		return
	}
	call := simcloud.Call{Connection: connection, Account: r.Account, Region: r.Region, Service: r.service, Action: r.action, Mutating: op.mutating}
	var answer any
	fate := c.Do(call, func() simcloud.Result {
		r.number = c.nextNumber()
		answer, err = c.perform(r, op)
		return simcloud.Result{Code: codeOf(err), Permissions: r.needs}
	})
	c.note(err)
	c.reply(w, incoming, r, fate, answer, err)
}

// perform has a call's effect. A failed call has none.
func (c *Cloud) perform(r *request, op operation) (any, error) {
	if err := c.permit(r); err != nil {
		return nil, err
	}
	if r.service == ec2Service && r.form.text("DryRun") == "true" {
		return nil, failWith(http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
	}
	answer, err := op.do(c, r)
	if err == nil && r.form != nil {
		if names := r.form.unread(); len(names) > 0 {
			return nil, gap("%s of %s:%s", strings.Join(names, ", "), r.service, r.action)
		}
	}
	return answer, err
}

// reply writes the answer that the fate leaves.
func (c *Cloud) reply(w http.ResponseWriter, incoming *http.Request, r *request, fate simcloud.Fate, answer any, err error) {
	if fate.Delay > 0 {
		select {
		case <-time.After(fate.Delay):
		case <-incoming.Context().Done():
		}
	}
	switch fate.Act {
	case simcloud.Drop, simcloud.LoseReply:
		panic(http.ErrAbortHandler)
	case simcloud.CutReply:
		var whole bytes.Buffer
		write(&recorder{ResponseWriter: w, body: &whole}, r, answer, err)
		_, _ = w.Write(whole.Bytes()[:whole.Len()/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case simcloud.Pass:
		write(w, r, answer, err)
	default:
		write(w, r, nil, fated(r, fate))
	}
}

// recorder keeps a body back.
type recorder struct {
	http.ResponseWriter
	body *bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// fated is what AWS answers to a call that meets a fate.
func fated(r *request, fate simcloud.Fate) error {
	switch fate.Act {
	case simcloud.Throttle:
		return throttled(r.service)
	case simcloud.Forbid:
		return denied(r, r.service+":"+r.action)
	case simcloud.Refuse:
		status := fate.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		return failWith(status, fate.Code, "%s", fate.Message)
	default:
		return outage(r.service)
	}
}

// throttled is each service's own way to say that there are too many calls.
func throttled(service string) error {
	switch service {
	case ec2Service:
		return failWith(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
	case tagService:
		return fail("ThrottledException", "Rate exceeded")
	case elbService:
		return fail("ThrottlingException", "Rate exceeded")
	default:
		return fail("Throttling", "Rate exceeded")
	}
}

// outage is each service's own way to say that it failed.
func outage(service string) error {
	switch service {
	case ec2Service:
		return failWith(http.StatusServiceUnavailable, "Unavailable", "The service is unavailable. Please try again shortly.")
	case tagService:
		return failWith(http.StatusInternalServerError, "InternalServiceException", "The request processing failed because of an unknown error.")
	default:
		return failWith(http.StatusServiceUnavailable, "ServiceUnavailable", "Service is temporarily unavailable. Please retry.")
	}
}

// note remembers what is not modelled.
func (c *Cloud) note(err error) {
	if codeOf(err) == gapCode {
		c.With(func() { c.gaps = append(c.gaps, err.Error()) })
	}
}

func (c *Cloud) nextNumber() int {
	c.serial++
	return c.serial
}

// codeOf returns AWS's code, or nothing.
func codeOf(err error) string {
	var f *failure
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}
