package ir

import (
	"crypto/sha256"
	"encoding/hex"
)

// ProbePrefix starts the path of every gateway's probe.
const ProbePrefix = "/.well-known/edgegateway/"

// Nonce is what the proxies of the gateway with this UID, and no others, answer to a probe. It is no secret: it tells gateways apart.
func Nonce(uid string) string { return digest("probe:" + uid) }

// ProbeOf returns the probe of the gateway with this UID: everyone who needs it makes it so.
func ProbeOf(uid string) Probe {
	return Probe{Path: ProbePrefix + digest("path:" + uid)[:16], Body: Nonce(uid)}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:32]
}
