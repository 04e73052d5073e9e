package demo

import "math/rand/v2"

// words is what the crowd says: one stack for works behind their veil, one for
// those that can be seen. A stack is used up before it is shuffled again.
type words struct {
	hidden, seen stack
}

type stack struct {
	all  []string
	left []string
}

func (s *stack) next(dice *rand.Rand) string {
	if len(s.left) == 0 {
		s.left = append(s.left, s.all...)
		dice.Shuffle(len(s.left), func(i, k int) { s.left[i], s.left[k] = s.left[k], s.left[i] })
	}
	text := s.left[0]
	s.left = s.left[1:]
	return text
}

// next is something to say.
func (w *words) next(revealed bool, dice *rand.Rand) string {
	if revealed {
		return w.seen.next(dice)
	}
	return w.hidden.next(dice)
}

func newWords() *words {
	return &words{
		hidden: stack{all: []string{
			"I keep coming back to look at nothing.",
			"The title alone is worth the wait.",
			"My guess is something blue.",
			"Has anybody worked out what it is from the veil? I have not.",
			"One of us has to go first.",
			"I told two friends. They told me it is an empty frame.",
			"It is odd to miss something one has never seen.",
			"Waiting is part of it, I think.",
			"If it is a cat I am leaving.",
			"I would rather not know. No, I would.",
			"The commitment is published, so at least they cannot swap it.",
			"Reading the description again for clues.",
			"Still here.",
			"I brought a chair.",
			"What if it is looking at us?",
			"Almost there, I can feel it.",
		}},
		seen: stack{all: []string{
			"Oh. That was worth it.",
			"I was there when it appeared. So were you, I think.",
			"The colours took my breath away.",
			"Not what I had imagined, and better.",
			"I have been looking at one corner for five minutes.",
			"How is this made of numbers?",
			"Stand back a little. Then come very close.",
			"I would hang it in the hall, where one passes it in the morning.",
			"My daughter says it is the sea. I do not argue.",
			"There is more in it the second time.",
			"So that is what was behind it.",
			"I liked it better when it could have been anything. And yet.",
			"Quiet, this one.",
			"Somebody clapped. It was me.",
			"I checked the seal: it is the very one.",
			"The lower left is my favourite part.",
			"It makes the room larger.",
			"Came for the reveal, stayed for the picture.",
		}},
	}
}
