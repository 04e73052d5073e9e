package web

// The parts that tests look at from outside.
var (
	LoadPages = loadPages
	DrawVeil  = drawVeil
	LocalPath = localPath
	Number    = number
	Size      = size
	Files     = files
)
