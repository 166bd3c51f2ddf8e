package site

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// The data centre's zone and the key that may update it.
const (
	Zone          = "edge.example.com"
	TSIGKey       = "edgegateway."
	TSIGAlgorithm = "hmac-sha256"
	TSIGSecret    = "c2VjcmV0LW9mLXRoZS10ZXN0LWRhdGEtY2VudHJlISE="
)

const namedConf = `options {
  directory "%[1]s";
  listen-on port 53 { %[2]s; };
  listen-on-v6 port 53 { %[3]s; };
  pid-file "%[1]s/named.pid";
  session-keyfile "%[1]s/session.key";
  recursion no;
  dnssec-validation no;
  allow-query { any; };
  notify no;
};
controls { };
key "%[4]s" { algorithm %[5]s; secret "%[6]s"; };
zone "%[7]s" {
  type primary;
  file "%[1]s/zone";
  journal "%[1]s/zone.jnl";
  update-policy { grant "%[4]s" zonesub any; };
};
`

const zoneFile = `$TTL 60
@ IN SOA ns.%[1]s. hostmaster.%[1]s. 1 3600 600 86400 60
@ IN NS ns.%[1]s.
ns IN A %[2]s
foreign IN A 203.0.113.200
taken IN A 203.0.113.201
`

// StartBIND runs BIND on the DNS host, with the zone in it and two records that are not ours: foreign and taken.
func (s *Site) StartBIND(ctx context.Context) (*Daemon, error) {
	dir := filepath.Join(s.Dir, "bind")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("making BIND's folder: %w", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		return nil, fmt.Errorf("opening BIND's folder: %w", err)
	}
	conf := fmt.Sprintf(namedConf, dir, cluster.DNSAddress, cluster.DNSAddress6, TSIGKey, TSIGAlgorithm, TSIGSecret, Zone)
	zone := fmt.Sprintf(zoneFile, Zone, cluster.DNSAddress)
	for name, content := range map[string]string{"named.conf": conf, "zone": zone} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			return nil, fmt.Errorf("writing BIND's %s: %w", name, err)
		}
	}
	daemon, err := s.start(s.Host(cluster.DNSHost), "named", nil, "named", "-g", "-c", filepath.Join(dir, "named.conf"))
	if err != nil {
		return nil, err
	}
	return daemon, Until(ctx, 10*time.Second, func(ctx context.Context) error {
		if err := daemon.Exited(); err != nil {
			return err
		}
		_, err := s.Lookup(ctx, "foreign."+Zone)
		return err
	})
}

// Lookup asks BIND, from the client's host, for a name's addresses.
func (s *Site) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	server := netip.AddrPortFrom(netip.MustParseAddr(cluster.DNSAddress), 53)
	return s.Host(cluster.ClientHost).Resolver(server).LookupNetIP(ctx, "ip", name)
}
