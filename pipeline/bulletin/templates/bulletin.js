(function () {
  // Works without: the radio buttons switch the language by themselves. This remembers the choice, writes figures the
  // reader's way and tells the browser which language the page is in.
  var kept = "thads.language", radios = document.querySelectorAll("input.language"), now = "vi";
  function swap(text) { return text.replace(/[.,]/g, function (c) { return c === "." ? "," : "."; }); }
  function show(language) {
    document.documentElement.lang = language;
    if (language !== now) {
      document.querySelectorAll("data").forEach(function (figure) { figure.textContent = swap(figure.textContent); });
      now = language;
    }
  }
  radios.forEach(function (radio) {
    radio.addEventListener("change", function () {
      show(radio.value);
      stops();
      try { localStorage.setItem(kept, radio.value); } catch (refused) { /* a private window keeps nothing */ }
    });
  });
  // Both languages stand in the page; what is not shown, as in a closed box, has no innerText.
  function words(part) {
    var copy = part.cloneNode(true);
    copy.querySelectorAll("[lang]").forEach(function (piece) { if (piece.lang !== now) { piece.remove(); } });
    return copy.textContent.trim();
  }
  function label(box) {
    var named = box.querySelector("caption"), section = box.closest("section") || document;
    return words(named || section.querySelector("h2") || document.querySelector("h1"));
  }
  // A table that fits, or is not shown, is no stop on the way of the Tab key; one that scrolls says what it is.
  function stops() {
    document.querySelectorAll(".scroll").forEach(function (box) {
      if (box.closest("details:not([open])") || box.scrollWidth <= box.clientWidth) {
        ["tabindex", "role", "aria-label"].forEach(function (name) { box.removeAttribute(name); });
        return;
      }
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", label(box));
    });
  }
  // The event of a box that opens does not rise: it is caught on its way down.
  document.addEventListener("toggle", stops, true);
  window.addEventListener("resize", stops);
  var wanted = null;
  try { wanted = localStorage.getItem(kept); } catch (refused) { /* as above */ }
  if (location.hash === "#en") { wanted = "en"; }
  if (wanted === "en") { document.getElementById("en").checked = true; }
  show(document.getElementById("en").checked ? "en" : "vi");
  stops();
})();
