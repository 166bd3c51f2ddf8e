package peer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/simcloud/python"
)

// side is one of the two clouds in which a scenario is played.
type side struct {
	*user
	name string
	// wait lets virtual time go by, where there is any.
	wait func(time.Duration)
	// ids by the names that both sides have for them.
	ids map[string]string
}

// learn gives an ID a name.
func (s *side) learn(name string, id *string) { s.ids[name] = sdk.ToString(id) }

// ref is the ID of a name. A side on which the step that should have made it failed has none.
func (s *side) ref(name string) *string { return sdk.String(cmp.Or(s.ids[name], "none-"+name)) }

// refs are several.
func (s *side) refs(names ...string) []string {
	var ids []string
	for _, name := range names {
		ids = append(ids, *s.ref(name))
	}
	return ids
}

// plain replaces the IDs in a text by their names, the longest first.
func (s *side) plain(text string) string {
	names := slices.SortedFunc(maps.Keys(s.ids), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(s.ids[b]), len(s.ids[a])), cmp.Compare(a, b))
	})
	for _, name := range names {
		if s.ids[name] != "" {
			text = strings.ReplaceAll(text, s.ids[name], "<"+name+">")
		}
	}
	return text
}

// shown are the fields of a reply that both sides are compared by.
type shown map[string]any

// step is one call.
type step struct {
	name string
	do   func(s *side) (shown, error)
	// undo takes back on moto's side what moto did and the simulator did not, so that later steps begin alike. Optional.
	undo func(s *side)
	// outside is what AWS's models find wrong with the request, if it is sent on purpose.
	outside string
}

// after is a step that takes place when some time has gone by.
func after(d time.Duration, st step) step {
	do := st.do
	st.do = func(s *side) (shown, error) {
		s.wait(d)
		return do(s)
	}
	return st
}

// outcome is what a step gave on one side: its error code, or its fields.
func (s *side) play(st step) map[string]string {
	fields, err := s.do(st)
	outcome := map[string]string{"code": cmp.Or(code(err), "ok")}
	if err == nil {
		for field, value := range fields {
			outcome[field] = s.text(value)
		}
	}
	return outcome
}

// do makes a step. A reply that lacks what the step shows is an error.
func (s *side) do(st step) (fields shown, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the reply can't be shown: %v", cause)
		}
	}()
	return st.do(s)
}

// text shows a value with the names of IDs. Sets are in the order of the names.
func (s *side) text(value any) string {
	items, unordered := value.(set)
	if !unordered {
		return s.plain(fmt.Sprint(value))
	}
	named := each(items, s.plain)
	slices.Sort(named)
	return strings.Join(named, ", ")
}

// quiet is a step of which the code alone is compared: another step shows the rest.
func quiet(st step) step {
	do := st.do
	st.do = func(s *side) (shown, error) {
		_, err := do(s)
		return nil, err
	}
	return st
}

// scenarios by name, each played on two fresh clouds.
var scenarios = map[string][]step{
	"accounts":   accountSteps,
	"addresses":  addressSteps,
	"balancers":  balancerSteps,
	"groups":     groupSteps,
	"listeners":  listenerSteps,
	"records":    recordSteps,
	"targets":    targetSteps,
	"attributes": attributeSteps,
}

// peerGate judges the scenarios. It has a memory of its own, since some steps break the models on purpose.
var peerGate = &aws.Gate{}

// seedZones are the last letters of the availability zones in which a Cloud has subnets and nodes.
var seedZones = []string{"a", "b", "c"}

// simulatorSide returns a fresh Cloud, and itself for its gaps.
func simulatorSide(t *testing.T) (*side, *aws.Cloud) {
	t.Helper()
	peerGate.Models = aws.DefaultGate().Models
	cloud := aws.New(aws.Config{Unlimited: true, Gate: peerGate})
	s := &side{user: newUser(t, aws.Endpoint, aws.DefaultKey.ID, aws.DefaultKey.Secret, cloud.Connect().Client()), name: "simulator", wait: cloud.Advance,
		ids: map[string]string{"account": aws.DefaultKey.Account, "vpc": aws.SeedVPC, "nodes": aws.SeedNodeGroup, "zone": aws.SeedZone}}
	for i, letter := range seedZones {
		s.ids["public-"+letter], s.ids["private-"+letter], s.ids["node-"+letter] = aws.SeedPublicSubnets[i], aws.SeedPrivateSubnets[i], aws.SeedNodes[i]
	}
	return s, cloud
}

