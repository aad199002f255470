// What was picked to compare: it survives paging and leaving the page, and lies at the foot of the window.

const MOST = 4;
const picked = () => JSON.parse(stored("session", "catalog-compare") || "[]");
const comparing = (keys) => ROOT + "datasets/compare.html?ids=" + keys.map(coded);

/** Put a dataset into the tray, or take it out. */
function pick(key, title) {
  const others = picked().filter((each) => each[0] !== key);
  stored("session", "catalog-compare", JSON.stringify(title ? [...others, [key, title]] : others));
  drawTray();
}

function drawTray() {
  const all = picked();
  fill($("#s-tray") || document.body.appendChild(h("section", { id: "s-tray", "aria-label": say("compare") })),
    { hidden: !all[0] },
    all.map(([key, title], n) => button("s-chip", () => pick(key), { id: "s-pick-" + n, "aria-label": say("unpick", { name: title }) }, title)),
    all[1] ? h("a.s-button", { href: comparing(all.map(([key]) => key)) }, say("compareN", { n: all.length })) : say("pickMore"));
  $("#s-tray").hidden = !all[0];
  for (const box of document.querySelectorAll("[data-pick]")) {
    box.checked = all.some(([key]) => key === box.dataset.pick);
    box.disabled = !box.checked && all.length >= MOST;
  }
}
