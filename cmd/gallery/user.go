package main

import (
	"context"
	"fmt"

	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/node"
)

// userCommands are the commands under `gallery user`.
type userCommands struct {
	Create      userCreate      `cmd:"" help:"Make an account; the password comes from the terminal or standard input."`
	SetPassword userSetPassword `cmd:"" help:"Give an account a new password, and sign it out everywhere."`
	Activate    userActivate    `cmd:"" help:"Let an account in again."`
	Deactivate  userDeactivate  `cmd:"" help:"Lock an account out, and end what it has open."`
}

type userCreate struct {
	storeSettings
	Email    string `required:"" placeholder:"ADDRESS" help:"The address the account signs in with."`
	Username string `required:"" placeholder:"NAME" help:"The name others see."`
	Artist   bool   `help:"May hang works."`
	Admin    bool   `help:"May broadcast, and delete any comment."`
}

// Run makes the account and prints its name and id.
func (u userCreate) Run(ctx context.Context, io streams) error {
	password, err := readPassword(ctx, io)
	if err != nil {
		return err
	}
	return beside(ctx, u.config(), func(c *curator.Curator) error {
		user, err := c.CreateUser(ctx, curator.Registration{
			Username: u.Username, Email: u.Email, Password: password, IsArtist: u.Artist,
		}, u.Admin)
		if err != nil {
			return fmt.Errorf("create user %s: %w", u.Username, err)
		}
		_, err = fmt.Fprintf(io.out, "created %s %s\n", user.Username, user.ID)
		return err
	})
}

type userSetPassword struct {
	storeSettings
	Email string `required:"" placeholder:"ADDRESS" help:"Whose."`
}

// Run sets the password. Open sockets of the account end within a second or
// two: the serving process's sweep tells them.
func (u userSetPassword) Run(ctx context.Context, io streams) error {
	password, err := readPassword(ctx, io)
	if err != nil {
		return err
	}
	return beside(ctx, u.config(), func(c *curator.Curator) error {
		if err := c.SetPassword(ctx, u.Email, password); err != nil {
			return fmt.Errorf("set the password of %s: %w", u.Email, err)
		}
		_, err := fmt.Fprintf(io.out, "set the password of %s\n", u.Email)
		return err
	})
}

type userActivate struct {
	storeSettings
	Email string `required:"" placeholder:"ADDRESS" help:"Whose."`
}

// Run lets the account in again.
func (u userActivate) Run(ctx context.Context, io streams) error {
	return setActive(ctx, u.config(), io, u.Email, true)
}

type userDeactivate struct {
	storeSettings
	Email string `required:"" placeholder:"ADDRESS" help:"Whose."`
}

// Run locks the account out; its open sockets end as with a new password.
func (u userDeactivate) Run(ctx context.Context, io streams) error {
	return setActive(ctx, u.config(), io, u.Email, false)
}

func setActive(ctx context.Context, config node.Config, io streams, email string, active bool) error {
	verb := "deactivate"
	if active {
		verb = "activate"
	}
	return beside(ctx, config, func(c *curator.Curator) error {
		if err := c.SetActive(ctx, email, active); err != nil {
			return fmt.Errorf("%s %s: %w", verb, email, err)
		}
		_, err := fmt.Fprintf(io.out, "%sd %s\n", verb, email)
		return err
	})
}
