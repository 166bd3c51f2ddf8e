package simcloud

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheClockLetsHappenInOrder(t *testing.T) {
	clock := NewClock()
	var happened []string
	note := func(what string) func() {
		return func() { happened = append(happened, fmt.Sprintf("%s at %s", what, clock.Now().Sub(Epoch))) }
	}
	clock.After(2*time.Second, note("c"))
	clock.After(time.Second, func() {
		note("a")()
		clock.After(time.Second, note("d"))
		clock.After(0, note("b"))
	})
	clock.After(time.Minute, note("never"))
	clock.Advance(3 * time.Second)
	want := []string{"a at 1s", "b at 1s", "c at 2s", "d at 2s"}
	if !slices.Equal(happened, want) || clock.Now() != Epoch.Add(3*time.Second) {
		t.Errorf("%v, and it is %v", happened, clock.Now())
	}
}

type text string

func (t text) Clone() text { return t }

func TestAShelfHasAPast(t *testing.T) {
	k := NewKernel()
	shelf := NewShelf[text](k.Inventory)
	shelf.Put("old", "1")
	k.SetLag(Lag{Calls: 1})
	call := func(effect func()) {
		k.Do(Call{Mutating: true}, func() Result {
			effect()
			return Result{}
		})
	}
	seen := func() string { return fmt.Sprint(shelf.All(k.Inventory.Late())) }
	call(func() { shelf.Change("old", func(t *text) { *t = "2" }); shelf.Put("new", "n") })
	call(func() {
		if got := seen(); got != "[1]" {
			t.Errorf("one call later: %s", got)
		}
		shelf.Delete("old")
	})
	call(func() {
		if got := seen(); got != "[2 n]" {
			t.Errorf("two calls later: %s", got)
		}
	})
	call(func() {
		if got := seen(); got != "[n]" || fmt.Sprint(shelf.All(k.Inventory.Now())) != "[n]" {
			t.Errorf("after the deletion: %s", got)
		}
	})
	k.SetLag(Lag{})
	if len(shelf.items) != 1 || len(shelf.items["new"]) != 1 {
		t.Errorf("the past is kept: %v", shelf.items)
	}
	if shelf.Change("old", func(*text) {}) {
		t.Error("what is gone is changed")
	}
}

func TestAShelfFindsByKey(t *testing.T) {
	k := NewKernel()
	// A text is found by each of its letters.
	shelf := NewShelf[text](k.Inventory).By(func(t text) []string { return strings.Split(string(t), "") })
	call := func(effect func()) {
		k.Do(Call{Mutating: true}, func() Result {
			effect()
			return Result{}
		})
	}
	check := func(when string, view func() View) {
		t.Helper()
		for _, letter := range []string{"a", "b", "c"} {
			want := slices.DeleteFunc(shelf.All(view()), func(t text) bool { return !strings.Contains(string(t), letter) })
			if got := shelf.Where(view(), letter); !slices.Equal(got, want) {
				t.Errorf("%s: %s is found in %q, not in %q", when, letter, got, want)
			}
		}
	}
	life := func(when string, view func() View) {
		t.Helper()
		for _, step := range []struct {
			name   string
			effect func()
		}{
			{"one", func() { shelf.Put("2", "ab") }},
			{"two", func() { shelf.Put("1", "bc") }},
			{"a key is lost", func() { shelf.Change("2", func(t *text) { *t = "b" }) }},
			{"a key is gained", func() { shelf.Change("1", func(t *text) { *t = "abc" }) }},
			{"one is gone", func() { shelf.Delete("1") }},
		} {
			call(func() {
				step.effect()
				check(when+": "+step.name, view)
			})
			check(when+": after "+step.name, view)
		}
	}
	life("now", k.Inventory.Now)
	k.SetLag(Lag{Calls: 2})
	life("late", k.Inventory.Late)
	life("late again, now", k.Inventory.Now)
	k.SetLag(Lag{})
	check("caught up", k.Inventory.Now)
	for key := range shelf.index {
		if len(shelf.Where(k.Inventory.Now(), key)) == 0 {
			t.Errorf("%s is in the index, and nothing has it", key)
		}
	}
	shelf.Put("3", "c")
	if got := shelf.Some(k.Inventory.Now(), "3", "none", "2", "3"); !slices.Equal(got, []text{"b", "c"}) {
		t.Errorf("some are %q", got)
	}
}

