package aws

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// proof shows that a rule is kept: do returns the error that must have the rule's code, or, where the rule has none, why it is not kept.
type proof struct {
	config Config
	do     func(u *user) error
}

// proofs of all rules, by name.
func proofs() map[string]proof {
	all := map[string]proof{}
	for _, some := range []map[string]proof{balancerProofs, targetProofs, listenerProofs, tagProofs, addressProofs, groupProofs, recordProofs, accessProofs} {
		maps.Copy(all, some)
	}
	return all
}

func TestRules(t *testing.T) {
	all := proofs()
	for _, rule := range Rules {
		t.Run(rule.Name, func(t *testing.T) {
			p, proved := all[rule.Name]
			if !proved {
				t.Fatal("there is no proof")
			}
			err := p.do(newProver(t, rule.Name, p.config))
			switch {
			case rule.Code == "" && err != nil:
				t.Error(err)
			case rule.Code != "" && code(err) != rule.Code:
				t.Errorf("AWS answers %s, the simulator %q: %v", rule.Code, code(err), err)
			}
		})
		delete(all, rule.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Errorf("the proof %s is of no rule", name)
	}
	for _, name := range slices.Sorted(maps.Keys(outside)) {
		if !slices.ContainsFunc(Rules, func(r Rule) bool { return r.Name == name }) {
			t.Errorf("outside has %s, which is no rule", name)
		}
	}
}

func TestRulesHaveNamesAndPages(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range Rules {
		if seen[rule.Name] {
			t.Errorf("two rules are named %s", rule.Name)
		}
		seen[rule.Name] = true
		if !strings.HasPrefix(rule.Doc, "https://docs.aws.amazon.com/") || strings.Contains(rule.Doc, ".html.html") || rule.Test() != "TestRules/"+rule.Name {
			t.Errorf("%s: page %s, test %s", rule.Name, rule.Doc, rule.Test())
		}
	}
}
