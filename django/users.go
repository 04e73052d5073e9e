package django

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/store"
)

// userBatch is how many accounts are written in one transaction.
const userBatch = 200

// users imports the accounts. Active ones first: of two that clash, the one
// that is used keeps its name and address.
func (m *move) users(ctx context.Context) error {
	var batch []record
	flush := func() error {
		err := m.userBatch(ctx, batch)
		batch = batch[:0]
		return err
	}
	for _, which := range []string{"is_active IS TRUE", "is_active IS NOT TRUE"} {
		err := m.from.records(ctx, "accounts_user", "WHERE "+which+" ORDER BY accounts_user.id", nil, wanted()["accounts_user"], func(r record) error {
			if batch = append(batch, r); len(batch) < userBatch {
				return nil
			}
			return flush()
		})
		if err == nil {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// userBatch imports accounts in one transaction. What it reports counts only
// when that is committed: it may run more than once.
func (m *move) userBatch(ctx context.Context, rows []record) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = userID(r["id"])
	}
	var report Report
	err := m.target.Write(ctx, func(tx *store.Tx) error {
		report = Report{Counts: map[Table]Count{}}
		there, err := m.hasUsers(ctx, tx, ids)
		if err != nil {
			return err
		}
		for i, r := range rows {
			if !usableUserID(ids[i]) {
				report.leave(Users, r["id"], "an id that no token can name", "")
				continue
			}
			if there[ids[i]] {
				report.count(Users, Count{There: 1})
				if m.real != nil {
					err = understudy(ctx, tx, ids[i])
				}
			} else {
				err = m.user(ctx, tx, &report, ids[i], r)
			}
			if err != nil {
				return fmt.Errorf("import user %s: %w", r["id"], err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.report.merge(report)
	return nil
}

func usableUserID(id string) bool {
	return id != "" && len(id) <= maxUserID && strings.IndexFunc(id, func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar
	}) < 0
}

// hasUsers asks the gallery that is written to, and in a dry run the real one.
func (m *move) hasUsers(ctx context.Context, tx *store.Tx, ids []string) (map[string]bool, error) {
	there, err := tx.HasUsers(ctx, ids)
	if err != nil || m.real == nil {
		return there, err
	}
	err = m.real.Read(ctx, func(tx *store.Tx) error {
		more, err := tx.HasUsers(ctx, ids)
		for id := range more {
			there[id] = true
		}
		return err
	})
	return there, err
}

// understudy stands in a dry run for an account that the real gallery has, so
// that works and comments can refer to it. Its name is none that anybody has.
func understudy(ctx context.Context, tx *store.Tx, id string) error {
	if known, err := tx.HasUsers(ctx, []string{id}); err != nil || known[id] {
		return err
	}
	nobody := "\x01" + id
	return tx.CreateUser(ctx, gallery.User{ID: id, Username: nobody, Email: nobody, CreatedAt: time.Unix(1, 0)}, "")
}

// user imports one account.
func (m *move) user(ctx context.Context, tx *store.Tx, report *Report, id string, r record) error {
	u := gallery.User{ID: id, IsArtist: truth(r["is_artist"]), IsAdmin: truth(r["is_superuser"]), IsActive: truth(r["is_active"])}
	u.CreatedAt = m.firstTime(r["date_joined"], r["created_at"])
	var why string
	if u.Bio, why = fit(r["bio"], 1000, gallery.BioText); why != "" {
		report.change(Users, r["id"], "the biography: "+why, "")
	}
	hash, why := passwordOf(r["password"])
	created, err := m.asItIs(ctx, tx, &u, hash, r)
	if err == nil && !created {
		err = m.changed(ctx, tx, report, &u, hash, r)
	}
	if err != nil {
		return err
	}
	if why != "" {
		report.change(Users, r["id"], why, "signs in with "+u.Email)
	}
	if r["profile_picture"] != "" {
		report.number(Noted, Users, "profile pictures were left behind: there are none here", 1)
	}
	if !u.IsActive {
		report.number(Noted, Users, "deactivated accounts stay so: gallery user activate", 1)
	}
	if u.IsAdmin {
		report.note(Users, r["id"], "superusers are administrators here", u.Username)
	}
	report.count(Users, Count{Imported: 1})
	return nil
}

// asItIs makes the account with the name and the address it has, in one
// statement: nearly all of them. created is false when one of them may not
// stand here, or somebody has it.
func (m *move) asItIs(ctx context.Context, tx *store.Tx, u *gallery.User, hash string, r record) (created bool, err error) {
	name, wrong := gallery.UsernameText(r["username"])
	email, none := gallery.EmailText(r["email"])
	if wrong != "" || none != "" {
		return false, nil
	}
	u.Username, u.Email = name, email
	if m.real != nil { // the rehearsal's own gallery knows the half of them
		if name, address, err := m.taken(ctx, tx, u.ID, name, email); err != nil || name || address {
			return false, err
		}
	}
	err = tx.CreateUser(ctx, *u, hash)
	if gallery.CodeOf(err) == gallery.Conflict {
		return false, nil
	}
	return err == nil, err
}

// changed makes the account with another name, another address or both.
func (m *move) changed(ctx context.Context, tx *store.Tx, report *Report, u *gallery.User, hash string, r record) error {
	if err := m.name(ctx, tx, report, u, r); err != nil {
		return err
	}
	if err := m.address(ctx, tx, report, u, r); err != nil {
		return err
	}
	return tx.CreateUser(ctx, *u, hash)
}

// name finds a username that may stand here and that nobody has.
func (m *move) name(ctx context.Context, tx *store.Tx, report *Report, u *gallery.User, r record) error {
	base, problem := gallery.UsernameText(r["username"])
	if problem != "" {
		base = usernameOf(r["username"])
		if _, problem := gallery.UsernameText(base); problem != "" {
			base = "user-" + u.ID
		}
		if _, problem := gallery.UsernameText(base); problem != "" {
			base = "user"
		}
		report.change(Users, r["id"], "a username that is not of our form", fmt.Sprintf("%q is %s here", r["username"], base))
	}
	u.Username = base
	for n := 2; ; n++ {
		taken, _, err := m.taken(ctx, tx, u.ID, u.Username, "")
		if err != nil {
			return err
		}
		if !taken {
			break
		}
		suffix := "-" + strconv.Itoa(n)
		u.Username = firstRunes(base, 150-len(suffix)) + suffix
	}
	if u.Username != base {
		report.change(Users, r["id"], "a username that somebody has, when case and compatibility forms do not count",
			fmt.Sprintf("%s is %s here", base, u.Username))
	}
	return nil
}

// usernameOf replaces what may not stand in a username.
func usernameOf(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_.@+-", r) {
			return r
		}
		return '_'
	}, strings.TrimSpace(strings.ToValidUTF8(text, "_")))
	return firstRunes(clean, 150)
}

func firstRunes(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n])
	}
	return s
}

