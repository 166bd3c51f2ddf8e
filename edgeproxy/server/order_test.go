package server

import "testing"

// boot is how an Envoy starts with one cluster, one listener and one table.
var boot = []string{
	"set c:a e:a l:l~t:t t:t>c:a l:ready>l:l",
	"ask c *", "get c +a@1", "ack c",
	"ask e a", "get e +a@1", "ack e",
	"ask l *", "get l +l@1", "ack l",
	"quiet",
	"ask t t", "get t +t@1", "ack t",
	"get l +ready@1", "ack l",
	"quiet", "pending",
}

func then(steps ...string) []string { return append(append([]string{}, boot...), steps...) }

// orders are sequences of what a gateway has and what a proxy says.
var orders = map[string][]string{
	"a proxy starts and is ready last": boot,
	"an empty gateway answers, so that nobody waits": {
		"set", "ask c *", "get c", "ack c", "ask l *", "get l", "ack l", "quiet",
	},
	"an empty request means everything": {"set c:a", "ask c", "get c +a@1"},
	"a route switches after its new cluster and its endpoints": then(
		"set c:a e:a c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "quiet", "ack c", "quiet",
		"ask e b", "get e +b@1", "quiet", "ack e",
		"get t +t@2", "ack t", "quiet", "pending"),
	"endpoints that come before the cluster's acknowledgement don't switch it": then(
		"set c:a e:a c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "ask e b", "get e +b@1", "ack e", "quiet", "ack c", "get t +t@2"),
	"a cluster leaves after the route that had it": then(
		"set c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "ack c", "ask e b", "get e +b@1", "ack e",
		"get t +t@2", "quiet", "ack t",
		"get c -a", "ack c", "drop e a", "quiet", "pending"),
	"a cluster stays while the route that drops it is refused": then(
		"set c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "ack c", "ask e b", "get e +b@1", "ack e",
		"get t +t@2", "nack t bad route", "quiet", "refused t:t bad route",
		"set c:b e:b l:l~t:t t:t@3>c:b l:ready>l:l",
		"get t +t@3", "ack t", "get c -a", "refused"),
	"a cluster that comes back before it left stays": then(
		"set c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "ack c", "ask e b", "get e +b@1", "ack e", "get t +t@2",
		"set c:a e:a c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"ack t", "quiet", "pending"),
	"a cluster that comes back after it left is new": then(
		"set c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "ack c", "ask e b", "get e +b@1", "ack e", "get t +t@2", "ack t", "get c -a",
		"set c:a e:a c:b e:b l:l~t:t t:t@3>c:a l:ready>l:l",
		"quiet", "ack c", "get c +a@1", "get e +a@1", "drop e a", "ask e a", "get e +a@1", "ack c", "quiet", "ack e", "get t +t@3"),
	"a cluster that comes back before its endpoints were let go": then(
		"set c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "ack c", "ask e b", "get e +b@1", "ack e", "get t +t@2", "ack t", "get c -a",
		"set c:a e:a c:b e:b l:l~t:t t:t@3>c:a l:ready>l:l",
		"quiet", "ack c", "get c +a@1", "get e +a@1", "ack c", "quiet", "ack e", "get t +t@3"),
	"endpoints wait for nobody": then(
		"set c:a e:a@2 l:l~t:t t:t>c:a l:ready>l:l", "get e +a@2",
		"set c:a e:a@3 l:l~t:t t:t>c:a l:ready>l:l", "quiet",
		"set c:a e:a@4 l:l~t:t t:t>c:a l:ready>l:l", "quiet",
		"ack e", "get e +a@4", "ack e", "quiet", "pending"),
	"a route doesn't wait for newer endpoints of a cluster in use": then(
		"set c:a e:a@2 l:l~t:t t:t@2>c:a l:ready>l:l", "get e +a@2", "get t +t@2"),
	"a changed cluster gets its endpoints again": then(
		"set c:a@2 e:a l:l~t:t t:t>c:a l:ready>l:l", "get c +a@2", "get e +a@1", "ack e", "ack c", "quiet", "pending"),
	"a listener is sent at once": then(
		"set c:a e:a l:l@2~t:t,s:s t:t>c:a s:s l:ready>l:l", "get l +l@2", "ack l", "ask s s", "get s +s@1", "ack s", "quiet", "pending"),
	"ready waits for every listener, its tables and its secrets": {
		"set l:l~t:t,s:s l:m~t:u t:t t:u s:s l:ready>l:l,l:m",
		"ask c *", "get c", "ack c", "ask l *", "get l +l@1", "ack l", "get l +m@1", "ack l",
		"ask s s", "get s +s@1", "ask t t u", "get t +t@1", "ack t", "get t +u@1", "ack t", "quiet", "ack s", "get l +ready@1",
	},
	"a listener leaves at once, its table when the proxy lets go": then(
		"set c:a e:a l:ready", "get l -l", "ack l", "quiet", "drop t t", "quiet",
		"set l:ready", "get c -a", "ack c", "pending"),
	"a table that the proxy keeps has its clusters kept": then(
		"set l:ready", "get l -l", "ack l", "quiet", "drop t t", "get c -a"),
	"a cluster leaves after the listener that named it": {
		"set c:a e:a l:l>c:a", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ack e", "ask l *", "get l +l@1", "ack l", "quiet", "pending",
		"set", "get l -l", "quiet", "ack l", "get c -a", "ack c", "drop e a", "quiet",
	},
	"a cluster leaves after the listener that named it is replaced": {
		"set c:a e:a l:l>c:a", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ack e", "ask l *", "get l +l@1", "ack l",
		"set c:b e:b l:l@2>c:b", "get c +b@1", "ack c", "ask e b", "get e +b@1", "quiet", "ack e", "get l +l@2", "quiet", "ack l", "get c -a", "quiet",
	},
	"a cluster stays while the listener that drops it is refused": {
		"set c:a e:a l:l>c:a", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ack e", "ask l *", "get l +l@1", "ack l",
		"set l:l@2", "get l +l@2", "nack l bad", "quiet", "set l:l@3", "get l +l@3", "quiet", "ack l", "get c -a",
	},
	"a cluster stays while a listener that names it is on its way": {
		"set c:a e:a", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ack e", "ask l *", "get l", "ack l",
		"set c:a e:a l:l>c:a", "get l +l@1", "set", "quiet", "ack l", "get l -l", "quiet", "ack l", "get c -a",
	},
	"a cluster that a listener on its way names leaves when that is refused": {
		"set c:a e:a", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ack e", "ask l *", "get l", "ack l",
		"set c:a e:a l:l>c:a", "get l +l@1", "set", "quiet", "nack l bad", "get c -a", "quiet",
	},
	"a secret leaves after the listener that asks for it, where the proxy asks for every secret": {
		"set s:s l:l~s:s", "ask s *", "get s +s@1", "ack s", "ask l *", "get l +l@1", "ack l", "quiet",
		"set", "get l -l", "quiet", "ack l", "get s -s", "ack s", "quiet",
	},
	"a secret leaves after the cluster that asks for it": {
		"set s:s c:a~s:s e:a", "ask s *", "get s +s@1", "ack s", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ack e", "quiet",
		"set", "get c -a", "quiet", "ack c", "get s -s", "ack s", "quiet",
	},
	"a table leaves after the listener that asks for it, where the proxy asks for every table": {
		"set l:l~t:t t:t", "ask t *", "get t +t@1", "ack t", "ask l *", "get l +l@1", "ack l", "quiet",
		"set", "get l -l", "quiet", "ack l", "get t -t", "ack t", "quiet",
	},
	"a listener leaves at once, though ready is on its way and needs it": {
		"set l:l l:ready>l:l", "ask l *", "get l +l@1", "ack l", "get l +ready@1", "set l:ready", "get l -l", "ack l", "quiet",
	},
	"asking again gets an answer again": then("ask e a", "get e +a@1", "ack e", "quiet"),
	"asking again while it flies gets one more": {
		"set c:a e:a", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ask e a", "quiet", "ack e", "get e +a@1", "ack e", "quiet",
	},
	"what isn't asked for isn't sent": {
		"set c:a e:a s:s t:t", "ask s u", "ask t u", "quiet", "ask e a", "get e +a@1", "ack e", "quiet", "pending c:a s:s t:t",
	},
	"a resource that comes after it was asked for": {
		"set", "ask s s", "quiet", "set s:s", "get s +s@1", "ack s", "set s:s@2", "get s +s@2", "ack s", "drop s s", "quiet", "set s:s@3", "quiet",
	},
	"a proxy that waits for endpoints which are gone gets their removal": {
		"set c:a e:a", "ask c *", "get c +a@1", "set", "ask e a", "get e -a", "ack e", "quiet", "ack c", "get c -a", "drop e a", "ack c", "quiet",
	},
	"endpoints that were gone and come back": {
		"set c:a e:a", "ask c *", "get c +a@1", "set", "ask e a", "get e -a", "ack e", "quiet",
		"set c:a e:a", "get e +a@1", "ack e", "ack c", "quiet", "set c:a", "quiet",
	},
	"a changed cluster that is gone before its endpoints came again": then(
		"set c:a@2 e:a l:l~t:t t:t>c:a l:ready>l:l", "get c +a@2", "get e +a@1", "ack e",
		"set c:a@3 l:l~t:t t:t>c:a l:ready>l:l", "quiet", "ack c", "get c +a@3", "get e -a", "ack e", "ack c", "quiet"),
	"a removed name is the proxy's to let go": {
		"set s:s", "ask s s", "get s +s@1", "ack s", "set", "quiet",
	},
}

// TestOrder plays orders.
func TestOrder(t *testing.T) {
	for name, steps := range orders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script(t, steps...)
		})
	}
}

