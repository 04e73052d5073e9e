// Says times in the reader's own zone, and counts down to those to come.

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
const units = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];

/** Puts every time under root into the reader's zone. */
export function localise(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    element.title = moment.format(at);
    element.textContent = (element.closest(".wall") ? day : moment).format(at);
  }
  tick(root);
}

/** Brings the countdowns under root up to date. */
export function tick(root) {
  for (const element of root.querySelectorAll("[data-countdown]")) {
    element.textContent = until(new Date(element.dataset.countdown));
  }
  for (const element of root.querySelectorAll("[data-until]")) {
    const time = element.querySelector("time");
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    if (seconds < 86_400) time.textContent = until(new Date(time.dateTime));
  }
}

// The two largest units that are left.
function until(at) {
  let seconds = Math.ceil((at - Date.now()) / 1000);
  if (seconds <= 0) return "any moment now";
  const parts = [];
  for (const [unit, length] of units) {
    const n = Math.floor(seconds / length);
    seconds -= n * length;
    if (n > 0 || parts.length > 0) parts.push(`${n} ${unit}`);
    if (parts.length === 2) break;
  }
  return `in ${parts.join(" ")}`;
}
