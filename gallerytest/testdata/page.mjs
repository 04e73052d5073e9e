// A page that uses the example client, for the test: it gives Node.js the two
// events of a browser's page, prints what the client says, one JSON object a
// line, and does what it is told on standard input.
//
//   node page.mjs CLIENT URL ARTWORK TOKEN
import { createInterface } from 'node:readline'

const page = new EventTarget()
globalThis.addEventListener = page.addEventListener.bind(page)
globalThis.removeEventListener = page.removeEventListener.bind(page)

const [client, base, artwork, token] = process.argv.slice(2)
const { watchArtwork, watchNotifications } = await import(client)

const print = (who) => Object.fromEntries(
  ['open', 'status', 'revealed', 'welcome', 'notification', 'other', 'closed', 'ended']
    .map((event) => [event, (value) => console.log(JSON.stringify({ event: `${who} ${event}`, value }))]))
const work = watchArtwork(base, artwork, print('artwork'))
const inbox = watchNotifications(base, () => token, print('inbox'))

const verbs = {
  hide: () => page.dispatchEvent(new Event('pagehide')),
  show: () => page.dispatchEvent(new Event('pageshow')),
  check: () => work.check(),
  // An answer of the server's: what it sent before has arrived by then.
  ask: async () => { await (await fetch(new URL(`/api/v1/artworks/${artwork}`, base))).json() },
  read: (seq) => inbox.markRead(Number(seq)),
  close: () => { work.close(); inbox.close(); input.close() },
}
const input = createInterface({ input: process.stdin })
input.on('line', async (line) => {
  const [verb, ...words] = line.split(' ')
  await verbs[verb](...words)
  console.log(JSON.stringify({ event: `did ${verb}` }))
})
