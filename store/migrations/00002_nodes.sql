-- Several nodes over one database: each event says who is about to tell it, so
-- that the others leave it alone until that node must have died.

-- +goose Up

ALTER TABLE outbox ADD COLUMN node TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN claimed_at BIGINT NOT NULL DEFAULT 0;
