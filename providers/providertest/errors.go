package providertest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
)

// CheckError checks what an adapter makes of an error of its cloud: a providers.Error with the class, reason and field of want that says what
// says is, and whose cause is the cloud's. It is to be tried again after a time of its own if it is Throttled or of one of the reasons in delayed,
// and else is not.
func CheckError(t *testing.T, got, cause error, want providers.Error, says string, delayed ...string) {
	t.Helper()
	var classed *providers.Error
	if !errors.As(got, &classed) {
		t.Fatalf("%v has no class", cause)
	}
	if classed.Class != want.Class || classed.Reason != want.Reason || classed.Field != want.Field || !strings.Contains(classed.Error(), says) {
		t.Errorf("it is %s, %s, %q: %s", classed.Class, classed.Reason, classed.Field, classed)
	}
	if (classed.Class == providers.Throttled || slices.Contains(delayed, classed.Reason)) != (classed.After > 0) {
		t.Errorf("it is to be tried again after %s", classed.After)
	}
	if !errors.Is(classed, cause) {
		t.Error("the cause is lost")
	}
}
