-- Counts events against a limit by the generic cell rate algorithm. The key
-- holds one number: when all events so far would have come had they kept
-- exactly to the rate, in microseconds of Redis' own clock, which is the same
-- for every node.
-- KEYS[1] the limit and whom it counts; ARGV: microseconds an event takes, how
-- many may come at once, how many events to count, negative to give back.
-- Answers 0 when they are counted, else the microseconds until one would be.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every, burst, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- Stored by a clock that is ahead of this one, as after a fail-over, or under
-- another rule: no later than a burst at once would leave it.
local latest = now + every * burst
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local stale = due > latest
due = math.min(due, latest) + every * n
local wait = due - latest
if wait > 0 then
	due = due - every * n
	if not stale then
		return wait
	end
end
if due <= now then
	redis.call('DEL', KEYS[1])
else
	-- By then the key is as good as none. %.0f: Lua writes large numbers short.
	redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
end
return math.max(wait, 0)
