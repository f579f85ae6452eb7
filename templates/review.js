// Saving decisions without a reload. Without it the forms work as plain forms.
(function () {
  "use strict";
  var table = document.getElementById("table");
  if (!document.getElementById("review") || !table || !window.fetch) return;
  var progress = document.getElementById("progress");
  var bar = document.getElementById("bar");
  var next = document.getElementById("next");
  var TAGS = [["accept", "accepted by"], ["reject", "rejected by"], ["needs_check", "needs another check:"]];

  function forms() { return Array.prototype.slice.call(table.querySelectorAll("form.judge")); }

  function tell(form, state, words) {
    form.dataset.state = state;
    form.querySelector(".state").textContent = words;
  }

  function values(form) {
    return new URLSearchParams(new FormData(form)).toString();
  }

  function paragraph(className, words) {
    var p = document.createElement("p");
    p.className = className;
    p.dir = "auto";
    p.textContent = words;
    return p;
  }

  function showOthers(form, answer) {
    var list = form.querySelector(".others");
    list.textContent = "";
    if (answer.hidden) {
      var item = document.createElement("li");
      item.className = "note";
      item.textContent = "Another reviewer has been here; you will see it once you have chosen.";
      list.appendChild(item);
    }
    answer.others.forEach(function (one) {
      var item = document.createElement("li");
      var who = document.createElement("b");
      var p = document.createElement("p");
      who.dir = "auto";
      who.textContent = one.reviewer;
      p.append(who, " " + one.words);
      item.appendChild(p);
      if (one.note) item.appendChild(paragraph("typed", one.note));
      if (one.reply) item.appendChild(paragraph("typed", "The authors’ reply: " + one.reply));
      list.appendChild(item);
    });
  }

  // the row above the form: what people chose, for the eye and for the filter
  function showTags(form, answer) {
    var claim = form.closest(".claim");
    var tags = claim.querySelector(".people");
    var choices = [answer.choice].concat(answer.others.map(function (one) { return one.choice; })).filter(Boolean);
    claim.dataset.people = TAGS.map(function (tag) { return tag[0]; })
      .filter(function (name) { return choices.indexOf(name) >= 0; }).join(" ") || "nobody";
    if (!tags) return;
    tags.textContent = "";
    TAGS.forEach(function (tag) {
      var count = choices.filter(function (choice) { return choice === tag[0]; }).length;
      if (!count) return;
      var span = document.createElement("span");
      span.className = tag[0];
      span.textContent = tag[1] + " " + count + (count === 1 ? " person" : " people");
      tags.appendChild(span);
    });
  }

  // beside what was just saved as well: the way on from there
  var onward = document.createElement("a");
  onward.textContent = "Next claim to judge";

  function showNext(form) {
    var left = forms().filter(function (one) { return !one.dataset.choice; });
    if (next) next.hidden = !left.length;
    if (!left.length) { onward.remove(); return; }
    onward.href = "#" + left[0].dataset.claim;
    if (next) next.href = onward.href;
    form.querySelector(".send").appendChild(onward);
  }

  function notice(words) {
    var place = document.querySelector("#review .notice");
    if (!words) return;
    if (!place) {
      place = paragraph("notice", "");
      place.setAttribute("role", "status");
      document.getElementById("review-h").after(place);
    }
    place.textContent = words;
  }

  function saved(form, sent, answer) {
    form.dataset.choice = answer.answer.choice || "";
    showOthers(form, answer.answer);
    showTags(form, answer.answer);
    progress.textContent = answer.progress;
    bar.value = answer.judged;
    notice(answer.notice);
    showNext(form);
    // what was typed while it was under way is not saved yet
    if (values(form) === sent) tell(form, "saved", answer.answer.state);
    else tell(form, "typed", "Not saved yet");
    table.dispatchEvent(new Event("claims-changed"));
  }

  function save(form) {
    if (form.dataset.state === "saving") return;
    var sent = values(form);
    tell(form, "saving", "Saving …");
    fetch(form.action, {
      method: "POST", body: sent, referrerPolicy: "same-origin", redirect: "error",
      headers: { "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded" }
    }).then(function (response) {
      return response.json().then(function (answer) {
        if (!response.ok) throw { reason: answer.error };
        saved(form, sent, answer);
      });
    }).catch(function (error) {
      var reason = error && error.reason || "The review’s server does not answer; it may have ended.";
      tell(form, "failed", "Not saved. " + reason + " What you typed is still here.");
    });
  }

  table.addEventListener("submit", function (event) {
    if (!event.target.matches("form.judge")) return;
    event.preventDefault();
    save(event.target);
  });
  table.addEventListener("input", function (event) {
    var form = event.target.closest("form.judge");
    if (form && form.dataset.state !== "saving") tell(form, "typed", "Not saved yet");
  });
  table.addEventListener("keydown", function (event) {
    var form = event.target.closest("form.judge");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save(form);
    }
  });
  window.addEventListener("beforeunload", function (event) {
    var open = forms().some(function (form) { return ["typed", "failed", "saving"].indexOf(form.dataset.state) >= 0; });
    if (open) event.preventDefault();
  });
})();
