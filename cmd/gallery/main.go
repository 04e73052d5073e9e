// Command gallery is the Invisible Art Gallery: a server in one binary, and the
// few commands that run beside it. `gallery --help` lists them.
//
// It reads flags and environment and nothing else in the program does; what
// they say goes into package node as plain values.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the whole command line: a field is a command, its type holds the
// command's flags, its Run method does it.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Open the gallery and keep it open."`
	User      userCommands     `cmd:"" help:"Make and change accounts, also while the gallery is open."`
	Token     tokenCommand     `cmd:"" help:"Print an access token of somebody's, good for 24 hours."`
	Broadcast broadcastCommand `cmd:"" help:"Tell a message to everybody who has a notifications socket open."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the schema of the store up to date."`
	Rewrap    rewrapCommand    `cmd:"" help:"Wrap the key of every work under the first master key, to retire an older one."`
	Import    importCommands   `cmd:"" help:"Take over a gallery of another program's."`
	Ready     readyCommand     `cmd:"" help:"Ask a gallery on this machine whether it delivers."`
	Demo      demoCommand      `cmd:"" help:"Open a throw-away gallery full of works and people, to look around in."`
	Watch     watchCommand     `cmd:"" help:"Print what a socket says, a message on a line."`
	Loadtest  loadtestCommand  `cmd:"" help:"Put a crowd before a work of a running gallery, and measure how it bears that."`
	Version   versionCommand   `cmd:"" help:"Print the program's version."`
}

// streams are what a command reads and writes.
type streams struct {
	in       *os.File
	out, err io.Writer
}

func main() {
	args := takeArguments()
	// The first signal asks the command to end in good order; after it the
	// default is back, so that a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, args, streams{os.Stdin, os.Stdout, os.Stderr}); err != nil {
		// One line, whatever the error is made of.
		fmt.Fprintln(os.Stderr, "gallery:", strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}

// run does what the arguments say.
func run(ctx context.Context, args []string, io streams) error {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("gallery"),
		kong.Description("The Invisible Art Gallery: works that nobody can see, until their moment has come."),
		kong.Writers(io.out, io.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
		kong.Vars{"data": "./gallery-data"},
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w (gallery --help tells more)", err)
	}
	return command.Run()
}
