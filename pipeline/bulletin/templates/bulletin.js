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
      try { localStorage.setItem(kept, radio.value); } catch (refused) { /* a private window keeps nothing */ }
    });
  });
  // A table that fits is no stop on the way of the Tab key; one that scrolls says what it is.
  function stops() {
    document.querySelectorAll(".scroll").forEach(function (box) {
      var wide = box.scrollWidth > box.clientWidth, caption = box.querySelector("caption");
      if (!wide) { box.removeAttribute("tabindex"); box.removeAttribute("role"); return; }
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", caption ? caption.innerText : document.title);
    });
  }
  window.addEventListener("resize", stops);
  var wanted = null;
  try { wanted = localStorage.getItem(kept); } catch (refused) { /* as above */ }
  if (location.hash === "#en") { wanted = "en"; }
  if (wanted === "en") { document.getElementById("en").checked = true; }
  show(document.getElementById("en").checked ? "en" : "vi");
  stops();
})();
