// Prints how long the example client waits before each attempt to reach a
// server that is not there, with the dice at their highest.
//
//   node backoff.mjs CLIENT URL
const [client, base] = process.argv.slice(2)
const { watchArtwork } = await import(client)

const real = globalThis.setTimeout
const delays = []
Math.random = () => 1
globalThis.setTimeout = (f, delay, ...rest) => {
  // The timers of Node's own fetch are none of ours; theirs are not asked for
  // from the client's file.
  if (!new Error().stack.includes(new URL(client).pathname)) return real(f, delay, ...rest)
  delays.push(delay)
  if (delays.length < 10) return real(f, 0)
  console.log(JSON.stringify(delays))
  process.exit(0)
}
watchArtwork(base, 'x')
