-- Works that were imported from a gallery that counted page loads: their
-- artists were told of milestones that the people counted here have yet to
-- reach, and must not be told again.

-- +goose Up

ALTER TABLE artworks ADD COLUMN views_before BIGINT NOT NULL DEFAULT 0;
