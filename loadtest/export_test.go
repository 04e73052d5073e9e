package loadtest

// Parsed is what a stream holds: messages as they are, control frames named.
type Parsed struct {
	Heard []string
	Code  int // of a close frame, or of our own after a breach
	Wrong bool
}

// Parse takes bytes apart, in pieces of the sizes that split tells, in turns.
func Parse(data []byte, most int, split []int) Parsed {
	var p Parsed
	var s stream
	for n := 0; len(data) > 0; n++ {
		piece := len(data)
		if len(split) > 0 {
			piece = min(piece, split[n%len(split)])
		}
		more, wrong := s.feed(data[:piece:piece], most, &p)
		if wrong != nil {
			p.Code, p.Wrong = wrong.code, true
		}
		if !more {
			break
		}
		data = data[piece:]
	}
	return p
}

func (p *Parsed) message(payload []byte) bool {
	p.Heard = append(p.Heard, "message "+string(payload))
	return true
}

func (p *Parsed) ping(payload []byte) bool {
	p.Heard = append(p.Heard, "ping "+string(payload))
	return true
}

func (p *Parsed) closing(code int) { p.Code = code }

// Faults of messages that one socket was told, for a model to agree with.
func Judge(artwork string, says []string, revealed bool) Faults {
	l := newLedger(Plan{Watchers: 1}, work{ID: artwork})
	l.opened(0, 1, 1)
	for i, m := range says {
		if m == "?" {
			l.ask(0)
			continue
		}
		l.message(0, int64(2+i), []byte(m))
	}
	l.judge(revealed)
	return l.faults
}
