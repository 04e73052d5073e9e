-- Counts who is before a work. ARGV[2]: the artist. Answers the people, the artist
-- included, whether the artist is among them (0 or 1), and the anonymous.
local sum = 0
for _, n in ipairs(redis.call('HVALS', anonymous)) do
	sum = sum + n
end
return {redis.call('HLEN', users), redis.call('HEXISTS', users, ARGV[2]), sum}
