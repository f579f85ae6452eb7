"""The server of a review over real HTTP: who gets in, what is written, and what each reviewer is shown."""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from ledgers import full_ledger

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from claimcheck.foundation.records import Decision, Ledger, Verdict
from claimcheck.publish import Extras
from claimcheck.review.decisions import append_decision
from claimcheck.review.desk import Desk
from claimcheck.review.server import LARGEST_BODY, Server

REFUTED, SUPPORTED = "c-1a1b2c3d4e5f", "c-0a1b2c3d4e5f"
Review = Any  # of conftest.py, which tests cannot import
Get = Any


def raw(review: Review, request: bytes) -> bytes:
    """What the server answers to bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", review.server.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


# who gets in


def test_the_page_is_for_those_who_know_its_address(review: Review, get: Get) -> None:
    ada, ben = review.address("Ada"), review.address("Ben")
    assert ada != ben
    assert len(ada.rstrip("/").rpartition("/")[2]) >= 32
    page = get(ada)
    assert page.status_code == 200
    assert "You judge as <b" in page.text
    assert get(ada.rstrip("/"), follow_redirects=True).text == page.text
    for wrong in (f"{review.origin}/", f"{review.origin}/{'x' * 32}/", ada[:-2] + "/", f"{review.origin}/%ff%00/"):
        answer = get(wrong)
        assert answer.status_code == 404
        assert "Ada" not in answer.text
        assert "Adapters" not in answer.text


@pytest.mark.parametrize(
    "path", ["/{}/../decide", "/{}/ledger.json", "/{}/decisions.jsonl", "/docs", "/{}//", "/{}/x/"]
)
def test_nothing_else_is_served(review: Review, get: Get, path: str) -> None:
    token = review.address("Ada").rstrip("/").rpartition("/")[2]
    assert get(review.origin + path.format(token)).status_code in (404, 405)


def test_headers_of_every_answer(review: Review, get: Get) -> None:
    for answer in (
        get(review.address("Ada")),
        get(review.origin),
        review.post("Ada"),
        review.post("Ada", headers={"Host": "x"}),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', get(review.address("Ada")).text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "form-action 'self'; connect-src 'self'" in policy[1]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_another_host_is_refused(review: Review, get: Get, host: str) -> None:
    headers = {"Host": host.format(port=review.server.port)}
    assert get(review.address("Ada"), headers=headers).status_code in (400, 403)
    assert review.post("Ada", headers=headers).status_code in (400, 403)
    assert review.decisions == ()


def test_localhost_is_this_host_and_two_hosts_are_none(review: Review, get: Get) -> None:
    host = f"localhost:{review.server.port}"
    assert get(review.address("Ada"), headers={"Host": host}).status_code == 200
    assert review.post("Ada", headers={"Host": host, "Origin": f"http://{host}"}).status_code == 200
    path = "/" + review.address("Ada").split("/", 3)[3]
    two = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert raw(review, two.encode()).split()[1] in (b"400", b"403")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://localhost:{port}"},  # not the host that was asked
        {"Origin": "http://127.0.0.1:{port}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": None, "Referer": "http://127.0.0.1:{port}/"},
    ],
)
def test_a_post_from_another_page_is_refused(review: Review, headers: dict[str, str | None]) -> None:
    filled = {k: v and v.format(port=review.server.port) for k, v in headers.items()}
    assert review.post("Ada", headers=filled).status_code == 403
    assert review.decisions == ()


def test_a_post_without_the_secret_writes_nothing(review: Review) -> None:
    for path in ("/decide", f"/{'x' * 32}/decide", "//decide"):
        assert review.post("Ada", url=review.origin + path).status_code in (404, 405)
    assert review.decisions == ()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(review: Review, method: str) -> None:
    answer = httpx.request(method, review.address("Ada"), headers={"Origin": review.origin}, trust_env=False)
    assert answer.status_code == 405


def test_only_the_loopback_interface_is_bound(review: Review) -> None:
    port = review.server.port
    bound = {c.laddr.ip for c in psutil.Process().net_connections("inet") if c.laddr and c.laddr.port == port}
    assert bound == {"127.0.0.1"}
    if sys.platform == "linux":  # the whole of 127.0.0.0/8 is this machine, and 127.0.0.1 alone is ours
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=2)


def test_a_port_that_is_taken_is_an_error(review: Review) -> None:
    with pytest.raises(UsageError, match=rf"port {review.server.port} cannot be had"):
        Server(review.desk, review.server.port)


# what is written


def test_a_decision_is_a_line(review: Review) -> None:
    answer = review.post("Ada", {"note": " First\r\nsecond \x00\x1b[31m ", "reply": "Thanks"})
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["progress"] == "1 of 6 judged"
    assert shown["answer"]["state"].startswith("Saved 20")
    (line,) = review.decisions
    assert line.model_copy(update={"at": ""}) == Decision(
        claim="1a1b2c3d4e5f",
        reviewer="Ada",
        choice="accept",
        label="refuted",
        note="First\nsecond [31m",
        reply="Thanks",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line.at)
    review.post("Ada", {"note": "First\nsecond [31m", "reply": "Thanks"})
    assert len(review.decisions) == 1, "the same again is no new decision"
    review.post("Ada", {"choice": ""})
    assert [one.choice for one in review.decisions] == ["accept", None]


def test_without_javascript_the_answer_leads_back_to_the_claim(review: Review, get: Get) -> None:
    answer = review.post("Ada", {"note": "Hm"}, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/" + review.address("Ada").split("/", 3)[3] + f"#judge-{REFUTED}"
    page = get(review.address("Ada")).text
    form = page[page.index(f'id="judge-{REFUTED}"') :].split("</form>")[0]
    assert re.search(r'value="accept" checked', form)
    assert ">Hm</textarea>" in form.replace("\n", "")
    assert "1 of 6 judged" in page


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"claim": "c-unknown"}, 404),
        ({"claim": "../../etc/passwd"}, 404),
        ({"choice": "maybe"}, 422),
        ({"label": "wrong"}, 422),
        ({"label": "supported"}, 409),
        ({"choice": ""}, 422),
        ({"note": "n" * 4_001}, 413),
        ({"reply": "n" * 10_001}, 413),
        ({"more": "x"}, 400),
    ],
)
def test_what_is_refused_says_why_and_writes_nothing(review: Review, form: dict[str, str], status: int) -> None:
    answer = review.post("Ada", form)
    assert answer.status_code == status
    assert len(answer.json()["error"]) > 10
    page = review.post("Ada", form | {"note": form.get("note", "<b>typed</b>")}, headers={"Accept": "text/html"})
    if form != {"choice": ""}:  # with a note there is something to save
        assert page.status_code == status
        assert page.headers["content-type"].startswith("text/html")
        assert "Not saved" in page.text
        assert review.decisions == ()
    if not {"note", "more", "choice"} & set(form):
        assert "&lt;b&gt;typed&lt;/b&gt;" in page.text, "what was typed is not lost"


def test_bodies_that_are_no_forms(review: Review) -> None:
    def status(content: bytes, kind: str = "application/x-www-form-urlencoded") -> int:
        return int(review.post("Ada", data=None, content=content, headers={"Content-Type": kind}).status_code)

    assert status(b"x" * (LARGEST_BODY + 1)) == 413
    assert status(b"{}", "application/json") == 415
    assert status(b"--x", "multipart/form-data; boundary=x") == 415
    assert status(b"claim=%ff&label=refuted") == 400
    assert status(b"claim") == 400
    assert status(b"claim=a&claim=b&label=refuted") == 400
    assert status("claim=é&label=refuted".encode()) == 400
    assert status(b"&".join(b"a%d=1" % i for i in range(1_000))) == 400
    path = "/" + review.address("Ada").split("/", 3)[3] + "decide"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{review.server.port}\r\nOrigin: {review.origin}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    )
    chunked = raw(review, f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nclaim\r\n0\r\n\r\n".encode())
    assert chunked.split()[1] == b"411"
    huge = raw(review, f"{head}Content-Length: 99999999999999\r\n\r\n".encode())
    assert huge.split()[1] == b"413"
    assert review.decisions == ()


def test_a_page_that_is_closed_while_it_sends_is_no_fault_of_claimcheck(review: Review, get: Get) -> None:
    path = "/" + review.address("Ada").split("/", 3)[3] + "decide"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{review.server.port}\r\nOrigin: {review.origin}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nclaim="
    )
    with socket.create_connection(("127.0.0.1", review.server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        time.sleep(0.2)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and not review.said:
        time.sleep(0.05)
    assert review.said == []
    assert get(review.address("Ada")).status_code == 200
    assert review.decisions == ()


def test_a_hostile_note_is_text_on_every_page(review: Review, get: Get) -> None:
    note = "</textarea><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp; \u202egnp.exe"
    assert review.post("Ada", {"note": note, "reply": note}).status_code == 200
    assert review.post("Ben").status_code == 200
    for name in ("Ada", "Ben"):
        page = get(review.address(name)).text
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert review.decisions[0].note == note
    mine = get(review.address("Ada")).text
    assert "&amp;amp;" in mine, "what was typed stands there as it was typed"
    others = review.post("Ben", {"note": "x"}).json()["answer"]["others"]
    assert "\u202e" not in others[0]["note"]


# what is shown


def test_reviewers_judge_independently(review: Review, get: Get) -> None:
    review.post("Ada", {"choice": "reject", "note": "ADAS NOTE", "reply": "THE REPLY"})
    before = get(review.address("Ben")).text
    assert "ADAS NOTE" not in before
    assert "rejected" not in re.sub(r"<option.*?</option>|<script>.*?</script>", "", before, flags=re.DOTALL)
    assert "THE REPLY" in before, "what the authors answer judges nothing"
    assert "Another reviewer has been here" in before
    noted = review.post("Ben", {"choice": "", "note": "only a note"}).json()["answer"]
    assert noted["hidden"]
    assert [one["note"] for one in noted["others"]] == [""]
    judged = review.post("Ben", {"choice": "accept"}).json()["answer"]
    assert not judged["hidden"]
    assert [(one["reviewer"], one["words"], one["note"]) for one in judged["others"]] == [
        ("Ada", "rejected the verdict", "ADAS NOTE")
    ]
    after = get(review.address("Ben")).text
    assert "ADAS NOTE" in after
    assert "2 reviewers: 1 of 6 claims judged by both" in after
    # on another claim nothing is shown still
    review.post("Ada", {"claim": SUPPORTED, "label": "supported", "note": "SECOND NOTE"})
    assert "SECOND NOTE" not in get(review.address("Ben")).text


def changed(label: str = "supported") -> Ledger:
    ledger = full_ledger()
    verdict = Verdict.of(0.8, 0.1) if label == "supported" else Verdict.of(0.1, 0.8)
    claims = [c.model_copy(update={"verdict": verdict}) if c.id == "1a1b2c3d4e5f" else c for c in ledger.claims]
    return ledger.model_copy(update={"claims": tuple(claims)})


def test_a_ledger_that_changes_meanwhile(review: Review, get: Get) -> None:
    review.post("Ada", {"note": "kept"})
    assert "has changed" not in get(review.address("Ada")).text
    review.write(changed())
    late = review.post("Ada", {"note": "late"})
    assert late.status_code == 409
    assert "“refuted”" in late.json()["error"]
    assert len(review.decisions) == 1
    page = get(review.address("Ada")).text
    assert "The ledger on disk has changed" in page
    assert "You judged the former verdict “refuted”" in page
    assert ">kept</textarea>" in page.replace("\n", "")
    assert "0 of 6 judged" in page
    other = review.post("Ada", {"claim": SUPPORTED, "label": "supported"})
    assert "reload" in other.json()["notice"]


def test_a_ledger_that_breaks_meanwhile_leaves_the_former_one(review: Review, get: Get) -> None:
    whole = (review.folder / "ledger.json").read_bytes()
    (review.folder / "ledger.json").write_bytes(whole[:500])
    page = get(review.address("Ada"))
    assert page.status_code == 200
    assert "cannot be read" in page.text
    assert review.post("Ada").status_code == 200
    (review.folder / "ledger.json").unlink()
    assert get(review.address("Ada")).status_code == 200
    (review.folder / "ledger.json").write_bytes(whole)
    assert "cannot be read" not in get(review.address("Ada")).text


def test_decisions_that_break_meanwhile_are_an_error_that_names_the_line(review: Review, get: Get) -> None:
    review.post("Ada")
    file = review.folder / "decisions.jsonl"
    file.write_bytes(b"broken\n" + file.read_bytes())
    answer = get(review.address("Ada"))
    assert answer.status_code == 500
    assert "decisions.jsonl, line 1" in answer.text
    assert "line 1" in review.post("Ben").json()["error"]


def test_other_programs_may_write_decisions_at_the_same_time(review: Review, get: Get) -> None:
    review.post("Ada")
    append_decision(
        review.folder / "decisions.jsonl",
        Decision(claim="1a1b2c3d4e5f", reviewer="Cleo", choice="needs_check", label="refuted", note="from elsewhere"),
    )
    assert "from elsewhere" in get(review.address("Ada")).text
    lines = review.desk.summary()
    assert lines[:3] == ("Ada: 1 of 6 judged", "Ben: 0 of 6 judged", "Cleo: 1 of 6 judged")
    assert lines[3].startswith("2 reviewers: 1 of 6 claims")
    assert lines[-1].endswith("decisions.jsonl")


# the desk itself


def test_names_of_reviewers(tmp_path: Path) -> None:
    (tmp_path / "ledger.json").write_text(full_ledger().model_dump_json(), "utf-8")
    for wrong in ([], [""], ["\n "], ["Ada", "ada"], ["n" * 101], [str(i) for i in range(21)]):
        with pytest.raises(UsageError):
            Desk(tmp_path, wrong)
    assert Desk(tmp_path, ["  Ada \n Lovelace\x1b[1m"]).reviewers == ("Ada Lovelace\ufffd[1m",)
    append_decision(tmp_path / "decisions.jsonl", Decision(claim="x", reviewer="Ada", choice="accept", label="refuted"))
    assert Desk(tmp_path, ["ada"]).reviewers == ("Ada",), "the same person goes on"


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError):
        Desk(tmp_path / "none.json", ["Ada"])
    (tmp_path / "ledger.json").write_text(json.dumps({"schema": "claimcheck/ledger/v9"}))
    with pytest.raises(UnreadableInputError):
        Desk(tmp_path, ["Ada"])


def test_a_folder_of_templates_stands_in_for_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "ledger.json").write_text(full_ledger().model_dump_json(), "utf-8")
    (tmp_path / "review.css").write_text(".judge { color: rebeccapurple; }\n")
    page = Desk(tmp_path, ["Ada"], extras=Extras(templates=tmp_path)).page("Ada")
    assert b"rebeccapurple" in page
    assert b'class="judge"' in page


def test_the_decisions_are_not_in_the_way_of_an_empty_ledger(tmp_path: Path) -> None:
    empty = full_ledger().model_copy(update={"claims": ()})
    (tmp_path / "ledger.json").write_text(empty.model_dump_json(), "utf-8")
    desk = Desk(tmp_path, ["Ada"])
    assert b"0 of 0 judged" in desk.page("Ada")
    assert desk.summary() == ("Ada: 0 of 0 judged", "no decision was made, and nothing was written")
    assert not (tmp_path / "decisions.jsonl").exists()
