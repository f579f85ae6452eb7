// Sorting, filtering, searching and opening of claims. The page is complete without it.
(function () {
  "use strict";
  var table = document.getElementById("table");
  if (!table) return;
  var claims = Array.prototype.slice.call(table.tBodies).filter(function (body) {
    return body.classList.contains("claim");
  });
  var controls = document.getElementById("controls");
  var search = document.getElementById("search");
  var shown = document.getElementById("shown");
  var unfold = document.getElementById("unfold");
  var reset = document.getElementById("reset");
  var filters = Array.prototype.slice.call(controls.querySelectorAll("[data-show]"));
  var picks = Array.prototype.slice.call(controls.querySelectorAll("[data-filter]"));
  var headers = Array.prototype.slice.call(table.tHead.querySelectorAll("[data-sort]"));
  var numbered = new Intl.Collator("en", { numeric: true });
  var label = "";
  var sorted = "";
  var texts = null; // read at the first search: on a long page that takes a moment

  function linked() {
    var target = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    return target && target.closest(".claim");
  }

  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var kept = linked();
    var count = 0, besides = false, active = Boolean(label || words.length);
    picks.forEach(function (pick) { active = active || Boolean(pick.value); });
    if (words.length && !texts) texts = claims.map(function (claim) { return claim.textContent.toLowerCase(); });
    claims.forEach(function (claim, i) {
      var fits = (!label || claim.dataset.label === label) &&
        picks.every(function (pick) {
          return !pick.value || (claim.dataset[pick.dataset.filter] || "").split(" ").indexOf(pick.value) >= 0;
        }) &&
        words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      // who follows a link to a claim sees it, whatever is filtered
      var hide = !fits && claim !== kept;
      if (claim.hidden !== hide) claim.hidden = hide;
      if (fits) count += 1;
      else if (!hide) besides = true;
    });
    reset.hidden = !active;
    say(count + " of " + claims.length + " shown" + (besides ? ", and the linked one" : ""));
  }

  function say(words) {
    shown.textContent = words + (sorted ? ", by " + sorted : "");
  }

  function compare(a, b, name) {
    var x = a.dataset[name], y = b.dataset[name];
    if (name === "where") return x && y ? numbered.compare(x, y) : x ? -1 : y ? 1 : 0;
    if (name === "confidence") { x = confidence(x); y = confidence(y); }
    return Number(x) - Number(y);
  }

  function confidence(words) {
    return words === ">0.99" ? 1 : words === "<0.01" ? 0 : isNaN(words) ? -1 : words;
  }

  function sort(header) {
    var name = header.dataset.sort;
    var now = header.getAttribute("aria-sort");
    // the first press on confidence puts the surest first
    var down = now ? now === "ascending" : name === "confidence";
    headers.forEach(function (th) { th.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    var rest = document.createDocumentFragment();
    claims.slice().sort(function (a, b) {
      var order = compare(a, b, name);
      // claims without evidence stay last in both directions
      if (down && !(name === "where" && (!a.dataset.where || !b.dataset.where))) order = -order;
      return order || Number(a.dataset.number) - Number(b.dataset.number);
    }).forEach(function (claim) { rest.appendChild(claim); });
    table.appendChild(rest);
    sorted = header.dataset.name + (down ? ", descending" : "");
    filter();
  }

  function openTarget() {
    var target = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    var claim = linked();
    filter();
    leaveRoom();
    if (!claim) return;
    claim.querySelector("details").open = true;
    for (var x = target; x && x !== claim; x = x.parentElement) if (x.tagName === "DETAILS") x.open = true;
    target.scrollIntoView();
  }

  function choose(value) {
    label = value;
    filters.forEach(function (button) { button.setAttribute("aria-pressed", String(button.dataset.show === value)); });
    filter();
  }

  filters.forEach(function (button) {
    button.addEventListener("click", function () { choose(button.dataset.show); });
  });
  picks.forEach(function (pick) { pick.addEventListener("change", filter); });
  search.addEventListener("input", filter);
  reset.addEventListener("click", function () {
    search.value = "";
    picks.forEach(function (pick) { pick.value = ""; });
    choose("");
    search.focus(); // the button goes, and the focus would go with it
  });
  unfold.addEventListener("click", function () {
    var open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    claims.forEach(function (claim) { claim.querySelector("details").open = open; });
  });
  headers.forEach(function (header) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.title = "Sort by " + header.dataset.name;
    header.textContent = "";
    header.appendChild(button);
    button.addEventListener("click", function () { sort(header); });
  });
  // a page that changes claims, as the one for reviewers does, says so with this event
  table.addEventListener("claims-changed", function () { texts = null; filter(); });
  window.addEventListener("hashchange", openTarget);
  // the style sheet shows on paper what is folded in; this is for browsers that do not know how
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.slice.call(document.querySelectorAll("details:not(.page):not([open])"));
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (one) { one.open = false; });
  });
  controls.hidden = false;
  // the bar of controls stays at the top of a large window: what is scrolled to must not stand behind it
  function leaveRoom() {
    var fixed = getComputedStyle(controls).position === "sticky";
    document.documentElement.style.scrollPaddingTop = fixed ? controls.offsetHeight + 8 + "px" : "";
  }
  window.addEventListener("resize", leaveRoom);
  openTarget();
})();
