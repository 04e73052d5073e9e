package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"invisibleart.example/gallery/gallerytest"
)

// pty opens a pseudo-terminal: what is written to person is typed, what is read
// from it is what stands on the screen; program is the other end.
func pty(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		gallerytest.Missing(t, "there are no pseudo-terminals here: "+err.Error())
	}
	t.Cleanup(func() { person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatalf("open a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

func TestPasswordIsNotEchoed(t *testing.T) {
	person, program := pty(t)
	command := exec.Command(gallerytest.Binary(t), "user", "create",
		"--data", t.TempDir(), "--email", "ada@example.com", "--username", "ada")
	command.Stdin = program
	prompts, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for _, prompt := range []string{"Password: ", "\nAgain: "} {
		asked := make([]byte, len(prompt))
		if _, err := io.ReadFull(prompts, asked); err != nil || string(asked) != prompt {
			t.Fatalf("got prompt %q (%v), want %q", asked, err, prompt)
		}
		// The prompt comes just before the echo goes; nobody types that fast.
		awaitEcho(t, program, false)
		fmt.Fprint(person, "open the gallery\n")
	}
	if _, err := io.Copy(io.Discard, prompts); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("create the user: %v", err)
	}
	awaitEcho(t, program, true) // the terminal is as it was
	fmt.Fprint(person, "the end\n")
	screen := make([]byte, 0, 1024)
	for !bytes.Contains(screen, []byte("the end")) {
		n, err := person.Read(screen[len(screen):cap(screen)])
		if err != nil {
			t.Fatalf("read the screen: %v", err)
		}
		screen = screen[:len(screen)+n]
	}
	if strings.Contains(string(screen), "gallery") {
		t.Errorf("the password stands on the screen: %q", screen)
	}
}

// Ctrl-C while the password is asked for gives the terminal its echo back.
func TestInterruptedPasswordGivesTheEchoBack(t *testing.T) {
	_, program := pty(t)
	command := exec.Command(gallerytest.Binary(t), "user", "create",
		"--data", t.TempDir(), "--email", "ada@example.com", "--username", "ada")
	command.Stdin = program
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	awaitEcho(t, program, false)
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil {
		t.Error("an interrupted command ended with status 0")
	}
	awaitEcho(t, program, true)
	if got, want := said.String(), "gallery: no password: interrupted"; !strings.Contains(got, want) {
		t.Errorf("got %q, want it to contain %q", got, want)
	}
}

func awaitEcho(t *testing.T, terminal *os.File, want bool) {
	t.Helper()
	for deadline := time.Now().Add(gallerytest.Patience); ; time.Sleep(time.Millisecond) {
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatalf("ask the terminal: %v", err)
		}
		if got := state.Lflag&unix.ECHO != 0; got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the terminal's echo did not become %t", want)
		}
	}
}
