package simcloud

import (
	"context"
	"testing"
	"time"
)

func TestDriveMovesTheClockAtItsSpeed(t *testing.T) {
	k := NewKernel()
	ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	began := time.Now()
	Drive(ctx, 100, k.Advance)
	took := time.Since(began)
	if went := k.Now().Sub(Epoch); went < 15*time.Second || went > 100*took {
		t.Errorf("in %s it went on by %s", took, went)
	}
}
