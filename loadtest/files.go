package loadtest

import "fmt"

// filesBeside is how many files a process opens besides what is counted: the
// poller, a request, a file that is read.
const filesBeside = 24

// RequireFiles checks that this process may open so many more files, sockets
// among them. It raises the soft limit to the hard one where that is needed. The
// error says how many are needed and how many there may be.
func RequireFiles(more int) error {
	soft, hard, raise, err := fileLimit()
	if err != nil || soft == 0 {
		return nil // no limit, or none that can be read: opening will tell
	}
	needed := uint64(more + openFiles() + filesBeside)
	if needed <= soft {
		return nil
	}
	if needed <= hard && raise(needed) == nil {
		return nil
	}
	return fmt.Errorf("%d sockets need %d open files, and this process may have %d (the hard limit, ulimit -Hn): raise it or take fewer sockets", more, needed, hard)
}
