package websockets

// MaxAsked is how many questions wait for a store that is away.
const MaxAsked = maxAsked
