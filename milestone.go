package gallery

// MilestonesCrossed lists, in ascending order, the view milestones m with
// before < m <= after: 10, 50, 100, 500, 1,000, 5,000 and so on
// (specification, "Integration with Artwork Views"). A batch that jumps over
// several announces each of them. It returns nil when none was crossed.
func MilestonesCrossed(before, after int64) []int64 {
	var crossed []int64
	// 10 and 50, then ten times that, until the milestone is beyond after. The
	// bound on m keeps the multiplication from overflowing.
	for m, fifty := int64(10), false; m <= after; fifty = !fifty {
		if m > before {
			crossed = append(crossed, m)
		}
		factor := int64(5)
		if fifty {
			factor = 2
		}
		if m > after/factor {
			break
		}
		m *= factor
	}
	return crossed
}
