package websockets

// SharedFrom is how many members a group has whose messages are shared out.
const SharedFrom = sharedFrom

// hearsay is a member that writes down what it is told.
type hearsay struct{ seqs []int64 }

func (h *hearsay) receive(e event) { h.seqs = append(h.seqs, e.seq) }

// Deliver has a group of so many members told of events with the numbers from 1
// on, and returns what each has heard.
func Deliver(members, events int) [][]int64 {
	g := &group{}
	all := make([]*hearsay, members)
	for i := range all {
		all[i] = &hearsay{}
		g.add(all[i])
	}
	for seq := range events {
		g.deliver(event{seq: int64(seq + 1)})
	}
	heard := make([][]int64, members)
	for i, h := range all {
		heard[i] = h.seqs
	}
	return heard
}
