// Shows which box belongs to which sentence or cell, and moves with the arrow keys. The page is complete without it.
(function () {
  "use strict";
  var told = document.getElementById("told");
  var marked = [];

  function other(element) {
    var id = element.id;
    return document.getElementById(id.slice(0, 2) === "b-" ? id.slice(2) : "b-" + id);
  }

  function words(element) {
    var title = element.querySelector("title");
    return title ? title.textContent : element.title || "";
  }

  function mark(element) {
    marked.forEach(function (one) { one.classList.remove("on"); });
    marked = [];
    if (told) told.textContent = "";
    if (!element) return;
    var its = other(element);
    marked = its ? [element, its] : [element];
    marked.forEach(function (one) { one.classList.add("on"); });
    var box = its && its.tagName === "rect" ? its : element;
    if (told) told.textContent = words(box);
  }

  // what a sentence, a cell or a box is around an event's target
  function meant(target) {
    if (!target.closest) return null;
    var link = target.closest(".picture a");
    if (link) return link.querySelector("rect");
    return target.closest(".s, .grid th, .grid td") || null;
  }

  // a page that scrolls under a resting mouse, as it does for the arrow keys, is no hovering
  var rests = "";
  document.addEventListener("mouseover", function (event) {
    var at = event.clientX + " " + event.clientY;
    if (at !== rests) mark(meant(event.target));
    rests = at;
  });
  document.addEventListener("focusin", function (event) { mark(meant(event.target)); });
  document.addEventListener("focusout", function () { mark(null); });

  function go(list, index) {
    if (index >= 0 && index < list.length) list[index].focus();
  }

  // arrow keys in a table: to the next cell to the left, right, above or below
  function step(cell, down, right) {
    var table = cell.closest("table");
    var rows = Array.prototype.slice.call(table.rows);
    if (right) return go(cell.parentElement.cells, cell.cellIndex + right);
    var at = cell.getBoundingClientRect();
    for (var r = rows.indexOf(cell.parentElement) + down; rows[r]; r += down) {
      var under = Array.prototype.filter.call(rows[r].cells, function (one) {
        var its = one.getBoundingClientRect();
        return its.left <= at.left + 1 && at.left + 1 < its.right;
      })[0];
      if (under) return under.focus();
    }
  }

  Array.prototype.forEach.call(document.querySelectorAll(".grid"), function (grid) {
    var cells = grid.querySelectorAll("th, td");
    Array.prototype.forEach.call(cells, function (cell) { cell.tabIndex = -1; });
    grid.addEventListener("keydown", function (event) {
      var move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      var cell = event.target.closest("th, td");
      if (cell) step(cell, move[0], move[1]);
      else go(cells, 0);
    });
  });

  // arrow keys among the sentences of a page
  Array.prototype.forEach.call(document.querySelectorAll(".read"), function (text) {
    var links = Array.prototype.slice.call(text.querySelectorAll("a.no"));
    links.forEach(function (link, i) { link.tabIndex = i ? -1 : 0; });
    text.addEventListener("keydown", function (event) {
      var at = links.indexOf(event.target);
      var move = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
      if (at < 0 || move === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      go(links, move);
    });
    text.addEventListener("focusin", function (event) {
      if (links.indexOf(event.target) < 0) return;
      links.forEach(function (link) { link.tabIndex = link === event.target ? 0 : -1; });
    });
  });
})();
