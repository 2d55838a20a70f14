"use strict";

/* Finds the entries of `handbookIndex` that hold every word asked for. An entry is [kind, title, address, name, more]. */

const LIMIT = 100;

const input = document.getElementById("q");
const count = document.getElementById("count");
const results = document.getElementById("results");

const plain = (text) => text.toLowerCase().replace(/u\.s\.c\./g, "usc");

const entries = handbookIndex.map(([kind, title, address, name, more]) => ({
  kind, title, address, name, inTitle: plain(title), all: plain([kind, title, name, more].join(" ")),
}));

/* Entries whose title holds more of the words come first; otherwise they keep the order of the index. */
function find(query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const rank = (entry) => words.filter((word) => entry.inTitle.includes(word)).length;
  return entries
    .filter((entry) => words.every((word) => entry.all.includes(word)))
    .sort((one, other) => rank(other) - rank(one));
}

function item(entry) {
  const link = document.createElement("a");
  link.href = entry.address;
  link.textContent = entry.title;
  const kind = document.createElement("span");
  kind.className = "kind";
  kind.textContent = entry.kind;
  const name = document.createElement("code");
  name.textContent = entry.name;
  const line = document.createElement("li");
  line.append(kind, " ", link, " ", name);
  return line;
}

function show() {
  const found = find(input.value);
  results.replaceChildren(...found.slice(0, LIMIT).map(item));
  const shown = found.length > LIMIT ? `; the first ${LIMIT} are shown` : "";
  count.textContent = input.value.trim() ? `${found.length} found${shown}` : "";
}

/* The arrow keys walk from the box through the results and back. */
function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const stops = [input, ...results.querySelectorAll("a")];
  const next = stops[stops.indexOf(document.activeElement) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}

input.value = new URLSearchParams(location.search).get("q") ?? "";
input.addEventListener("input", show);
document.addEventListener("keydown", walk);
show();
