package aws

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestARestoredCloudIsAsItWas compares a cloud with what was made of its snapshot: what there is, what its API says, and the next number.
func TestARestoredCloudIsAsItWas(t *testing.T) {
	u := newUser(t, Config{})
	balancer, targets, _ := u.entrance()
	u.address()
	if _, err := u.cloud.Snapshot(); err == nil {
		t.Fatal("there is a snapshot while the tagging API is about to learn of an address")
	}
	u.cloud.Advance(10 * time.Minute)
	saved, err := u.cloud.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	restored, err := Restore(Config{}, saved)
	if err != nil {
		t.Fatal(err)
	}
	again, err := restored.Snapshot()
	if err != nil || !bytes.Equal(saved, again) {
		t.Errorf("%v; the snapshot was\n%s\nand is\n%s", err, saved, again)
	}
	if !reflect.DeepEqual(u.cloud.Inventory(), restored.Inventory()) || !restored.Now().Equal(u.cloud.Now()) {
		t.Errorf("there was %+v, and is %+v", u.cloud.Inventory(), restored.Inventory())
	}
	other := userOf(t, restored, DefaultKey, "eu-west-1")
	if was, is := u.state(balancer), other.state(balancer); was != "active" || is != was {
		t.Errorf("the load balancer was %s and is %s", was, is)
	}
	if was, is := u.health(targets), other.health(targets); len(was) != len(SeedNodes) || !reflect.DeepEqual(was, is) {
		t.Errorf("targets were %v and are %v", was, is)
	}
	// Each request has taken a number, as many here as there.
	if was, is := u.address(), other.address(); was != is {
		t.Errorf("the next address is %s in one and %s in the other", was, is)
	}
}

// TestASnapshotOfAnotherModelIsRefused: what the model does not know must not get lost in silence.
func TestASnapshotOfAnotherModelIsRefused(t *testing.T) {
	saved, err := New(Config{}).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"a field": {`"Zone":`, `"Sector":`}, "a table": {`"Subnets": [`, `"Networks": [`},
	} {
		changed := strings.ReplaceAll(string(saved), change[0], change[1])
		if changed == string(saved) {
			t.Fatalf("%s is not there", change[0])
		}
		if _, err := Restore(Config{}, []byte(changed)); err == nil {
			t.Errorf("%s of another name is taken", what)
		}
	}
}
