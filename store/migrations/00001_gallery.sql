-- The whole gallery, in the SQL that SQLite and PostgreSQL share: times are
-- BIGINT microseconds since 1970 in UTC, NULL for "not yet"; truth is SMALLINT
-- 0 or 1; ids and JSON are TEXT. What looks like a missing index is one that a
-- primary key or a UNIQUE already brings.

-- +goose Up

CREATE TABLE users (
    id            TEXT     NOT NULL PRIMARY KEY,
    username      TEXT     NOT NULL,
    username_key  TEXT     NOT NULL UNIQUE, -- NFKC and lower case, so that case cannot tell two people apart
    email         TEXT     NOT NULL,
    email_key     TEXT     NOT NULL UNIQUE,
    bio           TEXT     NOT NULL,
    is_artist     SMALLINT NOT NULL,
    is_admin      SMALLINT NOT NULL,
    is_active     SMALLINT NOT NULL,
    password_hash TEXT     NOT NULL,
    valid_after   BIGINT,                   -- tokens without a session fall when issued at or before it
    inbox_head    BIGINT   NOT NULL DEFAULT 0, -- the newest seq of this user's inbox
    created_at    BIGINT   NOT NULL
);

-- A session is one sign-in: a family of refresh tokens, of which only
-- refresh_id is unspent, or a browser's cookie.
CREATE TABLE sessions (
    id          TEXT   NOT NULL PRIMARY KEY,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_id  TEXT   NOT NULL,
    cookie_hash TEXT   UNIQUE,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    ended_at    BIGINT
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- session_id is no reference: a token of another issuer has no session, and
-- one that has ended is found out when the ticket is spent.
CREATE TABLE tickets (
    hash             TEXT   NOT NULL PRIMARY KEY,
    user_id          TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id       TEXT   NOT NULL,
    token_issued_at  BIGINT,
    token_expires_at BIGINT,
    expires_at       BIGINT NOT NULL
);
CREATE INDEX tickets_user ON tickets (user_id);
CREATE INDEX tickets_expiry ON tickets (expires_at);

CREATE TABLE artworks (
    id            TEXT   NOT NULL PRIMARY KEY,
    artist_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title         TEXT   NOT NULL,
    description   TEXT   NOT NULL,
    alt_text      TEXT   NOT NULL,
    search        TEXT   NOT NULL, -- title and description, NFKC and lower case
    content_type  TEXT   NOT NULL,
    commitment    TEXT   NOT NULL,
    salt          TEXT   NOT NULL,
    size          BIGINT NOT NULL,
    key_id        TEXT   NOT NULL,
    wrapped_key   TEXT   NOT NULL, -- hex
    placeholder   TEXT   NOT NULL,
    reveal_when   TEXT   NOT NULL,
    revealed_at   BIGINT,
    view_count    BIGINT NOT NULL,
    comment_count BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE INDEX artworks_newest ON artworks (created_at, id);
CREATE INDEX artworks_artist ON artworks (artist_id, created_at, id);

-- due_at is reveal_at while the clock still has to look at it, and NULL once
-- the condition is met or the artwork revealed: so the index holds the future
-- only, however many years of reveals lie behind.
CREATE TABLE conditions (
    id         TEXT     NOT NULL PRIMARY KEY,
    artwork_id TEXT     NOT NULL REFERENCES artworks (id) ON DELETE CASCADE,
    place      INTEGER  NOT NULL,
    measure    TEXT     NOT NULL,
    reveal_at  BIGINT,
    due_at     BIGINT,
    target     BIGINT   NOT NULL,
    progress   BIGINT   NOT NULL,
    is_met     SMALLINT NOT NULL,
    UNIQUE (artwork_id, place)
);
CREATE INDEX conditions_due ON conditions (due_at, artwork_id) WHERE due_at IS NOT NULL;

CREATE TABLE views (
    artwork_id TEXT   NOT NULL REFERENCES artworks (id) ON DELETE CASCADE,
    viewer_id  TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    viewed_at  BIGINT NOT NULL,
    PRIMARY KEY (artwork_id, viewer_id)
);
CREATE INDEX views_viewer ON views (viewer_id);

CREATE TABLE comments (
    id         TEXT   NOT NULL PRIMARY KEY,
    artwork_id TEXT   NOT NULL REFERENCES artworks (id) ON DELETE CASCADE,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    content    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX comments_artwork ON comments (artwork_id, created_at, id);
CREATE INDEX comments_user ON comments (user_id, artwork_id);

CREATE TABLE reactions (
    artwork_id TEXT   NOT NULL REFERENCES artworks (id) ON DELETE CASCADE,
    emoji      TEXT   NOT NULL,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (artwork_id, emoji, user_id)
);
CREATE INDEX reactions_user ON reactions (user_id);

-- What an inbox says of an artwork stays when the artwork goes: data is JSON
-- and refers to nothing.
CREATE TABLE inbox (
    id           TEXT   NOT NULL PRIMARY KEY,
    recipient_id TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    message      TEXT   NOT NULL,
    data         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    read_at      BIGINT,
    UNIQUE (recipient_id, seq)
);
CREATE INDEX inbox_unread ON inbox (recipient_id, seq) WHERE read_at IS NULL;
CREATE INDEX inbox_age ON inbox (created_at);

CREATE TABLE announcements (
    id         TEXT   NOT NULL PRIMARY KEY,
    number     BIGINT NOT NULL UNIQUE,
    message    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX announcements_expiry ON announcements (expires_at);

-- One row: the number of the newest announcement, and the lock of whoever
-- makes the next.
CREATE TABLE announcement_head (
    id     SMALLINT NOT NULL PRIMARY KEY,
    number BIGINT   NOT NULL
);
INSERT INTO announcement_head (id, number) VALUES (1, 0);

CREATE TABLE outbox (
    id         TEXT   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    payload    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_oldest ON outbox (created_at, id);
