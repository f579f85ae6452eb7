"""The desk of a review: what each reviewer sees of a ledger, and what a decision on it needs before it is written.

Reviewers judge independently: another's choice and note on a claim are shown to those who have made their own.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args

from markupsafe import Markup, escape

from claimcheck.foundation.console import harmless, say
from claimcheck.foundation.errors import ClaimcheckError, UsageError
from claimcheck.foundation.records import LABELS, CheckedClaim, Choice, Decision, Ledger
from claimcheck.publish.documents import review_html
from claimcheck.publish.escape import plain
from claimcheck.publish.loading import ledger_file, load_ledger
from claimcheck.publish.view import NOTHING, Extras, view_of
from claimcheck.publish.view.people import CHOICES, agreement_words
from claimcheck.publish.view.places import WORDS
from claimcheck.review.decisions import (
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_REPLY,
    append_decision,
    check_writable,
    decisions_file,
    last_decisions,
    read_decisions,
)

__all__ = ["Answer", "Desk", "Form", "RefusedError"]

_MOST_REVIEWERS = 20
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class RefusedError(Exception):
    """A decision that is not written; `status` is the one of HTTP."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Form:
    """What a reviewer sent: `claim` is the claim's anchor on the page, `label` the verdict that the page showed."""

    claim: str
    label: str
    choice: str = ""
    note: str = ""
    reply: str = ""
    version: str = ""  # of the ledger that the page was made from


