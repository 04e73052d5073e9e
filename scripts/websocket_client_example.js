// A client for the gallery's two sockets: complete, and small enough to copy.
//
//   import { watchArtwork, watchNotifications } from './websocket_client_example.js'
//
//   watchArtwork('https://gallery.example', artworkId, {
//     status:   (message) => …,  // { is_revealed, artwork: { id, title } }
//     revealed: (artwork) => …,  // once, whether it happens now or happened while you were away
//   })
//   watchNotifications('https://gallery.example', () => accessToken, {
//     notification: (message) => …,  // { message, data: { type, … }, id, seq, created_at }
//   })
//
// It runs in browsers and in Node.js 22 as it is, and in Node.js 18 and 20 with
// the module "ws" installed. Or from a terminal:
//
//   node websocket_client_example.js http://127.0.0.1:8080 --artwork ID
//   node websocket_client_example.js http://127.0.0.1:8080 --token TOKEN [--since SEQ]

const FIRST_DELAY = 500    // ms; doubles with every attempt that fails …
const LONGEST_DELAY = 30_000 // … up to this
const STABLE = 10_000      // a connection that lasted this long starts from the first again

// Close codes after which connecting again can only fail the same way.
const TERMINAL = { 4404: 'the artwork was deleted' }
const SIGNED_OUT = 4401 // the token has expired or was revoked; another one may hold

const WebSocket = globalThis.WebSocket ?? (await import('ws')).WebSocket

// Link keeps one socket open until close() or until the server says that there
// is nothing to come back for. It knows connecting; what is said is its owner's.
class Link {
  #socket; #timer; #attempt = 0; #opened = 0; #ended = false; #away = false

