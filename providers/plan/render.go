package plan

import (
	"fmt"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Render returns a plan as the text that a person reads: a headline, the nodes in the order in which they change, the fields, what
// waits, and the hash that approves it. It ends with a newline.
func Render(plan Plan) string {
	var out strings.Builder
	if len(plan.Changes) == 0 {
		out.WriteString("Nothing to do.\n")
	} else {
		fmt.Fprintf(&out, "Plan: %s. Worst impact: %s.\n", tally(plan.Changes), plan.Impact)
	}
	for i, change := range plan.Changes {
		if i == 0 {
			out.WriteString("\n")
		}
		renderChange(&out, change)
	}
	for i, node := range plan.Waiting {
		if i == 0 {
			out.WriteString("\nCan't be planned yet:\n")
		}
		fmt.Fprintf(&out, "  ? %s%s\n", node.Key, because(node.Problem))
	}
	if len(plan.Changes) > 0 {
		fmt.Fprintf(&out, "\nHash: %s\n", plan.Hash)
	}
	return out.String()
}

// RenderChange returns one change as a line without newline, for an event or a log.
func RenderChange(change providers.Change) string {
	name := ""
	if change.Node.Name != "" {
		name = " (" + change.Node.Name + ")"
	}
	return fmt.Sprintf("%s %s%s: %s [%s]", sign(change.Verb), change.Node.Key, name, meaning(change), change.Impact)
}

func renderChange(out *strings.Builder, change providers.Change) {
	fmt.Fprintf(out, "  %s\n", RenderChange(change))
	switch change.Verb {
	case providers.Create:
		for _, l := range leaves(change.Node.Spec) {
			if !l.rule.output && !l.value.IsZero() {
				fmt.Fprintf(out, "      %s: %s\n", l.path, known(text(l.value.Interface())))
			}
		}
	case providers.Update:
		for _, f := range change.Fields {
			fmt.Fprintf(out, "      %s: %s -> %s\n", f.Field, known(f.From), known(f.To))
		}
	}
}

func sign(v providers.Verb) string {
	switch v {
	case providers.Create:
		return "+"
	case providers.Update:
		return "~"
	case providers.Delete:
		return "-"
	default:
		return "="
	}
}

func meaning(change providers.Change) string {
	switch {
	case change.Verb == providers.Create && change.Node.Adopt:
		return "adopt what is there"
	case change.Verb == providers.Create:
		return "create"
	case change.Verb == providers.Update && len(change.Fields) == 0:
		return "repair" + because(change.Old.Problem)
	case change.Verb == providers.Update:
		return "update"
	case change.Verb == providers.Delete:
		return "delete"
	default:
		return "keep it and remove our mark"
	}
}

func because(problem string) string {
	if problem == "" {
		return ""
	}
	return ": " + problem
}

func tally(changes []providers.Change) string {
	const adopt = providers.Verb("Adopt")
	counts := map[providers.Verb]int{}
	for _, change := range changes {
		if change.Verb == providers.Create && change.Node.Adopt {
			counts[adopt]++
			continue
		}
		counts[change.Verb]++
	}
	names := []struct {
		verb providers.Verb
		text string
	}{{providers.Create, "to create"}, {adopt, "to adopt"}, {providers.Update, "to update"}, {providers.Delete, "to delete"}, {providers.Release, "to release"}}
	var parts []string
	for _, n := range names {
		if counts[n.verb] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[n.verb], n.text))
		}
	}
	return strings.Join(parts, ", ")
}

// known replaces a prediction's placeholders. An ID's placeholder is followed by the node's key, which stays.
func known(text string) string {
	return strings.NewReplacer(`"`+unknownIPv4+`"`, unknownID, `"`+unknownIPv6+`"`, unknownID, `"`+unknownHostname+`"`, unknownID).Replace(text)
}
