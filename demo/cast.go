package demo

import "context"

// Password is the password of every account of the demonstration.
const Password = "behind the veil"

// Guest is the account nobody of the cast uses: it is for the reader.
const Guest = "you"

// cast is everybody with an account.
type cast struct {
	artists  []*person
	visitors []*person
	guest    *person
}

func address(username string) string { return username + "@example.com" }

// register makes all accounts.
func register(ctx context.Context, h *house) (cast, error) {
	enter := func(artist bool, names ...string) (people []*person, err error) {
		for _, name := range names {
			p := &person{house: h, username: name, email: address(name), artist: artist}
			if err := p.register(ctx); err != nil {
				return nil, err
			}
			people = append(people, p)
		}
		return people, nil
	}
	artists, err := enter(true, "noor", "tomasz", "ines")
	if err != nil {
		return cast{}, err
	}
	visitors, err := enter(false, "ada", "ben", "chiara", "dmitri", "elif", "farid", "greta", "hugo", "imani", "jun", "kaja", "leo")
	if err != nil {
		return cast{}, err
	}
	guest, err := enter(false, Guest)
	if err != nil {
		return cast{}, err
	}
	return cast{artists, visitors, guest[0]}, nil
}
