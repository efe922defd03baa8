// Redraws the page when a run changes. Without it the page is the same, only not by itself.
"use strict";

let drawing = false;
let stale = false;

async function redraw() {
  stale = true;
  if (drawing) return;
  drawing = true;
  try {
    while (stale) {
      stale = false;
      const answer = await fetch(location.href);
      if (!answer.ok) return;
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch {
    // The server is away; the stream reconnects and asks again.
  } finally {
    drawing = false;
  }
}

function show(page) {
  const fresh = page.querySelector("main");
  const old = document.querySelector("main");
  for (const details of old.querySelectorAll("details[open]")) {
    const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
    if (same) same.open = true;
  }
  old.replaceWith(fresh);
  document.title = page.title;
  localTimes();
}

function localTimes() {
  for (const time of document.querySelectorAll("time")) {
    time.title = time.textContent;
    time.textContent = new Date(time.dateTime).toLocaleString();
  }
}

localTimes();
const stream = new EventSource("/events");
let opened = false;
stream.addEventListener("ready", () => {
  if (opened) redraw();
  opened = true;
});
stream.addEventListener("run", redraw);
