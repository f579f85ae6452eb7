// Sorting, filtering and opening of claims. The page is complete without it.
(function () {
  "use strict";
  var table = document.getElementById("table");
  if (!table) return;
  var claims = Array.prototype.slice.call(table.tBodies);
  var controls = document.getElementById("controls");
  var search = document.getElementById("search");
  var shown = document.getElementById("shown");
  var unfold = document.getElementById("unfold");
  var filters = Array.prototype.slice.call(controls.querySelectorAll("[data-show]"));
  var label = "";
  var texts = claims.map(function (claim) { return claim.textContent.toLowerCase(); });

  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    claims.forEach(function (claim, i) {
      var fits = (!label || claim.dataset.label === label) &&
        words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      claim.hidden = !fits;
      if (fits) count += 1;
    });
    shown.textContent = count + " of " + claims.length + " shown";
  }

  function key(claim, name) {
    if (name === "text") return claim.querySelector(".quote").textContent.toLowerCase();
    if (name === "confidence") {
      var value = claim.dataset.confidence;
      if (value === ">0.99") return 1;
      if (value === "<0.01") return 0;
      return value === "uncalibrated" ? -1 : Number(value);
    }
    return Number(claim.dataset[name]);
  }

  function sort(header) {
    var name = header.dataset.sort;
    var now = header.getAttribute("aria-sort");
    // the first press on confidence puts the surest first
    var down = now ? now === "ascending" : name === "confidence";
    Array.prototype.forEach.call(table.tHead.querySelectorAll("th"), function (th) { th.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    claims.slice().sort(function (a, b) {
      var x = key(a, name), y = key(b, name);
      var order = x < y ? -1 : x > y ? 1 : 0;
      return (down ? -order : order) || Number(a.dataset.number) - Number(b.dataset.number);
    }).forEach(function (claim) { table.appendChild(claim); });
  }

  function openTarget() {
    var claim = document.getElementById(location.hash.slice(1));
    if (!claim || claims.indexOf(claim) < 0) return;
    if (claim.hidden) { search.value = ""; choose(""); }
    claim.querySelector("details").open = true;
    claim.scrollIntoView();
  }

  function choose(value) {
    label = value;
    filters.forEach(function (button) { button.setAttribute("aria-pressed", String(button.dataset.show === value)); });
    filter();
  }

  filters.forEach(function (button) {
    button.addEventListener("click", function () { choose(button.dataset.show); });
  });
  search.addEventListener("input", filter);
  unfold.addEventListener("click", function () {
    var open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    claims.forEach(function (claim) { claim.querySelector("details").open = open; });
  });
  Array.prototype.forEach.call(table.tHead.querySelectorAll("[data-sort]"), function (header) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.textContent = "";
    header.appendChild(button);
    button.addEventListener("click", function () { sort(header); });
  });
  window.addEventListener("hashchange", openTarget);
  window.addEventListener("beforeprint", function () {
    claims.forEach(function (claim) { claim.querySelector("details").open = true; });
  });
  controls.hidden = false;
  filter();
  openTarget();
})();
