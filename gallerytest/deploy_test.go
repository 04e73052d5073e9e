package gallerytest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/servers"
)

// compose is the part of deploy/compose.yaml that the tests look at.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       struct{ Context, Dockerfile string }
		ReadOnly    bool `yaml:"read_only"`
		Command     []string
		Environment map[string]string
		Secrets     []string
		Volumes     []string
		DependsOn   any `yaml:"depends_on"`
		Healthcheck struct{ Test []string }
	}
	Secrets map[string]struct{ File string }
	Volumes map[string]any
}

func readCompose(t *testing.T) compose {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(gallerytest.Root(t), "deploy", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(content, &c); err != nil {
		t.Fatalf("read compose.yaml: %v", err)
	}
	return c
}

// TestComposeFile holds together what the file only names: each secret and
// volume is declared, each file is there, each service that is waited for exists
// and can tell when it is ready.
func TestComposeFile(t *testing.T) {
	c := readCompose(t)
	deploy := filepath.Join(gallerytest.Root(t), "deploy")
	for name, s := range c.Services {
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s uses the secret %s, which is declared nowhere", name, secret)
			}
			// The settings say where it is mounted.
			found := false
			for _, value := range s.Environment {
				found = found || value == "/run/secrets/"+secret
			}
			if !found {
				t.Errorf("%s is given the secret %s and no setting names it", name, secret)
			}
		}
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			if file, local := strings.CutPrefix(from, "./"); local {
				if _, err := os.Stat(filepath.Join(deploy, file)); err != nil {
					t.Errorf("%s mounts a file: %v", name, err)
				}
			} else if _, declared := c.Volumes[from]; !declared {
				t.Errorf("%s mounts the volume %s, which is declared nowhere", name, from)
			}
		}
		if s.Build.Dockerfile != "" {
			if _, err := os.Stat(filepath.Join(deploy, s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Errorf("%s is built from a file: %v", name, err)
			}
			if !s.ReadOnly {
				t.Errorf("%s may write to its root file system", name)
			}
		}
		conditions, _ := s.DependsOn.(map[string]any)
		for other, how := range conditions {
			condition := how.(map[string]any)["condition"]
			if _, exists := c.Services[other]; !exists {
				t.Errorf("%s waits for %s, which does not exist", name, other)
			}
			if condition == "service_healthy" && len(c.Services[other].Healthcheck.Test) == 0 {
				t.Errorf("%s waits for the health of %s, which nobody checks", name, other)
			}
		}
	}
}

// TestComposeSecrets does what docs/operations.md says before "docker compose":
// the keys can be read by the container's user, who is nobody here, and by no
// other; and neither git nor an image gets to see them.
func TestComposeSecrets(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(gallerytest.Root(t), "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Two nodes with Compose\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for line := range strings.Lines(section) {
		if command, ok := strings.CutPrefix(line, "    "); ok && !strings.HasPrefix(command, "docker ") {
			commands = append(commands, command)
		}
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "deploy"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, umask := range []string{"022", "077"} { // the usual one, and that of the tour before
		cmd := exec.Command(gallerytest.Need(t, "bash"), "-e", "-c", "umask "+umask+"; rm -rf deploy/* deploy/.env; "+strings.Join(commands, ""))
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("with umask %s: %v: %s", umask, err, out)
		}
		for name, want := range map[string]os.FileMode{
			"secrets": os.ModeDir | 0o700, "secrets/jwt.key": 0o444, "secrets/master.key": 0o444, ".env": 0o600,
		} {
			info, err := os.Stat(filepath.Join(folder, "deploy", name))
			if err != nil {
				t.Errorf("with umask %s: %v", umask, err)
			} else if info.Mode() != want || info.Size() == 0 {
				t.Errorf("with umask %s: %s: got mode %v and %d bytes, want %v and some", umask, name, info.Mode(), info.Size(), want)
			}
		}
	}
	for _, list := range []string{".gitignore", ".dockerignore"} {
		content, err := os.ReadFile(filepath.Join(gallerytest.Root(t), list))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"deploy/secrets", "deploy/.env"} {
			if !regexp.MustCompile(`(?m)^/?` + regexp.QuoteMeta(path) + `/?$`).Match(content) {
				t.Errorf("%s does not name %s", list, path)
			}
		}
	}
}

