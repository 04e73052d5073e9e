package redis

import (
	"context"
	"strings"

	"github.com/redis/rueidis"
)

// do sends the command that build makes and returns its answer. It fails at
// once with errAway while Redis does not answer, after [patience] at the latest
// when it stops to, and tries no second time: the command may have been carried
// out even so.
func (c *Client) do(ctx context.Context, build func(b rueidis.Builder) rueidis.Completed) rueidis.RedisResult {
	return c.ask(ctx, func(ctx context.Context, remote rueidis.Client) rueidis.RedisResult {
		return remote.Do(ctx, build(remote.B()))
	})
}

// script runs a Lua script as do runs a command: by its hash, and by its text
// where Redis does not know the hash (any longer). In a Cluster all keys must
// share a hash tag.
func (c *Client) script(ctx context.Context, s *rueidis.Lua, keys, args []string) rueidis.RedisResult {
	return c.ask(ctx, func(ctx context.Context, remote rueidis.Client) rueidis.RedisResult {
		return s.Exec(ctx, remote, keys, args)
	})
}

func (c *Client) ask(ctx context.Context, question func(context.Context, rueidis.Client) rueidis.RedisResult) rueidis.RedisResult {
	remote := c.remote.Load()
	if remote == nil || !c.up.Load() {
		return rueidis.NewErrorResult(errAway)
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer := question(bounded, *remote)
	if answer.NonRedisError() != nil && ctx.Err() == nil {
		// The next heartbeat would tell too, but up to a second later: until
		// then every command would wait for its own deadline.
		select {
		case c.doubt <- struct{}{}:
		default:
		}
	}
	return answer
}

// key is the name of a key or channel of this gallery: the prefix, then the
// parts with colons between them. What must lie on one node of a Cluster shares
// a part in braces.
func (c *Client) key(parts ...string) string {
	return c.prefix + strings.Join(parts, ":")
}
