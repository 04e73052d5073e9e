package main

import (
	"os"
	"strings"
)

// secretFlags are the flags whose values are keys or open doors as keys do.
// A URL may hold a password.
var secretFlags = []string{
	"--jwt-key", "--master-key", "--token", "--database", "--redis", "--from", "--encryption-key",
	"--s3-secret-key", "--s3-session-token",
}

// takeArguments returns the command line as it was given and then blots out the
// keys in it: every user of a machine may read every process's title. The
// environment is the better place for a key; but who writes it on the command
// line should not be punished for it longer than a moment.
func takeArguments() []string {
	args := make([]string, 0, len(os.Args))
	secret := false // the argument before named a secret flag
	for _, arg := range os.Args[1:] {
		args = append(args, strings.Clone(arg))
		flag, value, inline := strings.Cut(arg, "=")
		named := isSecretFlag(flag)
		switch {
		case secret:
			blot(arg)
		case named && inline:
			blot(value)
		}
		secret = !secret && named && !inline
	}
	return args
}

func isSecretFlag(flag string) bool {
	for _, s := range secretFlags {
		if flag == s {
			return true
		}
	}
	return false
}
