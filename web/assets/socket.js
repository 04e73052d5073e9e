// Follows one artwork over its WebSocket for as long as the page is shown.

const shortest = 1000, longest = 30_000; // ms between attempts

/**
 * @param {string} id of the artwork
 * @param {(revealed: boolean) => void} heard is called with what every message says
 * @param {() => void} gone is called when the work was taken down
 */
export function watch(id, heard, gone) {
  let socket, timer, failures = 0, shown = true;

  function open() {
    clearTimeout(timer);
    const mine = new WebSocket(new URL(`/ws/artwork/${id}/`, location.href.replace(/^http/, "ws")));
    socket = mine;
    mine.onmessage = (event) => {
      failures = 0;
      const message = JSON.parse(event.data);
      if (message.type === "artwork_revealed") heard(true);
      if (message.type === "artwork_status") heard(message.is_revealed);
    };
    mine.onclose = (event) => {
      if (socket !== mine || !shown) return;
      if (event.code === 4404) return gone();
      // After a restart everybody comes back: at growing, random intervals, or
      // they would all come at once.
      const wait = Math.min(longest, shortest * 2 ** failures++);
      timer = setTimeout(open, wait / 2 + Math.random() * wait / 2);
    };
  }

  // A page in the back/forward cache must not hold a socket, and a page that
  // comes back from it has missed what happened.
  addEventListener("pagehide", () => {
    shown = false;
    clearTimeout(timer);
    socket.close(1000);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    shown = true;
    open();
  });
  open();
}
