// Follows an inbox with the example client, for the test: it says "token" when
// the client asks for one and takes it from the next line of standard input (an
// empty one is none), and prints what the client says, one JSON object a line.
//
//   node token.mjs CLIENT URL
import { createInterface } from 'node:readline'

const [client, base] = process.argv.slice(2)
const { watchNotifications } = await import(client)

const input = createInterface({ input: process.stdin })
const lines = input[Symbol.asyncIterator]()
const print = (event) => (value) => console.log(JSON.stringify({ event, value }))
const on = Object.fromEntries(['open', 'welcome', 'notification', 'other', 'closed'].map((event) => [event, print(event)]))
on.ended = (reason) => { print('ended')(reason); input.close() }
watchNotifications(base, async () => {
  print('token')()
  return (await lines.next()).value
}, on)