  // prepare: called before each attempt; it returns a reason to give up, or
  //   nothing. A browser hides the status of a refused handshake, so with ask,
  //   which is at first, after an attempt that failed and after the end of a
  //   token, it asks over HTTP instead.
  // address: () => the socket's URL, asked for after that.
  // message: called with each message. on: { open, closed, ended }.
  constructor({ prepare, address, message, on }) {
    Object.assign(this, { prepare, address, message, on })
    // A page in the back/forward cache must hold no socket; it gets a new one,
    // and what it missed, when it is shown again.
    globalThis.addEventListener?.('pagehide', this.#hide)
    globalThis.addEventListener?.('pageshow', this.#show)
    this.#connect(true)
  }

  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  close(reason) {
    if (this.#ended) return
    this.#ended = true
    globalThis.removeEventListener?.('pagehide', this.#hide)
    globalThis.removeEventListener?.('pageshow', this.#show)
    this.#drop()
    this.on.ended?.(reason ?? 'closed')
  }

  #hide = () => { this.#away = true; this.#drop() }
  #show = () => { if (this.#away) { this.#away = false; this.#attempt = 0; this.#connect(false) } }

  #drop() {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = undefined // its last events are nobody's any more
    socket?.close(1000)
  }

  async #connect(ask) {
    const mine = (this.#socket = { close() {} }) // holds the place that #drop takes away
    try {
      const reason = await this.prepare(ask)
      if (this.#socket !== mine) return
      if (reason) return this.close(reason)
      this.#listen(new WebSocket(this.address()))
    } catch {
      if (this.#socket === mine) this.#retry(true) // no network, most likely
    }
  }

  #listen(socket) {
    this.#socket = socket
    this.#opened = 0
    socket.onopen = () => { this.#opened = Date.now(); this.on.open?.() }
    socket.onmessage = ({ data }) => { if (this.#socket === socket) this.message(JSON.parse(data)) }
    const lost = (code) => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.on.closed?.(code)
      if (TERMINAL[code]) return this.close(TERMINAL[code])
      if (this.#opened && Date.now() - this.#opened > STABLE) this.#attempt = 0
      this.#retry(!this.#opened || code === SIGNED_OUT)
    }
    socket.onclose = ({ code }) => lost(code)
    // onclose follows, and knows more; only some Node.js leave it out after a
    // handshake that failed.
    socket.onerror = () => { if (!this.#opened) lost(1006) }
  }

  // "Full jitter": anywhere between now and the longest this attempt may wait.
  // When a server restarts, everybody comes back; this is what keeps them from
  // coming back at once.
  #retry(ask) {
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt++)
    this.#timer = setTimeout(() => this.#connect(ask), Math.random() * longest)
  }
}

const socketURL = (base, path) => new URL(path, base).href.replace(/^http/, 'ws')

// watchArtwork follows one artwork. The returned object has check(), which asks
// for the status again, and close().
export function watchArtwork(base, artworkId, on = {}) {
  let told = false
  const revealed = (artwork) => { if (!told) { told = true; on.revealed?.(artwork) } }
  const link = new Link({
    on,
    prepare: async (ask) => {
      if (!ask) return
      // Without a token: looking at a work counts as a view, asking for it must not.
      const answer = await fetch(new URL(`/api/v1/artworks/${artworkId}`, base), { credentials: 'omit' })
      if (answer.status === 404) return 'there is no such artwork'
    },
    address: () => socketURL(base, `/ws/artwork/${artworkId}/`),
    message: (m) => {
      switch (m.type) {
        case 'artwork_status': // on connect, and as the answer to check()
          on.status?.(m)
          if (m.is_revealed) revealed(m.artwork) // it happened while nobody was connected
          break
        case 'artwork_revealed':
          revealed(m.artwork)
          break
        default: // what a newer server says is for newer clients
          on.other?.(m)
      }
    },
  })
  return { check: () => link.send({ type: 'check_status' }), close: () => link.close() }
}

// watchNotifications follows the inbox of whoever the token belongs to. token
// is called once before every attempt and hands out a fresh one when the last
// has expired; it ends when there is none, or the server refuses it. since is
// the last seq you have seen; without it you get what comes from now on. The
// returned object has markRead(seq) and close().
export function watchNotifications(base, token, on = {}, since) {
  let held
  const link = new Link({
    on,
    prepare: async (ask) => {
      held = await token()
      if (!held) return 'there is no token'
      if (!ask) return
      const answer = await fetch(new URL('/api/v1/notifications?limit=1', base),
        { credentials: 'omit', headers: { Authorization: `Bearer ${held}` } })
      if (answer.status === 401) return 'the token does not hold'
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      since ??= (await answer.json()).results[0]?.seq ?? 0
    },
    // Everything after the last one seen comes first, so a gap loses nothing.
    address: () => socketURL(base, `/ws/notifications/?since=${since}&token=${encodeURIComponent(held)}`),
    message: (m) => {
      switch (m.type) {
        case 'welcome':
          on.welcome?.(m)
          break
        case 'notification': // m.data.type: new_comment, view_milestone, artwork_revealed, system_message
          if (m.seq) since = m.seq // a system_message goes to everybody and has none
          on.notification?.(m)
          break
        default:
          on.other?.(m)
      }
    },
  })
  return { markRead: (seq) => link.send({ type: 'mark_read', up_to: seq }), close: () => link.close() }
}

// From a terminal: print everything, one JSON object a line.
if (globalThis.process?.argv?.[1]?.endsWith('websocket_client_example.js')) {
  const [base, ...rest] = process.argv.slice(2)
  const option = (name) => rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined
  const print = (event) => (value) => console.log(JSON.stringify({ event, value }))
  const on = Object.fromEntries(['open', 'status', 'revealed', 'welcome', 'notification', 'other', 'closed', 'ended']
    .map((event) => [event, print(event)]))
  if (base && option('--artwork')) watchArtwork(base, option('--artwork'), on)
  else if (base && option('--token')) watchNotifications(base, () => option('--token'), on, option('--since'))
  else console.error('usage: node websocket_client_example.js URL (--artwork ID | --token TOKEN [--since SEQ])'), process.exit(2)
}
