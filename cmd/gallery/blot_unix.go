//go:build unix

package main

import "unsafe"

// blot overwrites an argument, or the end of one, where the kernel reads the
// process's title from: the strings of os.Args lie in the very memory that the
// process was given them in. Nothing else may still want the argument.
func blot(arg string) {
	bytes := unsafe.Slice(unsafe.StringData(arg), len(arg))
	for i := range bytes {
		bytes[i] = 'x'
	}
}