// nowhere is the domain of addresses that stand for none. Nothing can be mailed
// to it (RFC 2606, section 2).
const nowhere = "@imported.invalid"

// address finds the address that the account signs in with.
func (m *move) address(ctx context.Context, tx *store.Tx, report *Report, u *gallery.User, r record) error {
	email, problem := gallery.EmailText(r["email"])
	switch {
	case strings.TrimSpace(r["email"]) == "":
		problem = "no e-mail address"
	case problem != "":
		problem = "an e-mail address that is none"
	default:
		_, taken, err := m.taken(ctx, tx, u.ID, "", email)
		if err != nil {
			return err
		}
		if taken {
			problem = "an e-mail address that somebody has, when case does not count"
		}
	}
	if problem == "" {
		u.Email = email
		return nil
	}
	detail := "signs in with %s"
	if r["email"] != "" {
		detail = fmt.Sprintf("%q; signs in with %%s", r["email"])
	}
	local := u.ID
	for n := 2; ; n++ {
		u.Email = local + nowhere
		_, taken, err := m.taken(ctx, tx, u.ID, "", u.Email)
		if err != nil {
			return err
		}
		if !taken {
			break
		}
		local = u.ID + "-" + strconv.Itoa(n)
	}
	report.change(Users, r["id"], problem, strings.Replace(detail, "%s", u.Email, 1))
	return nil
}

// taken asks whether somebody has the name or the address.
func (m *move) taken(ctx context.Context, tx *store.Tx, id, username, email string) (name, address bool, err error) {
	name, address, err = tx.Taken(ctx, id, username, email)
	if err != nil || m.real == nil {
		return name, address, err
	}
	err = m.real.Read(ctx, func(tx *store.Tx) error {
		n, a, err := tx.Taken(ctx, id, username, email)
		name, address = name || n, address || a
		return err
	})
	return name, address, err
}

// noPassword is Django's own word for a password that nobody knows.
const noPassword = "!"

// passwordOf is the hash that is stored, and why the account cannot be signed
// in to with its old password, if so. Django writes Argon2 with a word before
// the PHC form.
func passwordOf(encoded string) (hash, why string) {
	hash = strings.TrimPrefix(encoded, "argon2$")
	if hash != encoded {
		hash = "$" + hash
	}
	switch {
	case auth.CanVerify(hash):
		return hash, ""
	case encoded == "" || strings.HasPrefix(encoded, noPassword):
		return noPassword, "no usable password: gallery user set-password"
	}
	hasher, _, found := strings.Cut(encoded, "$")
	if !found || len(hasher) > 40 {
		hasher = "unknown"
	}
	return noPassword, fmt.Sprintf("a password hashed as %q cannot be verified here: gallery user set-password", hasher)
}

// firstTime is the first of the texts that is a time of a row, or the present.
func (m *move) firstTime(texts ...string) time.Time {
	for _, text := range texts {
		if at, ok := instant(text, m.rowZone()); ok {
			return at
		}
	}
	return m.now().UTC().Truncate(time.Microsecond)
}

// rowZone is the zone of a row's time that says none.
func (m *move) rowZone() *time.Location {
	if m.from.typed {
		return m.zone // timestamp without time zone: Django ran with USE_TZ off
	}
	return time.UTC
}
