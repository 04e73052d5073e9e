package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"invisibleart.example/gallery/django"
	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/store"
)

// importCommands are the commands under `gallery import`.
type importCommands struct {
	Django importDjango `cmd:"" help:"Take over a gallery of the specification's own stack: Django, in PostgreSQL or SQLite."`
}

// importDjango is `gallery import django`.
type importDjango struct {
	storeSettings
	worksSettings
	From              string `required:"" env:"GALLERY_IMPORT_FROM" placeholder:"FILE|URL" help:"The old database: an SQLite file, or postgres://user:password@host:5432/name. It is only read."`
	EncryptionKey     string `env:"GALLERY_IMPORT_ENCRYPTION_KEY" placeholder:"KEY" help:"The ENCRYPTION_KEY of the old gallery."`
	EncryptionKeyFile string `env:"GALLERY_IMPORT_ENCRYPTION_KEY_FILE" placeholder:"FILE" help:"A file that holds it."`
	MediaRoot         string `env:"GALLERY_IMPORT_MEDIA_ROOT" placeholder:"DIR" help:"Its MEDIA_ROOT, where placeholder pictures lie. They are left behind without it."`
	TimeZone          string `env:"GALLERY_IMPORT_TIME_ZONE" default:"UTC" placeholder:"ZONE" help:"Its TIME_ZONE, for reveal times that say none (${default})."`
	DryRun            bool   `help:"Read, decrypt and judge everything, write nothing, and print the report."`
}

// Help is what `gallery import django --help` says besides the flags.
func (importDjango) Help() string {
	return `Accounts, works, conditions, views and comments come over with their ids. Contents are
decrypted and sealed anew. What was met or revealed stays so, and nobody is told of it again.
Tokens go on working where --jwt-key of gallery serve holds the old SIGNING_KEY as a further
key, and passwords do as they are; accounts that cannot keep their name, their address or
their password are named in the report.

It may run beside an open gallery that has accounts and works already, and may be run again:
what was imported before is left as it is now, and what is missing is imported, also what was
deleted here since. A work comes whole or not at all, so it may be interrupted. Stop the old gallery first, or what it takes
in meanwhile stays behind.

The report goes to standard output. The exit status is 0 when everything was imported, and 1
when something was not; with --dry-run, when something would not be.`
}

// Run imports and prints the report, of what was done so far when it fails.
func (c importDjango) Run(ctx context.Context, io streams) (err error) {
	key, err := keyText("encryption-key", c.EncryptionKey, c.EncryptionKeyFile)
	switch {
	case err != nil:
		return err
	case key == "":
		return errors.New("the encryption key of the old gallery is missing: --encryption-key or --encryption-key-file")
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("--time-zone: %w", err)
	}
	from, err := django.Open(ctx, c.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, end, err := c.target(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	report, err := django.Import(ctx, from, to, django.Options{
		EncryptionKey: key, MediaRoot: c.MediaRoot, Zone: zone, DryRun: c.DryRun,
		Log: slog.New(slog.NewTextHandler(io.err, nil)),
	})
	if errors.Is(err, django.ErrWrongKey) {
		return err // there is nothing to report
	}
	if _, printed := report.WriteTo(io.out); err == nil {
		err = printed
	}
	switch n := report.LeftOut(); {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; run it again to go on")
	case err != nil:
		return err
	case n > 0 && c.DryRun:
		return fmt.Errorf("%d rows would not be imported; the report says which, and why", n)
	case n > 0:
		return fmt.Errorf("%d rows were not imported; the report says which, and why", n)
	}
	return nil
}

// target opens the gallery that is imported into. A dry run makes none where
// there is none, and needs no key.
func (c importDjango) target(ctx context.Context) (to django.Target, end func() error, err error) {
	config := c.config()
	if err := c.worksSettings.into(&config); err != nil {
		return django.Target{}, nil, err
	}
	open := node.OpenBesideWorks
	if c.DryRun {
		if there, err := node.HasGallery(config); err != nil || !there {
			return django.Target{}, func() error { return nil }, err
		}
		config.Migrate = store.MigrateOff // a schema is something, too
		open = node.OpenBeside
	}
	b, err := open(ctx, config)
	if err != nil {
		return django.Target{}, nil, err
	}
	return django.Target{DB: b.DB(), Vault: b.Vault()}, b.Close, nil
}
