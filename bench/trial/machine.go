package trial

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Machine is where a run was made, and with which versions.
type Machine struct {
	Processor string    `json:"processor"`
	Cores     int       `json:"cores"`
	Memory    string    `json:"memory"`
	Kernel    string    `json:"kernel"`
	System    string    `json:"system"`
	Versions  []Version `json:"versions"`
	Commit    string    `json:"commit"`
	Load      string    `json:"load"` // the load averages before the run
}

// Version is which version of something was there.
type Version struct{ Name, Version string }

// Look describes this machine. What cannot be found out is left empty.
func Look(root string) Machine {
	m := Machine{Cores: runtime.NumCPU()}
	m.Processor = field("/proc/cpuinfo", "model name")
	if kb, err := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB")); err == nil {
		m.Memory = strconv.Itoa((kb+512<<10)>>20) + " GiB"
	}
	m.Kernel = said("uname", "-sr")
	m.System = strings.Trim(field("/etc/os-release", "PRETTY_NAME"), `"`)
	load, _ := os.ReadFile("/proc/loadavg")
	m.Load = strings.Join(first(strings.Fields(string(load)), 3), " ")
	m.Commit = said("git", "-C", root, "rev-parse", "--short=12", "HEAD")
	if said("git", "-C", root, "status", "--porcelain", "--untracked-files=no") != "" {
		m.Commit += " and changes"
	}
	m.Versions = append(m.Versions, Version{"Go", strings.TrimPrefix(runtime.Version(), "go")})
	for _, module := range []string{"github.com/gorilla/websocket", "github.com/coder/websocket", "github.com/lxzan/gws"} {
		m.add(strings.TrimPrefix(module, "github.com/"), strings.TrimPrefix(said("go", "-C", root+"/bench", "list", "-m", "-f", "{{.Version}}", module), "v"))
	}
	for _, p := range []struct{ name, of string }{
		{"gcc", "gcc"}, {"nginx", "nginx-light"}, {"nchan", "libnginx-mod-nchan"}, {"Python", "python3"}, {"Django", "python3-django"},
		{"Channels", "python3-django-channels"}, {"Daphne", "python3-daphne"}, {"channels_redis", "python3-channels-redis"},
		{"Simple JWT", "python3-djangorestframework-simplejwt"}, {"hiredis", "python3-hiredis"}, {"Redis", "redis-server"}, {"PostgreSQL", "postgresql-15"},
	} {
		m.add(p.name, said("dpkg-query", "-W", "-f", "${Version}", p.of))
	}
	return m
}

func (m *Machine) add(name, version string) {
	if version != "" {
		m.Versions = append(m.Versions, Version{name, version})
	}
}

// field finds "name : value" or "name=value" in a file.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, found := strings.CutPrefix(line, name); found {
			return strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(rest), ":="))
		}
	}
	return ""
}

func said(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func first(words []string, n int) []string { return words[:min(n, len(words))] }

// Now is the time as a record has it.
func Now() string { return time.Now().UTC().Format(time.RFC3339) }