// TestRefusal plays what happens after a proxy says no.
func TestRefusal(t *testing.T) {
	for name, steps := range map[string][]string{
		"a refused resource is sent again when it changes": then(
			"set c:a e:a l:l~t:t t:t@2>c:a l:ready>l:l", "get t +t@2", "nack t bad", "quiet", "refused t:t bad", "pending t:t",
			"set c:a e:a l:l~t:t t:t@3>c:a l:ready>l:l", "get t +t@3", "ack t", "refused", "pending"),
		"a refusal undone is no refusal": then(
			"set c:a e:a l:l~t:t t:t@2>c:a l:ready>l:l", "get t +t@2", "nack t bad",
			"set c:a e:a l:l~t:t t:t>c:a l:ready>l:l", "quiet", "refused", "pending"),
		"the neighbours of a refused resource go on": then(
			"set c:a e:a l:l~t:t t:t@2>c:a l:ready>l:l", "get t +t@2", "nack t bad",
			"set c:a e:a@2 c:b e:b l:l@2~t:t,t:u t:t@2>c:a t:u>c:a l:ready>l:l",
			"get c +b@1", "get e +a@2", "get l +l@2", "ack c", "ack e", "ack l", "ask t u", "get t +u@1"),
		"a refused batch is halved until the bad one is alone": {
			"set c:a c:b c:c c:d c:e", "ask c *", "get c +a@1 +b@1 +c@1 +d@1 +e@1", "nack c bad c",
			"get c +a@1 +b@1", "ack c", "get c +c@1 +d@1 +e@1", "nack c bad c",
			"get c +c@1", "nack c bad c", "get c +d@1 +e@1", "ack c", "quiet", "refused c:c bad c",
			"pending c:c",
		},
		"a route to a refused cluster is sent, and answers 500": {
			"set c:a e:a l:l~t:t t:t>c:a l:ready>l:l",
			"ask c *", "get c +a@1", "nack c bad", "ask l *", "get l +l@1", "ack l", "ask t t", "get t +t@1", "ack t", "get l +ready@1",
		},
		"a refused listener doesn't keep the others from being ready": {
			"set l:l~t:t l:m l:ready>l:l,l:m", "ask l *", "get l +l@1", "nack l bad", "get l +m@1", "ack l", "get l +ready@1",
		},
		"a refused secret doesn't keep the rest from being ready": {
			"set l:l~s:s s:s l:ready>l:l", "ask l *", "get l +l@1", "ack l", "ask s s", "get s +s@1", "quiet", "nack s bad", "get l +ready@1",
		},
		"a refused change of a cluster leaves it to the routes": then(
			"set c:a@2 e:a l:l~t:t t:t@2>c:a l:ready>l:l", "get c +a@2", "get e +a@1", "get t +t@2", "ack e", "nack c bad", "ack t", "quiet", "pending c:a"),
		"a stale answer changes nothing": then(
			"ack t", "nack t late", "quiet", "refused"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script(t, steps...)
		})
	}
}

