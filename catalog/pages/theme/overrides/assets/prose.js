// What the hand-written pages lack: the theme's own scripts give the buttons beside code no name, and take the focus
// from code that scrolls.
(function () {
  "use strict";
  var count = 0;

  function name() {
    document.querySelectorAll(".md-code__nav:not([aria-label])").forEach(function (nav) {
      count += 1;
      nav.setAttribute("aria-label", "Code " + count);
    });
    document.querySelectorAll("pre > code:not([tabindex])").forEach(function (code) {
      if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
    });
  }

  name();
  new MutationObserver(name).observe(document.body, {
    attributes: true, attributeFilter: ["tabindex"], childList: true, subtree: true
  });
})();
