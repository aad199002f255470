// What was picked to compare: it survives paging and leaving the page, and lies at the foot of the window.

const picked = () => JSON.parse(stored("session", "catalog-compare") || "[]");

/** Put a dataset into the tray, or take it out. */
function pick(key, title) {
  const others = picked().filter((each) => each[0] !== key);
  stored("session", "catalog-compare", JSON.stringify(title ? [...others, [key, title]] : others));
  drawTray();
}

function drawTray() {
  const all = picked();
  const tray = $("#s-tray") || document.body.appendChild(h("section", { id: "s-tray", "aria-label": say("compare") }));
  fill(tray,
    all.map(([key, title], n) => button("s-chip", () => pick(key), { id: "s-pick-" + n, "aria-label": say("unpick", { name: title }) }, title)),
    all[1] ? h("a.s-button", { href: comparing(all.map(([key]) => key)) }, say("compareN", { n: all.length })) : say("pickMore"));
  tray.hidden = !all[0];
  for (const box of document.querySelectorAll("[data-pick]")) {
    box.checked = all.some(([key]) => key === box.dataset.pick);
    box.disabled = !box.checked && all.length >= MOST;
  }
}

/** The same page in the other language. */
function switchLanguage() {
  const asked = new URLSearchParams(location.search);
  stored("local", "catalog-ui", UI === "zh" ? "en" : "zh");
  asked.delete("ui");
  location.search = asked;
}
