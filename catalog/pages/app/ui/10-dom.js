// What every view is drawn with. Text of sources becomes text nodes only, and only http(s) becomes a link.

const $ = (selector, within = document) => within.querySelector(selector);

/** Text without what shows nothing or turns the direction of what follows, as catalog.text shows it. */
const shownText = (text) => String(text).replace(/(?![\t\n\u200c\u200d\u0600-\u08ff])[\p{Cc}\p{Cf}]/gu, "");

/**
 * An element: "li.name.other" with classes. Among the kids a plain object holds attributes (functions are handlers, and what
 * is null or false is left out); all others are nodes and texts, in lists of any depth.
 */
function h(name, ...kids) {
  const [tag, ...styles] = name.split(".");
  const node = document.createElement(tag);
  if (styles[0]) node.className = styles.join(" ");
  return fill(node, kids);
}

/** Give a node these kids and attributes in the place of its kids; what had the focus among them has it again. */
function fill(node, ...kids) {
  const held = node.contains(document.activeElement) && document.activeElement.id;
  node.replaceChildren();
  for (const kid of kids.flat(9)) {
    if (kid?.constructor === Object) {
      for (const [key, value] of Object.entries(kid)) {
        if (value?.call) node["on" + key] = value;
        else if (value != null && value !== false) node.setAttribute(key, value === true ? "" : value);
      }
    } else if (kid || kid === 0) node.append(kid.nodeType ? kid : shownText(kid));
  }
  if (held) document.getElementById(held)?.focus({ preventScroll: true });
  return node;
}

const button = (style, click, ...kids) => h("button." + style, { type: "button", click }, kids);

/** A text with the words of a query marked: whole words, the beginnings that prefixes ask for, any part of Chinese. */
function marked(text, words) {
  const edge = (word, before) => (/\p{Lo}/u.test(word) ? "" : `(?${before}![\\p{L}\\p{N}])`);
  const sought = positive(words).map(({ text, kind }) => edge(text, "<") + text.replace(/[^\p{L}\p{N}]/gu, ".") + (kind === "prefix" ? "" : edge(text, "")));
  return sought[0] ? shownText(text).split(RegExp(`(${sought.join("|")})`, "giu")).map((part, n) => (n % 2 ? h("mark", part) : part)) : text;
}

/** A command with a button that copies it. */
const copied = (id, text, name) => [h("code", { id }, text), h("button", { type: "button", "data-copy": id }, name)];
