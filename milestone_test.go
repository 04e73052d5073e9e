package gallery_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"invisibleart.example/gallery"
)

func TestMilestonesCrossed(t *testing.T) {
	for _, test := range []struct {
		before, after int64
		want          []int64
	}{
		{0, 0, nil},
		{0, 9, nil},
		{9, 10, []int64{10}},
		{10, 10, nil},
		{10, 11, nil},
		{0, 10, []int64{10}},
		{8, 120, []int64{10, 50, 100}},
		{50, 100, []int64{100}},
		{120, 8, nil},
		{99_999, 500_000, []int64{100_000, 500_000}},
		{-5, 10, []int64{10}},
		{0, 10_000, []int64{10, 50, 100, 500, 1000, 5000, 10_000}},
	} {
		if got := gallery.MilestonesCrossed(test.before, test.after); !slices.Equal(got, test.want) {
			t.Errorf("from %d to %d: got %v, want %v", test.before, test.after, got, test.want)
		}
	}
}

func TestMilestonesCrossed_endsAtTheLargestNumber(t *testing.T) {
	all := gallery.MilestonesCrossed(0, math.MaxInt64)
	if got, want := len(all), 36; got != want {
		t.Errorf("got %d milestones, want %d", got, want)
	}
	if got, want := all[len(all)-1], int64(5e18); got != want {
		t.Errorf("got %d as the last, want %d", got, want)
	}
	if !slices.IsSorted(all) {
		t.Errorf("got %v, want them in ascending order", all)
	}
	if got := gallery.MilestonesCrossed(5e18, math.MaxInt64); got != nil {
		t.Errorf("beyond the last: got %v, want none", got)
	}
}

// However views are batched, each milestone is announced once.
func TestMilestonesCrossed_partitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cuts := rapid.SliceOfN(rapid.Int64Range(0, 20_000), 2, 40).Draw(t, "cuts")
		slices.Sort(cuts)
		var pieces []int64
		for i := range len(cuts) - 1 {
			pieces = append(pieces, gallery.MilestonesCrossed(cuts[i], cuts[i+1])...)
		}
		if whole := gallery.MilestonesCrossed(cuts[0], cuts[len(cuts)-1]); !slices.Equal(pieces, whole) {
			t.Fatalf("in pieces %v: got %v, want %v", cuts, pieces, whole)
		}
		for _, m := range pieces {
			if m%10 != 0 || m <= cuts[0] || m > cuts[len(cuts)-1] {
				t.Fatalf("got milestone %d between %d and %d", m, cuts[0], cuts[len(cuts)-1])
			}
		}
	})
}
