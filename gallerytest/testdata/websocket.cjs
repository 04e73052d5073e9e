// Gives a Node.js that has no WebSocket of its own a global one, so that the
// example client finds it where it does in a browser. To be preloaded.
//
//   node --require websocket.cjs …
globalThis.WebSocket = require('../../scripts/node_modules/ws')
