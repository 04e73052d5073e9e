package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand is `gallery version`.
type versionCommand struct{}

// Run prints one line: the version that the module was built at, the commit
// when it was built from a checkout, and what it was built with and for.
func (versionCommand) Run(io streams) error {
	version, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		commit = commitOf(info.Settings)
	}
	_, err := fmt.Fprintf(io.out, "gallery %s%s %s %s/%s\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func commitOf(settings []debug.BuildSetting) string {
	commit, modified := "", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = " " + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	if commit == "" {
		return ""
	}
	return commit + modified
}
