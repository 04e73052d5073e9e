-- What both scripts of presence begin with: the people of nodes whose lease is
-- over are taken away.
-- KEYS: the nodes with the ends of their leases (sorted set, milliseconds), on
-- how many nodes each person is (hash), the anonymous of each node (hash). All
-- share the work's hash tag; so do the sets of each node's people, whose names
-- are ARGV[1] and the node.
local nodes, users, anonymous, sets = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function leave(user)
	-- Never below nothing, whatever Redis may have lost in between.
	if redis.call('HINCRBY', users, user, -1) <= 0 then
		redis.call('HDEL', users, user)
	end
end
local function forget(node)
	for _, user in ipairs(redis.call('SMEMBERS', sets .. node)) do
		leave(user)
	end
	redis.call('DEL', sets .. node)
	redis.call('HDEL', anonymous, node)
	redis.call('ZREM', nodes, node)
end

for _, dead in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', now)) do
	forget(dead)
end
