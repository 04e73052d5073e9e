-- Takes down who is before a work on one node, and renews the node's lease.
-- KEYS[4]: the set of the node's people. ARGV from 2 on: the node, its lease and
-- the life of the keys in milliseconds, 1 to forget first what is known of the
-- node, how many people it takes for known, its anonymous, how many have come,
-- then those, then who has gone.
-- Answers 0, and takes nothing down, when what is known of the node is not what
-- it believes: then it has to tell all anew.
local me, lease, life, expected = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[6])
local mine = KEYS[4]
if ARGV[5] == '1' then
	forget(me)
	expected = 0
	-- Where a key was lost without the others, people would be counted for nodes
	-- that they are not on, for ever: the sums tell, and all are counted anew.
	local all, sum = redis.call('ZRANGE', nodes, 0, -1), 0
	for _, n in ipairs(redis.call('HVALS', users)) do
		sum = sum + n
	end
	for _, node in ipairs(all) do
		sum = sum - redis.call('SCARD', sets .. node)
	end
	if sum ~= 0 then
		redis.call('DEL', users)
		for _, node in ipairs(all) do
			for _, user in ipairs(redis.call('SMEMBERS', sets .. node)) do
				redis.call('HINCRBY', users, user, 1)
			end
		end
	end
end
if redis.call('SCARD', mine) ~= expected or redis.call('HLEN', users) < expected
	or expected > 0 and not redis.call('ZSCORE', nodes, me) then
	return 0
end

local come = 8 + tonumber(ARGV[8])
for i = 9, come do
	if redis.call('SADD', mine, ARGV[i]) == 1 then
		redis.call('HINCRBY', users, ARGV[i], 1)
	end
end
for i = come + 1, #ARGV do
	if redis.call('SREM', mine, ARGV[i]) == 1 then
		leave(ARGV[i])
	end
end
if ARGV[7] == '0' then
	redis.call('HDEL', anonymous, me)
	if redis.call('SCARD', mine) == 0 then
		redis.call('ZREM', nodes, me)
		return 1
	end
else
	redis.call('HSET', anonymous, me, ARGV[7])
end
redis.call('ZADD', nodes, now + lease, me)
for _, key in ipairs(KEYS) do
	redis.call('PEXPIRE', key, life)
end
return 1