func TestAScriptHitsTheCallsThatItNames(t *testing.T) {
	for name, c := range map[string]struct {
		fault Fault
		want  string
	}{
		"the next":            {Fault{}, "1"},
		"the third":           {Fault{Nth: 3}, "3"},
		"the second mutation": {Fault{Nth: 2, Mutations: true}, "4"},
		"two reads":           {Fault{Times: 2, Reads: true}, "13"},
		"all of an API":       {Fault{API: "dns:*", Times: -1}, "34"},
		"one API":             {Fault{API: "vm:Make", Times: -1}, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			k := NewKernel()
			c.fault.Fate.Act = Outage
			k.Inject(c.fault)
			hit := ""
			for i, call := range []Call{{Service: "vm", Action: "List"}, {Service: "vm", Action: "Make", Mutating: true}, {Service: "dns", Action: "List"}, {Service: "dns", Action: "Make", Mutating: true}} {
				if k.Do(call, func() Result { return Result{} }).Act == Outage {
					hit += fmt.Sprint(i + 1)
				}
			}
			if hit != c.want {
				t.Errorf("it hits %q, not %q", hit, c.want)
			}
		})
	}
}

func TestABucketRefills(t *testing.T) {
	k := NewKernel()
	k.LimitsOf = func(c Call) []Bucket { return []Bucket{{c.Account, Limit{Burst: 2, PerSecond: 1}}} }
	call := func(account string) Act { return k.Do(Call{Account: account}, func() Result { return Result{} }).Act }
	var acts []Act
	for range 3 {
		acts = append(acts, call("a"))
	}
	acts = append(acts, call("b"))
	k.Advance(time.Second)
	acts = append(acts, call("a"), call("a"))
	if want := []Act{Pass, Pass, Throttle, Pass, Pass, Throttle}; !slices.Equal(acts, want) {
		t.Errorf("%v", acts)
	}
}

func TestACallTakesFromAllItsBucketsOrFromNone(t *testing.T) {
	k := NewKernel()
	k.LimitsOf = func(c Call) []Bucket {
		return []Bucket{{c.Action, Limit{Burst: 2, PerSecond: 1}}, {"all", Limit{Burst: 3, PerSecond: 0.5}}}
	}
	call := func(action string) Act { return k.Do(Call{Action: action}, func() Result { return Result{} }).Act }
	acts := []Act{call("a"), call("a"), call("a"), call("b"), call("b")}
	k.Advance(2 * time.Second)
	acts = append(acts, call("b"), call("b"))
	if want := []Act{Pass, Pass, Throttle, Pass, Throttle, Pass, Throttle}; !slices.Equal(acts, want) {
		t.Errorf("%v", acts)
	}
}

func TestHooksSeeEachCallBeforeAndAfter(t *testing.T) {
	k := NewKernel()
	var seen []string
	k.Before = func(c Call) Fate {
		seen = append(seen, fmt.Sprintf("before %d", c.Number))
		if c.Number == 2 {
			return Fate{Act: Drop}
		}
		return Fate{}
	}
	k.After = func(c Call) { seen = append(seen, fmt.Sprintf("after %d %s%s", c.Number, c.Fate, c.Code)) }
	for range 2 {
		k.Do(Call{Mutating: true}, func() Result {
			seen = append(seen, "effect")
			return Result{Code: "Refused", Permissions: []string{"b", "a"}}
		})
	}
	want := []string{"before 1", "effect", "after 1 Refused", "before 2", "after 2 Drop"}
	if !slices.Equal(seen, want) || fmt.Sprint(k.Permissions()) != "[a b]" {
		t.Errorf("%v, %v", seen, k.Permissions())
	}
}
