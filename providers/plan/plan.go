package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Plan is what will happen until the goal is reached, as far as can be known now. Its changes are for reading: they hold
// predicted values, and are never applied.
type Plan struct {
	// Changes in the order in which they will be made.
	Changes []providers.Change `json:"changes,omitempty"`
	// Waiting are wanted nodes for which nothing can be said yet, with their Problem.
	Waiting []providers.Node `json:"waiting,omitempty"`
	// Impact is the worst of the changes, or empty if there is none.
	Impact providers.Impact `json:"impact,omitempty"`
	// Hash names the goal and the worst impact: "<goal>-<impact>". See ApprovedBy.
	Hash string `json:"hash"`
}

// ApprovedBy reports whether an approval, the hash of an earlier plan, still covers p: the goal is the same and nothing worse than what
// was approved is ahead. A plan that is half carried out, or that waits, stays approved.
func (p Plan) ApprovedBy(approval string) bool {
	goal, impact, ok := cutHash(p.Hash)
	approvedGoal, approvedImpact, approvedOK := cutHash(approval)
	return ok && approvedOK && goal == approvedGoal && impact.Compare(approvedImpact) <= 0
}

func cutHash(hash string) (string, providers.Impact, bool) {
	goal, impact, ok := strings.Cut(hash, "-")
	known := slices.Contains([]providers.Impact{providers.InPlace, providers.Replace, providers.Disruptive, providers.Address}, providers.Impact(impact))
	return goal, providers.Impact(impact), ok && known && goal != ""
}

// goalNode is what of a wanted node a person approves: what changes in place, such as the targets, and what follows from other
// nodes, such as their IDs, is left out, so that an approval outlives a scaled deployment and the steps of its own plan.
type goalNode struct {
	Key    string
	Name   string
	Fields map[string]string
}

// goalHash names a goal.
func goalHash(desired providers.Graph) string {
	var goal []goalNode
	for _, n := range providers.NewGraph(desired.Nodes...).Nodes {
		g := goalNode{Key: n.Key, Name: n.Name, Fields: map[string]string{}}
		for _, l := range leaves(n.Spec) {
			if !l.rule.output && !l.rule.resolved && l.rule.impact.Compare(providers.InPlace) > 0 {
				g.Fields[l.path] = text(l.value.Interface())
			}
		}
		if n.Costs().Compare(providers.InPlace) > 0 || len(g.Fields) > 0 {
			goal = append(goal, g)
		}
	}
	encoded, err := json.Marshal(goal)
	if err != nil {
		// Strings and maps of strings always encode.
		panic(err)
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:6])
}