// TestReconnect plays a proxy that comes back with what it has.
func TestReconnect(t *testing.T) {
	for name, steps := range map[string][]string{
		"nothing changed, nothing is sent": then(
			"reconnect", "resume c a=1", "resume e a=1", "resume l l=1 ready=1", "resume t t=1", "quiet", "pending"),
		"only what changed is sent": {
			"set c:a e:a@2 c:b e:b l:l~t:t t:t>c:a l:ready>l:l",
			"resume c a=1", "get c +b@1", "resume e a=1", "get e +a@2", "resume l l=1 ready=1", "resume t t=1", "quiet",
		},
		"a cluster leaves once the old routes are known not to have it": {
			"set c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
			"resume c a=1 b=1", "quiet", "resume l l=1 ready=1", "resume e a=1 b=1", "quiet", "resume t t=1", "get t +t@2", "quiet", "ack t", "get c -a",
		},
		"a cluster leaves at once if the routes are the current ones": {
			"set c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
			"resume c a=1 b=1", "resume l l=1 ready=1", "quiet", "resume t t=2", "get c -a",
		},
		"a cluster leaves a proxy that never had a route": {
			"set l:ready", "resume c a=1", "quiet", "resume l ready=1", "get c -a",
		},
		"a table of a listener that drains keeps what it may have": {
			"set l:ready", "resume c a=1", "resume l l=1 ready=1", "get l -l", "ack l", "resume t t=1", "quiet", "drop t t", "get c -a",
		},
		"a cluster stays until it is known that no listener names it": {
			"set c:b e:b l:l@2>c:b", "resume c a=1 b=1", "resume e a=1 b=1", "quiet", "resume t t=1", "drop t t", "quiet",
			"resume l l=1", "get l +l@2", "quiet", "ack l", "get c -a", "quiet",
		},
		"a cluster stays while a listener that may name it is refused its change": {
			"set l:l@2", "resume c a=1", "resume l l=1", "get l +l@2", "nack l bad", "quiet", "set", "get l -l", "quiet", "ack l", "quiet",
		},
		"a cluster leaves at once if the listeners are the current ones": {
			"set c:b e:b l:l@2>c:b", "resume c a=1 b=1", "quiet", "resume l l=2", "get c -a", "quiet",
		},
		"a cluster stays under a listener that is the current one and names it": {
			"set c:a e:a l:l>c:a", "resume c a=1", "resume e a=1", "resume l l=1", "quiet",
			"set", "get l -l", "quiet", "ack l", "get c -a", "quiet",
		},
		"a cluster stays under a listener that an older operator knew": {
			"set", "resume c a=1", "quiet", "resume l l=1", "get l -l", "quiet", "ack l", "quiet", "resume t t=1", "quiet", "drop t t", "get c -a",
		},
		"a new cluster stays under a table of which nothing is known": {
			"set c:a e:a", "ask c *", "get c +a@1", "ack c", "ask e a", "get e +a@1", "ack e", "resume l", "get l", "resume t t=1", "quiet", "set", "quiet",
			"drop t t", "get c -a",
		},
		"a refused version that the proxy never had is tried again": {
			"set t:t@2", "resume t t=1", "get t +t@2", "nack t bad",
			"reconnect", "resume t t=1", "get t +t@2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script(t, steps...)
		})
	}
}

// TestTwoProxies plays two streams that are at different places.
func TestTwoProxies(t *testing.T) {
	script(t, then(
		"2 ask c *", "2 get c +a@1", "2 ack c",
		"set c:a e:a c:b e:b l:l~t:t t:t@2>c:b l:ready>l:l",
		"get c +b@1", "ack c", "ask e b", "get e +b@1", "ack e", "get t +t@2", "ack t", "quiet",
		"2 get c +b@1", "2 quiet", "2 ack c", "2 ask e a b", "2 get e +a@1 +b@1", "2 ack e",
		"2 ask l *", "2 get l +l@1", "2 ack l", "2 ask t t", "2 get t +t@2", "2 nack t bad", "refused t:t bad",
		"pending l:ready t:t", "2 get l +ready@1", "2 ack l", "pending t:t",
		"quiet", "2 quiet")...)
}
