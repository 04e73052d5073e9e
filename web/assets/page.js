// What a page does beyond being read: times in the reader's zone everywhere,
// and on the page of a work, everything that happens to it while it is open.

import { watch } from "./socket.js";
import { localise, tick } from "./times.js";

const exhibit = document.querySelector("[data-artwork]");
// What the server wrote for each part, to tell what has changed: by the time
// it is compared, the times on the page have been put into another zone.
const written = new Map(parts(document).map((part) => [part.dataset.live, part.outerHTML]));

localise(document);
setInterval(() => document.hidden || tick(document), 1000);
if (exhibit) follow();

function follow() {
  const announcement = document.querySelector("[data-announcement]");
  const isRevealed = () => document.querySelector('[data-live="work"]').dataset.revealed === "true";
  let again = 0;

  async function reveal() {
    if (isRevealed()) return;
    if (await refresh() && isRevealed()) {
      announcement.textContent = "The veil is lifted.";
    } else {
      // The message came and the page did not: the network is not back yet.
      setTimeout(reveal, Math.min(30_000, 1000 * 2 ** again++));
    }
  }

  watch(exhibit.dataset.artwork,
    (revealed) => revealed ? reveal() : undefined,
    () => { announcement.textContent = "This work was taken down."; });

  // Comments and progress are not told on this socket; they are fetched while
  // somebody is looking.
  setInterval(() => document.hidden || refresh(), 10_000);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

let busy; // at most one at a time

/** Fetches the page anew and exchanges what has changed. */
function refresh() {
  busy ??= exchange().catch(() => false).finally(() => { busy = undefined; });
  return busy;
}

async function exchange() {
  // Not location.href: a refused comment leaves the browser at the form's address.
  const answer = await fetch(`/artworks/${exhibit.dataset.artwork}${location.search}`);
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const changed = parts(fresh).filter((part) => written.get(part.dataset.live) !== part.outerHTML);
  if (changed.length === 0) return true;
  for (const part of changed) written.set(part.dataset.live, part.outerHTML);

  const lifts = changed.some((part) => part.dataset.live === "work");
  if (lifts) await ready(changed);
  const swap = () => {
    for (const part of changed) {
      const old = document.querySelector(`[data-live="${part.dataset.live}"]`);
      const node = document.adoptNode(part);
      localise(node);
      if (old.querySelector("details[open]")) node.querySelector("details").open = true;
      old.replaceWith(node);
    }
  };
  // Browsers without view transitions, and people who would rather not see
  // things move, get the picture at once.
  if (lifts && document.startViewTransition && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    await document.startViewTransition(swap).updateCallbackDone;
  } else {
    swap();
  }
  return true;
}

// The veil goes up when there is something to see behind it; for a slow
// picture it waits ten seconds and no longer.
async function ready(changed) {
  const pictures = changed.flatMap((part) => [...part.querySelectorAll("img")]);
  const loaded = pictures.map((picture) => {
    const ahead = new Image();
    ahead.src = picture.getAttribute("src");
    return ahead.decode().catch(() => {});
  });
  await Promise.race([Promise.all(loaded), new Promise((done) => setTimeout(done, 10_000))]);
}

function parts(root) {
  return [...root.querySelectorAll("[data-live]")];
}