// TestTheScenariosKeepToTheModels plays the simulator's side alone, for which moto is not needed.
func TestTheScenariosKeepToTheModels(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		t.Run(name, func(t *testing.T) {
			s, cloud := simulatorSide(t)
			for _, st := range scenarios[name] {
				before := len(cloud.Gaps())
				s.play(st)
				gaps := cloud.Gaps()[before:]
				ok := len(gaps) == 0
				if st.outside != "" && peerGate.Models != nil {
					ok = len(gaps) == 1 && strings.Contains(gaps[0], ": request: ") && strings.Contains(gaps[0], st.outside)
				}
				if !ok {
					t.Errorf("%s: the gate says %q, and should say %q", st.name, gaps, st.outside)
				}
			}
		})
	}
	if peerGate.Models == nil {
		t.Log("AWS'S MODELS ARE NOT HERE, so the scenarios were not judged by them: .ci/run installs them")
		return
	}
	covered := peerGate.Covered()
	missing := slices.DeleteFunc(aws.Operations(), func(name string) bool { return slices.Contains(covered, name) })
	t.Logf("%d of %d operations have succeeded and passed the gate; not %v", len(covered), len(aws.Operations()), missing)
	if len(covered) < floor {
		t.Errorf("they were %d once", floor)
	}
}

// floor is how many operations the scenarios cover at least.
const floor = 57

// TestMotoAgrees compares the simulator with moto, step by step. They may differ in what differences lists and in nothing else.
func TestMotoAgrees(t *testing.T) {
	python.Find(t)
	moto := startMoto(t)
	left := map[string]difference{}
	for _, d := range differences {
		if _, twice := left[d.at]; twice {
			t.Errorf("%s is listed twice", d.at)
		}
		left[d.at] = d
	}
	steps, agreed := 0, 0
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		ours, _ := simulatorSide(t)
		motos := motoSide(t, moto)
		seen := map[string]bool{}
		for _, st := range scenarios[name] {
			if seen[st.name] {
				t.Errorf("two steps of %s are called %q", name, st.name)
			}
			seen[st.name] = true
			found := compare(name+"/"+st.name, ours.play(st), motos.play(st))
			steps++
			if len(found) == 0 {
				agreed++
			} else if st.undo != nil {
				st.undo(motos)
			}
			for _, d := range found {
				known, listed := left[d.at]
				delete(left, d.at)
				if !listed || known.ours != d.ours || known.motos != d.motos {
					t.Errorf("a new difference:\n\t{%q, %q, %q, \"\"},", d.at, d.ours, d.motos)
				}
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(left)) {
		t.Errorf("%s does not differ any more: take it out of differences", at)
	}
	t.Logf("%d steps in %d scenarios, %d without any difference; %d known differences", steps, len(scenarios), agreed, len(differences))
}

// compare returns in which fields two outcomes differ, sorted. Of a step that fails on one side, only the codes are compared.
func compare(at string, ours, motos map[string]string) []difference {
	if ours["code"] != motos["code"] {
		return []difference{{at + "/code", ours["code"], motos["code"], ""}}
	}
	var found []difference
	for _, field := range slices.Sorted(maps.Keys(ours)) {
		if ours[field] != motos[field] {
			found = append(found, difference{at + "/" + field, ours[field], motos[field], ""})
		}
	}
	return found
}

func TestDifferencesHaveReasons(t *testing.T) {
	for _, d := range differences {
		page := strings.Contains(string(d.why), "https://docs.aws.amazon.com/")
		if !page && !strings.HasPrefix(string(d.why), "moto ") {
			t.Errorf("%s: the reason is neither a page of AWS's nor what moto does: %q", d.at, d.why)
		}
	}
}

func TestADifferenceIsFound(t *testing.T) {
	same := map[string]string{"code": "ok", "state": "active", "name": "a"}
	for name, c := range map[string]struct {
		motos map[string]string
		want  string
	}{
		"nothing differs":   {map[string]string{"code": "ok", "state": "active", "name": "a"}, "[]"},
		"a field differs":   {map[string]string{"code": "ok", "state": "", "name": "a"}, "[{at/state active  }]"},
		"one is refused":    {map[string]string{"code": "InUse"}, "[{at/code ok InUse }]"},
		"two fields differ": {map[string]string{"code": "ok"}, "[{at/name a  } {at/state active  }]"},
	} {
		if got := fmt.Sprint(compare("at", same, c.motos)); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
	s := &side{ids: map[string]string{"a": "i-1", "b": "i-12", "none": ""}}
	if got := s.plain("i-12 i-1"); got != "<b> <a>" {
		t.Errorf("the names are %s", got)
	}
}
