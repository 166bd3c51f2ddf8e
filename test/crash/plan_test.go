package crash

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mode is what goes wrong all the time.
type mode string

const (
	// lagging: lists of the cloud are late.
	lagging mode = "lag"
	// throttling: bursts of calls are refused because there are too many.
	throttling mode = "throttle"
	// twins: two operators run at once, and their calls alternate.
	twinned mode = "twins"
	// deafness: no watch tells of anything.
	deafness mode = "deaf"
	// staleness: the caches of the API server's objects are late.
	staleness mode = "stale"
)

// modes are tried for every scenario.
var modes = []mode{lagging, throttling, twinned, deafness, staleness}

// fault is what goes wrong at one call of the clean run, by its number.
type fault struct {
	call int
	kind faultKind
}

// plan is one run, in a line: "aws/create 12:crash-after 40:lost-reply twins seed=7 mutant=forgetful".
type plan struct {
	world, scenario string
	faults          []fault
	mode            mode
	seed            uint64
	mutant          string
}

func (p plan) String() string {
	words := []string{p.world + "/" + p.scenario}
	for _, f := range p.faults {
		words = append(words, fmt.Sprintf("%d:%s", f.call, f.kind))
	}
	if p.mode != "" {
		words = append(words, string(p.mode))
	}
	if p.seed != 0 {
		words = append(words, fmt.Sprintf("seed=%d", p.seed))
	}
	if p.mutant != "" {
		words = append(words, "mutant="+p.mutant)
	}
	return strings.Join(words, " ")
}

// parsePlan is the inverse of String.
func parsePlan(text string) (plan, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return plan{}, fmt.Errorf("the plan is empty")
	}
	var p plan
	var found bool
	if p.world, p.scenario, found = strings.Cut(words[0], "/"); !found {
		return plan{}, fmt.Errorf("%q is not world/scenario", words[0])
	}
	for _, word := range words[1:] {
		number, kind, isFault := strings.Cut(word, ":")
		name, value, isSetting := strings.Cut(word, "=")
		switch {
		case isFault:
			call, err := strconv.Atoi(number)
			if err != nil || !slices.Contains(faultKinds, faultKind(kind)) {
				return plan{}, fmt.Errorf("%q is not number:fault", word)
			}
			p.faults = append(p.faults, fault{call, faultKind(kind)})
		case isSetting && name == "seed":
			seed, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return plan{}, fmt.Errorf("%q: %w", word, err)
			}
			p.seed = seed
		case isSetting && name == "mutant":
			p.mutant = value
		case slices.Contains(modes, mode(word)):
			p.mode = mode(word)
		default:
			return plan{}, fmt.Errorf("%q is no part of a plan", word)
		}
	}
	return p, nil
}
