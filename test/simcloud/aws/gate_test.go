package aws

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/edgegateway/edgegateway/test/simcloud"
	"github.com/edgegateway/edgegateway/test/simcloud/python"
)

// TestMain asks the gate at the end what all tests have shown it.
func TestMain(m *testing.M) {
	code := m.Run()
	if !DefaultGate().Report(os.Stdout) && code == 0 {
		code = 1
	}
	os.Exit(code)
}

func TestTheGateHasItsModels(t *testing.T) {
	dir := python.Find(t)
	models, err := Models()
	if err != nil {
		t.Fatal(err)
	}
	known := models.Operations()
	for name := range operations {
		if !slices.Contains(known, name) {
			t.Errorf("the simulator has %s, and AWS has not", name)
		}
	}
	t.Logf("the models in %s have %d operations, the simulator %d of them", dir, len(known), len(operations))
}

// outside are the rules whose proofs break a model on purpose, and what the gate must say of their requests.
var outside = map[string]string{
	"a-negative-ttl":                  "TTL: -1: the least is 0",
	"an-unknown-scheme":               `Scheme: "public" is none of internet-facing, internal`,
	"a-page-of-401":                   "PageSize: 401: the most is 400",
	"a-page-of-401-limits":            "PageSize: 401: the most is 400",
	"an-unknown-account-attribute":    `AttributeNames[0]: "max-patience" is none of`,
	"a-health-check-every-4-seconds":  "HealthCheckIntervalSeconds: 4: the least is 5",
	"a-health-check-with-one-success": "HealthyThresholdCount: 1: the least is 2",
	"a-listener-on-port-0":            "Port: 0: the least is 1",
	"a-tag-with-a-strange-character":  `Tags[0].Key: "a*b" does not match`,
	"a-page-of-4":                     "MaxResults: 4: the least is 5",
	"an-empty-batch":                  "Changes: 0 items: the least is 1",
}

// newProver returns a user of a fresh cloud who may break the models in the way that outside tells for a rule, and then has to.
func newProver(t *testing.T, rule string, config Config) *user {
	fault, breaks := outside[rule]
	if !breaks || DefaultGate().Models == nil {
		return newUser(t, config)
	}
	config.Gate = &Gate{Models: DefaultGate().Models}
	u := userWithout(t, New(config), DefaultKey, "eu-west-1")
	t.Cleanup(func() {
		gaps := u.cloud.Gaps()
		if len(gaps) != 1 || !strings.Contains(gaps[0], ": request: ") || !strings.Contains(gaps[0], fault) {
			t.Errorf("the gate says %q, and should say %q alone", gaps, fault)
		}
	})
	return u
}

func TestAViolationIsAGapOfItsCloud(t *testing.T) {
	python.Find(t)
	gate := &Gate{Models: DefaultGate().Models}
	u := userWithout(t, New(Config{Gate: gate}), DefaultKey, "eu-west-1")
	for _, code := range []string{"AddressLimitExceeded", "NoSuchCode", "NoSuchCode"} {
		u.cloud.Inject(simcloud.Fault{Fate: simcloud.Fate{Act: simcloud.Refuse, Code: code, Message: "no"}})
		_, _ = u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{})
	}
	var report strings.Builder
	if gate.Report(&report) {
		t.Error("the gate is content")
	}
	for what, text := range map[string]string{"gaps": strings.Join(u.cloud.Gaps(), "\n"), "violations": strings.Join(u.cloud.Violations(), "\n"), "report": report.String()} {
		if strings.Count(text, "NoSuchCode") != 1 || strings.Contains(text, "LimitExceeded") {
			t.Errorf("the %s are %q", what, text)
		}
	}
}

func TestWithoutModelsTheTableOfCodesJudges(t *testing.T) {
	gate := &Gate{}
	u := userWithout(t, New(Config{Gate: gate}), DefaultKey, "eu-west-1")
	for _, code := range []string{"AddressLimitExceeded", "NoSuchCode"} {
		u.cloud.Inject(simcloud.Fault{Fate: simcloud.Fate{Act: simcloud.Refuse, Code: code, Message: "no"}})
		_, _ = u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{})
	}
	if got := strings.Join(u.cloud.Violations(), "\n"); !strings.Contains(got, "NoSuchCode") || strings.Contains(got, "LimitExceeded") {
		t.Errorf("it finds %q", got)
	}
	var report strings.Builder
	if gate.Report(&report); !strings.Contains(report.String(), "NOT HERE") {
		t.Errorf("it does not say that it has no models: %s", report.String())
	}
}