@dataclass(frozen=True, slots=True)
class Other:
    """What another reviewer says of a claim, as far as it is shown."""

    reviewer: str
    choice: Choice | None
    words: str
    note: str
    reply: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be shown of a claim to one reviewer, after a decision or on a new page."""

    choice: Choice | None
    note: str
    reply: str
    state: str  # "Saved 2026-01-05 10:00 UTC", or ""
    others: tuple[Other, ...]
    hidden: bool  # others have judged, which is shown once this reviewer has


@dataclass(frozen=True, slots=True)
class _Loaded:
    ledger: Ledger
    claims: dict[str, CheckedClaim]  # by anchor
    version: str
    stat: tuple[int, int, int]


def _utc() -> datetime:
    return datetime.now(UTC)


class Desk:
    """One review of one ledger. Its methods may be called from several threads.

    Raises InputError for a ledger or a decisions.jsonl that cannot be read and UsageError for reviewers' names that
    do not serve and for a place where nothing can be written.
    """

    def __init__(
        self,
        ledger: Path,
        reviewers: Sequence[str],
        *,
        extras: Extras = NOTHING,
        clock: Callable[[], datetime] = _utc,
        note: Callable[[str], None] = say,
    ) -> None:
        self.file = decisions_file(ledger)
        self._path = ledger_file(ledger)
        self._extras = extras
        self._clock, self._note = clock, note
        self._lock = threading.Lock()
        self._changed = ""
        self._loaded = _load(self._path)
        known = {one.reviewer.casefold(): one.reviewer for one in read_decisions(self.file, self._note)}
        # "ada" who goes on with what "Ada" began is no second reviewer
        self.reviewers = tuple(known.get(name.casefold(), name) for name in _names(reviewers))
        check_writable(self.file)

    @property
    def ledger(self) -> Ledger:
        """The ledger as it was last read."""
        return self._loaded.ledger

    def page(self, reviewer: str) -> bytes:
        """The page of a reviewer, from the ledger and the decisions as they are now."""
        loaded = self._fresh()
        decisions = read_decisions(self.file, self._note)
        last = last_decisions(decisions)
        answers = {anchor: self._answer(claim, reviewer, last) for anchor, claim in loaded.claims.items()}
        judged = {claim.id for claim in loaded.claims.values() if _stands(claim, reviewer, last)}
        seen = (one if one.reviewer == reviewer or one.claim in judged else _reply_alone(one) for one in decisions)
        extras = replace(self._extras, decisions=tuple(seen))
        review = {
            "reviewer": reviewer,
            "others": [name for name in self.reviewers if name != reviewer],
            "claims": answers,
            "version": loaded.version,
            "next": next((anchor for anchor, claim in loaded.claims.items() if claim.id not in judged), ""),
            "notice": self._changed,
            "file": harmless(str(self.file)),
            "limits": {"note": LONGEST_NOTE, "reply": LONGEST_REPLY},
            **self._progress(loaded, reviewer, last),
        }
        context = {"review": review, "reviewing": True, "verbatim": _verbatim}
        return review_html(loaded.ledger, extras, context=context)

    def error_page(self, reviewer: str, words: str, form: Form | None) -> bytes:
        """A page for browsers without JavaScript: why nothing was saved, and what had been typed."""
        context = {"review": {"reviewer": reviewer, "words": words, "form": form}, "verbatim": _verbatim}
        return review_html(self.ledger, self._extras, context=context, template="review_error.html.j2")

    def decide(self, reviewer: str, form: Form) -> dict[str, Any]:
        """Writes a decision and gives what the page is to show then. Raises RefusedError, and nothing is written."""
        loaded = self._fresh()
        claim = loaded.claims.get(form.claim)
        current = form.version == loaded.version
        if claim is None:
            raise RefusedError(404, "The ledger has no such claim." if current else "The ledger has lost that claim.")
        if form.label not in LABELS or form.choice not in ("", *get_args(Choice)):
            raise RefusedError(422, "That is no verdict, or no choice.")
        if form.label != claim.verdict.label:
            raise RefusedError(
                409,
                f"The verdict was “{WORDS[form.label]}” and is “{WORDS[claim.verdict.label]}” now, since "
                "the ledger on disk has changed. Reload the page and judge again.",
            )
        wanted = Decision(
            claim=claim.id,
            reviewer=reviewer,
            choice=cast("Choice", form.choice) if form.choice else None,
            label=claim.verdict.label,
            note=_typed(form.note, "note", LONGEST_NOTE),
            reply=_typed(form.reply, "reply", LONGEST_REPLY),
        )
        last = last_decisions(read_decisions(self.file, self._note))
        former = last.get(claim.id, {}).get(reviewer)
        if former is None and wanted.choice is None and not wanted.note and not wanted.reply:
            raise RefusedError(422, "There is nothing to save: choose one of the three, or write something.")
        if former is None or former.model_copy(update={"at": ""}) != wanted:
            written = wanted.model_copy(update={"at": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")})
            append_decision(self.file, written, self._note)
            last = last_decisions(read_decisions(self.file, self._note))
        progress = self._progress(loaded, reviewer, last)
        choice = CHOICES[wanted.choice] if wanted.choice else "is undecided"
        self._note(f"{reviewer} {choice} of claim {form.claim}; {progress['progress']}")
        notice = "" if current else "The ledger on disk has changed since this page was loaded: reload to see it."
        return {"claim": form.claim, "answer": self._answer(claim, reviewer, last), "notice": notice, **progress}

    def summary(self) -> tuple[str, ...]:
        """Lines for the end: how much each reviewer judged, how far they agree, where the decisions are."""
        loaded = self._fresh()
        decisions = read_decisions(self.file, self._note)
        last = last_decisions(decisions)
        names = dict.fromkeys((*self.reviewers, *sorted({one.reviewer for one in decisions})))
        lines = [f"{name}: {self._progress(loaded, name, last)['progress']}" for name in names]
        if not decisions:
            return (*lines, "no decision was made, and nothing was written")
        words = agreement_words(loaded.ledger, decisions)
        return (*lines, *([words] if words else []), f"decisions: {self.file}")

    def _answer(self, claim: CheckedClaim, reviewer: str, last: dict[str, dict[str, Decision]]) -> Answer:
        here = last.get(claim.id, {})
        mine = here.get(reviewer)
        judged = _stands(claim, reviewer, last)
        others = []
        for name, one in sorted(here.items()):
            shown = one if judged else _reply_alone(one)
            if name != reviewer and (shown.choice or shown.note or shown.reply):
                words = CHOICES[shown.choice] if shown.choice or shown.note else "entered a reply"
                former = one.label != claim.verdict.label
                words += f", when it was “{WORDS[one.label]}”" if shown.choice and former else ""
                others.append(
                    Other(name, None if former else shown.choice, words, _shown(shown.note), _shown(shown.reply))
                )
        hidden = not judged and any(name != reviewer and (one.choice or one.note) for name, one in here.items())
        if mine is None:
            return Answer(None, "", "", "", tuple(others), hidden)
        when = mine.at.replace("T", " ")[:16]
        state = f"Saved {when} UTC" if when else "Saved"
        if mine.label != claim.verdict.label:
            state = f"You judged the former verdict “{WORDS[mine.label]}”: judge again"
        choice = mine.choice if mine.label == claim.verdict.label else None
        return Answer(choice, mine.note, mine.reply, state, tuple(others), hidden)

    def _progress(self, loaded: _Loaded, reviewer: str, last: dict[str, dict[str, Decision]]) -> dict[str, Any]:
        judged = sum(_stands(claim, reviewer, last) for claim in loaded.claims.values())
        total = len(loaded.claims)
        return {"judged": judged, "total": total, "progress": f"{judged} of {total} judged"}

    def _fresh(self) -> _Loaded:
        """The ledger as it is on disk now; the last one that could be read where it is broken or gone."""
        with self._lock:
            try:
                if _stat(self._path) == self._loaded.stat:
                    return self._loaded
                new = _load(self._path)
            except ClaimcheckError as error:
                self._tell(
                    f"The ledger on disk has changed and cannot be read; this page shows the former one. {error}"
                )
                return self._loaded
            if new.version != self._loaded.version:
                at = self._clock().strftime("%H:%M")
                self._tell(
                    f"The ledger on disk has changed (seen at {at} UTC); this page shows the new one. What was decided "
                    "on a verdict that is another now is to be judged again."
                )
            elif self._changed.startswith("The ledger on disk has changed and cannot be read"):
                self._changed = ""
            self._loaded = new
            return new

    def _tell(self, words: str) -> None:
        if words != self._changed:
            self._changed = words
            self._note(words)


def _reply_alone(one: Decision) -> Decision:
    """What of another's line is shown before one's own choice: an authors' reply judges nothing."""
    return one.model_copy(update={"choice": None, "note": ""})


