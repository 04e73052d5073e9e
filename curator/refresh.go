package curator

import (
	"context"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// Refresh spends a refresh token for the next pair of its family. A token that
// was spent before is a sign that it was stolen: its whole family ends, sockets
// included, and whoever holds the newest pair has to sign in again. Every
// refusal is the same Unauthorized.
func (c *Curator) Refresh(ctx context.Context, token string) (Signed, error) {
	claims, err := c.config.Tokens.VerifyRefresh(token)
	if err != nil {
		return Signed{}, err
	}
	if claims.SessionID == "" {
		return Signed{}, refused() // of another server: there is no family to rotate
	}
	next := auth.NewTokenID()
	refresh, expires, err := c.config.Tokens.Refresh(claims.UserID, claims.SessionID, next)
	if err != nil {
		return Signed{}, err
	}
	access, err := c.config.Tokens.Access(claims.UserID, claims.SessionID)
	if err != nil {
		return Signed{}, err
	}
	signed := Signed{Access: access, Refresh: refresh}
	stolen := false
	err = c.write(ctx, func(a *act) error {
		account, err := c.standing(ctx, a.Tx, auth.Identity{
			User: gallery.User{ID: claims.UserID}, SessionID: claims.SessionID, ExpiresAt: claims.ExpiresAt,
		})
		if err != nil {
			return err
		}
		signed.User = account.User
		rotated, err := a.RotateRefresh(ctx, claims.SessionID, claims.TokenID, next, expires)
		if err != nil {
			return err
		}
		// The end of the family has to be committed, so it is no error here.
		if stolen = !rotated; stolen {
			return a.endFamily(ctx, account.ID, claims.SessionID)
		}
		return nil
	})
	if err != nil {
		return Signed{}, err
	}
	if stolen {
		c.config.Log.WarnContext(ctx, "a spent refresh token was shown again; its family is revoked",
			"user", claims.UserID, "session", claims.SessionID)
		return Signed{}, refused()
	}
	return signed, nil
}

// Logout ends the family of a refresh token of who, or without one the session
// of who; everywhere ends all of the user's. Sockets that these opened end with
// them. A token that is nobody's or somebody else's is Invalid at "refresh".
func (c *Curator) Logout(ctx context.Context, who auth.Identity, refresh string, everywhere bool) error {
	if err := signedIn(who); err != nil {
		return err
	}
	family := who.SessionID
	if refresh != "" {
		claims, err := c.config.Tokens.VerifyRefresh(refresh)
		if err != nil || claims.UserID != who.User.ID || claims.SessionID == "" && !everywhere {
			return gallery.InvalidField("refresh", "is not a valid refresh token of yours")
		}
		family = claims.SessionID
	}
	if family == "" && !everywhere {
		return gallery.InvalidField("refresh", "is needed to tell what to sign out of")
	}
	return c.write(ctx, func(a *act) error {
		account, err := c.standing(ctx, a.Tx, who)
		if err != nil {
			return err
		}
		if everywhere {
			return a.endAll(ctx, account.ID)
		}
		return a.endFamily(ctx, account.ID, family)
	})
}

// endFamily ends one session and has the sockets asked who came from it.
func (a *act) endFamily(ctx context.Context, userID, sessionID string) error {
	if err := a.EndSession(ctx, sessionID, a.now); err != nil {
		return err
	}
	return a.signedOut(ctx, userID)
}