// plain runs a command of the compose file as a process: what is in other
// containers there is on this machine here. It returns the environment that a
// service has then.
func (c compose) plain(t *testing.T, service string, here map[string]string) (env []string) {
	t.Helper()
	for name, value := range c.Services[service].Environment {
		for there, local := range here {
			value = strings.ReplaceAll(value, there, local)
		}
		// A variable that has no value, and whatever stands for it by default.
		value = regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`).ReplaceAllString(value, "$1")
		if strings.Contains(value, "$") {
			t.Fatalf("%s of %s holds a variable that the test does not know: %s", name, service, value)
		}
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return append(env, "PATH="+os.Getenv("PATH"))
}

// TestComposeCommands runs what the compose file runs, with its settings, behind
// the Caddy that it puts in front: migrate, then two nodes; somebody watches
// through Caddy what happens on either node, and one node dies.
func TestComposeCommands(t *testing.T) {
	c := readCompose(t)
	gallerytest.Need(t, "caddy")
	work, front := t.TempDir(), servers.FreePort(t)
	for _, key := range []string{"jwt_key", "master_key"} {
		if err := os.WriteFile(filepath.Join(work, key), []byte(strings.Repeat(key, 8)), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	here := map[string]string{
		"postgres://gallery:${POSTGRES_PASSWORD:?see docs/operations.md}@postgres:5432/gallery": servers.Database(t),
		"redis://redis:6379":                   servers.Redis(t).URL,
		"/run/secrets":                         work,
		"/works":                               filepath.Join(work, "works"),
		"https://${GALLERY_DOMAIN:-localhost}": fmt.Sprintf("http://127.0.0.1:%d", front),
		"172.30.0.0/24":                        "127.0.0.0/8",
	}
	command := func(service string, more ...string) *exec.Cmd {
		cmd := exec.Command(gallerytest.Binary(t), c.Services[service].Command...)
		cmd.Env = append(c.plain(t, service, here), more...)
		return cmd
	}
	if out, err := command("migrate").CombinedOutput(); err != nil || !bytes.Contains(out, []byte("migrated the schema")) {
		t.Fatalf("migrate: %v: %s", err, out)
	}
	nodes := map[string]*exec.Cmd{}
	var upstreams []string
	for _, name := range []string{"gallery-1", "gallery-2"} {
		address := fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
		upstreams = append(upstreams, address)
		nodes[name] = background(t, command(name, "GALLERY_LISTEN="+address, "GALLERY_RATE_LIMITS=off"))
		ready(t, "http://"+address+"/readyz")
	}
	startCaddy(t, front, strings.NewReplacer(), upstreams...)
	throughProxy(t, fmt.Sprintf("http://127.0.0.1:%d", front), func() { end(t, nodes["gallery-1"]) })
}

// startCaddy starts Caddy with the Caddyfile, changed where the test has to.
func startCaddy(t *testing.T, front int, change *strings.Replacer, upstreams ...string) *exec.Cmd {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(gallerytest.Root(t), "deploy", "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	config := filepath.Join(work, "Caddyfile")
	// Its own port for administrators would be everybody's.
	text := strings.Replace(change.Replace(string(content)), "\n{\n", "\n{\n\tadmin off\n", 1)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(gallerytest.Need(t, "caddy"), "run", "--adapter", "caddyfile", "--config", config)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GALLERY_DOMAIN=http://127.0.0.1:%d", front),
		"GALLERY_NODES="+strings.Join(upstreams, " "), "XDG_DATA_HOME="+work, "XDG_CONFIG_HOME="+work, "HOME="+work)
	return background(t, cmd)
}

// TestCaddyLogsNoTokens: what goes wrong is logged with its address, and the
// addresses of sockets hold tokens.
func TestCaddyLogsNoTokens(t *testing.T) {
	front, nobody := servers.FreePort(t), servers.FreePort(t)
	impatient := strings.NewReplacer("lb_try_duration 10s", "lb_try_duration 100ms")
	cmd := startCaddy(t, front, impatient, fmt.Sprintf("127.0.0.1:%d", nobody))
	logsNoTokens(t, fmt.Sprintf("http://127.0.0.1:%d", front), cmd.Stdout.(*os.File).Name())
}

// logsNoTokens asks a proxy for a socket, with what must not be logged, until
// it logs that somebody did.
func logsNoTokens(t *testing.T, url, log string) {
	t.Helper()
	const path = "/ws/notifications/"
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(gallerytest.Patience); ; time.Sleep(20 * time.Millisecond) {
		response, err := client.Get(url + path + "?since=0&token=never-logged&ticket=never-logged")
		if err == nil {
			response.Body.Close()
		}
		content, _ := os.ReadFile(log) // it is not there yet
		if bytes.Contains(content, []byte("never-logged")) {
			t.Fatalf("a token is in the log:\n%s", content)
		}
		if bytes.Contains(content, []byte(path)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing is logged of %s within %v (%v):\n%s", url, gallerytest.Patience, err, content)
		}
	}
}

// TestNginxConfiguration puts the snippet for nginx in front of two nodes.
func TestNginxConfiguration(t *testing.T) {
	nginx := gallerytest.Need(t, "nginx")
	snippet, err := os.ReadFile(filepath.Join(gallerytest.Root(t), "deploy", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	front, work := servers.FreePort(t), t.TempDir()
	url := fmt.Sprintf("http://127.0.0.1:%d", front)
	shared := []string{"serve", "--database", servers.Database(t), "--redis", servers.Redis(t).URL, "--blobs", filepath.Join(work, "works"),
		"--jwt-key", strings.Repeat("j", 32), "--master-key", strings.Repeat("m", 32), "--public-url", url,
		"--trusted-proxies", "127.0.0.0/8", "--rate-limits", "off"}
	text, first := string(snippet), (*exec.Cmd)(nil)
	for _, there := range []string{"127.0.0.1:8081", "127.0.0.1:8082"} {
		address := fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
		node := background(t, exec.Command(gallerytest.Binary(t), append(shared, "--listen", address)...))
		if first == nil {
			first = node
		}
		ready(t, "http://"+address+"/readyz")
		text = strings.ReplaceAll(text, there, address)
	}
	text = strings.ReplaceAll(text, "listen 8080;", fmt.Sprintf("listen 127.0.0.1:%d;", front))
	text = strings.ReplaceAll(text, "gallery.example", "127.0.0.1")
	log := filepath.Join(work, "access.log")
	text = strings.ReplaceAll(text, "/var/log/nginx/gallery.log", log)
	whole := fmt.Sprintf("daemon off; worker_processes 1; pid %[1]s/pid; error_log stderr; events {}\n"+
		"http { access_log %[3]s; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;\n%[2]s}\n", work, text, log)
	config := filepath.Join(work, "whole.conf")
	if err := os.WriteFile(config, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	user := []string{}
	if os.Geteuid() == 0 {
		user = []string{"-g", "user root;"} // its workers have to reach the test's directory
	}
	if out, err := exec.Command(nginx, append(user, "-t", "-p", work, "-c", config)...).CombinedOutput(); err != nil {
		t.Fatalf("nginx refuses the configuration: %v\n%s", err, out)
	}
	background(t, exec.Command(nginx, append(user, "-p", work, "-c", config)...))
	throughProxy(t, url, func() { end(t, first) })
	logsNoTokens(t, url, log)
}

// throughProxy uses a gallery of two nodes behind a proxy, of which one dies in
// the middle, as visitors would.
func throughProxy(t *testing.T, url string, kill func()) {
	t.Helper()
	ready(t, url+"/readyz")
	house := gallerytest.Visit(t, url)
	artist := house.Artist(t, "artist")
	work := artist.Hang(t, gallerytest.Work{Title: "Behind", Content: bytes.Repeat([]byte("what nobody has seen "), 50_000)})
	var watchers []*gallerytest.Socket
	for range 6 { // on both nodes: they go where there are fewest
		s := house.Anybody().Watch(t, work.ID)
		s.Expect(t, "artwork_status")
		watchers = append(watchers, s)
	}
	kill()
	// Requests go on, without a single error: they are taken by the other one.
	for range 20 {
		artist.Look(t, work.ID)
	}
	artist.Reveal(t, work.ID)
	alive := 0
	for _, s := range watchers {
		// Either comes: the message, or the end of a socket whose node has died.
		for s.IsOpen() && s.Count("artwork_revealed") == 0 {
			time.Sleep(time.Millisecond)
		}
		alive += s.Count("artwork_revealed")
	}
	if alive == 0 || alive == len(watchers) {
		t.Errorf("%d of %d watchers heard the reveal on their sockets, want those of the node that lives", alive, len(watchers))
	}
	if m := house.Anybody().Watch(t, work.ID).Expect(t, "artwork_status"); !m.IsRevealed {
		t.Error("who comes back is told that the work is hidden")
	}
	if status, content := house.Anybody().Content(t, work.ID); status != http.StatusOK || len(content) != 21*50_000 {
		t.Errorf("the content: got status %d and %d bytes, want 200 and %d", status, len(content), 21*50_000)
	}
}

// background runs a command until the end of the test, which gets to see its
// log when it fails.
func background(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	t.Cleanup(func() {
		end(t, cmd)
		log.Close()
		if content, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(cmd.Path), content)
		}
	})
	return cmd
}

// end kills a command that background started; a second time it does nothing.
func end(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if cmd.ProcessState != nil {
		return
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("end %s: %v", cmd.Path, err)
	}
	_ = cmd.Wait() // that it was killed is known
}

// ready waits until an address answers 200.
func ready(t *testing.T, url string) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(gallerytest.Patience); ; time.Sleep(20 * time.Millisecond) {
		response, err := client.Get(url)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer 200 within %v: %v, %v", url, gallerytest.Patience, response, err)
		}
	}
}

// TestUnit has systemd look at the unit, with the program where it is here.
func TestUnit(t *testing.T) {
	analyze := gallerytest.Need(t, "systemd-analyze")
	unit, err := os.ReadFile(filepath.Join(gallerytest.Root(t), "deploy", "gallery.service"))
	if err != nil {
		t.Fatal(err)
	}
	const program = "/usr/local/bin/gallery"
	if !bytes.Contains(unit, []byte("ExecStart="+program+" serve\n")) {
		t.Errorf("the unit does not start %s serve", program)
	}
	path := filepath.Join(t.TempDir(), "gallery.service")
	if err := os.WriteFile(path, bytes.ReplaceAll(unit, []byte(program), []byte(gallerytest.Binary(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v: %s", err, out)
	}
}

// TestDockerfile reads the file as Docker would, as far as that goes without
// Docker: the instructions exist, what is copied is there, and what it runs
// works.
func TestDockerfile(t *testing.T) {
	root := gallerytest.Root(t)
	content, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	instruction := regexp.MustCompile(`^(FROM|WORKDIR|COPY|RUN|USER|ENV|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) (.+)$`)
	last := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		m := instruction.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not an instruction: %s", line)
			continue
		}
		last[m[1]] = m[2]
		if words := strings.Fields(m[2]); m[1] == "COPY" && !strings.HasPrefix(words[0], "--") {
			for _, source := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join(root, source)); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
	}
	for name, want := range map[string]string{
		"USER":       "65532:65532",
		"ENTRYPOINT": `["/usr/local/bin/gallery"]`,
		"CMD":        `["serve"]`,
		"STOPSIGNAL": "SIGTERM",
	} {
		if got := last[name]; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if !strings.HasSuffix(last["HEALTHCHECK"], `CMD ["/usr/local/bin/gallery", "ready"]`) {
		t.Errorf("HEALTHCHECK: got %s, want it to run gallery ready", last["HEALTHCHECK"])
	}
	p := gallerytest.Launch(t)
	check := func() error {
		cmd := exec.Command(gallerytest.Binary(t), "ready")
		cmd.Env = append(os.Environ(), "GALLERY_LISTEN=0.0.0.0:"+p.URL[strings.LastIndexByte(p.URL, ':')+1:])
		return cmd.Run()
	}
	if err := check(); err != nil {
		t.Errorf("gallery ready beside a gallery that is: %v", err)
	}
	p.Kill(t)
	if err := check(); err == nil {
		t.Error("gallery ready beside none: got no error, want one")
	}
}