def _stands(claim: CheckedClaim, reviewer: str, last: dict[str, dict[str, Decision]]) -> bool:
    """Whether the reviewer has chosen, on the verdict as it is now."""
    one = last.get(claim.id, {}).get(reviewer)
    return one is not None and one.choice is not None and one.label == claim.verdict.label


def _names(reviewers: Sequence[str]) -> tuple[str, ...]:
    out: dict[str, str] = {}
    for given in reviewers:
        name = harmless(given)
        if not name:
            raise UsageError("a reviewer needs a name", where="--reviewer", todo='for instance --reviewer "Ada"')
        if len(name) > LONGEST_NAME:
            raise UsageError(f"a name has at most {LONGEST_NAME} characters", where="--reviewer", todo="shorten it")
        if name.casefold() in out:
            raise UsageError(
                f"'{name}' is there twice", where="--reviewer", todo="give each reviewer a name of their own"
            )
        out[name.casefold()] = name
    if not 1 <= len(out) <= _MOST_REVIEWERS:
        raise UsageError(f"a review has 1 to {_MOST_REVIEWERS} reviewers", where="--reviewer")
    return tuple(out.values())


def _typed(text: str, name: str, limit: int) -> str:
    # forms send CR LF, scripts LF; the other controls no page could show and send again
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > limit:
        raise RefusedError(413, f"The {name} has {len(text):,} characters; {limit:,} fit.")
    return text


def _verbatim(text: str) -> Markup:
    """A reviewer's own text as it was typed; its line breaks outlast what happens to those of a template."""
    return Markup(str(escape(text)).replace("\n", "&#10;"))  # noqa: S704 - escaped here


def _shown(text: str) -> str:
    """Another's text, line by line without what changes how the text around it is shown."""
    return "\n".join(map(plain, text.split("\n")))


def _stat(path: Path) -> tuple[int, int, int]:
    try:
        about = path.stat()
    except (OSError, ValueError):  # reading it says what is wrong
        return 0, 0, 0
    return about.st_mtime_ns, about.st_size, about.st_ino


def _load(path: Path) -> _Loaded:
    # the state of before: what changes while it is read is seen at the next request
    stat = _stat(path)
    ledger = load_ledger(path)
    version = hashlib.sha256(ledger.model_dump_json().encode("utf-8", "replace")).hexdigest()[:16]
    claims = {view.anchor: ledger.claims[view.order] for view in view_of(ledger).claims}
    return _Loaded(ledger, claims, version, stat)
