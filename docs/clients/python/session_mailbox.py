"""A client of a session's mailbox, written from docs/poll.md with Python's standard library alone.

    for message in MailboxClient("https://example.com/", token=lambda: current_token()):
        show(message["data"])

Asking for the next message acknowledges the previous one.
"""

import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from email.utils import parsedate_to_datetime

HOLD = 25.0  # seconds that the server may hold a poll
PATIENCE = 10.0  # seconds that an answer may be late
FIRST_BACKOFF = 0.5
LAST_BACKOFF = 30.0
MOST_SEEN = 2_000
PASSING = (408, 425, 429)
LONGEST_ASKED = 86_400.0  # seconds that the client waits at most, whatever a proxy asks for


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it leads to a page for people, perhaps on a foreign host, which must not get the token."""

    def redirect_request(self, *_):
        return None


_opener = urllib.request.build_opener(_NoRedirect)


class Closed(Exception):
    """The session has ended, or the server will never accept this client."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class MailboxClient:
    """Iterates over the messages of one session: each once and in order.

    token: the bearer token, or a function that returns it
    after: the cursor to begin at; empty for the oldest message retained
    reader: a name that no other client of the session uses
    on_lost: called with the number of messages that were dropped before the next one
    on_reset: called when the server may have forgotten messages
    """

    def __init__(self, url, token, after="", reader="python", on_lost=None, on_reset=None):
        # Later such an error would look like one of the network, after which the client tries again for ever.
        if not is_address(url):
            raise ValueError(f"url must be an address such as https://example.com/; got {url!r}")
        if not callable(token) and not is_token(token):
            raise ValueError("token must be a function, or a text of letters and digits")  # never quote a token
        self.url = url.rstrip("/") + "/poll"
        self.token = token
        self.cursor = after
        self.reader = reader
        self.on_lost = on_lost or (lambda count: None)
        self.on_reset = on_reset or (lambda: None)
        self._seen = {}  # (offset, at) of the delivered messages; a dict keeps their order
        self._failures = 0
        self._refused = 0

    def __iter__(self):
        """Iterates until the session ends, then raises Closed."""
        while True:
            try:
                batch = self._poll()
            except urllib.error.HTTPError as error:
                self._pause(self._judge(error))
                continue
            except (OSError, ValueError, http.client.HTTPException):
                self._pause(0.0)
                continue
            self._failures = self._refused = 0
            yield from self._new_messages(batch)
            self._follow(batch)

    def _poll(self):
        query = {"after": self.cursor, "wait": int(HOLD * 1000), "reader": self.reader}
        token = self._current_token()
        request = urllib.request.Request(
            f"{self.url}?{urllib.parse.urlencode(query)}",
            headers={"Authorization": f"Bearer {token}"},
        )
        with _opener.open(request, timeout=HOLD + PATIENCE) as response:
            batch = json.load(response)
        if not isinstance(batch, dict) or not isinstance(batch.get("messages"), list) or not {"cursor", "lost"} <= batch.keys():
            raise ValueError("not the answer of a mailbox")
        return batch

    def _current_token(self):
        if not callable(self.token):
            return self.token
        try:
            return self.token()
        except urllib.error.HTTPError as error:
            # The server of the tokens has refused, not the server of the mailbox.
            raise OSError("the token source failed") from error

    def _new_messages(self, batch):
        if batch.get("reset"):
            self.on_reset()
        if batch["lost"] > 0:
            self.on_lost(batch["lost"])
        # Look before the first message is taken: later the oldest keys of this batch may be forgotten.
        for message in [message for message in batch["messages"] if key_of(message) not in self._seen]:
            yield message
            # The loop asked for the next message, so it has processed this one. A loop that is left continues here.
            self.cursor = cursor_at(batch["cursor"], message)
            self._seen[key_of(message)] = None
            if len(self._seen) > MOST_SEEN:
                del self._seen[next(iter(self._seen))]
        self.cursor = batch["cursor"]

    def _follow(self, batch):
        closed = batch.get("closed")
        if batch.get("superseded"):
            raise Closed("superseded", "another client reads under the same name")
        if closed and not closed["reconnect"]:
            raise Closed(closed["code"], closed["reason"])
        if "retry" in batch:
            time.sleep(batch["retry"] / 1000)
        elif closed:
            time.sleep(random.random() * 2)

    def _judge(self, error):
        """Raises Closed for a final error; otherwise returns the seconds that the server asked to wait."""
        with error:
            try:
                problem = json.load(error)
            except (OSError, ValueError, http.client.HTTPException):
                problem = None
        # Only answers of the session server have a code. Errors of proxies and captive portals are temporary.
        if isinstance(problem, dict) and "code" in problem and 400 <= error.code < 500 and error.code not in PASSING:
            closed = problem.get("closed")
            if closed and not closed["reconnect"]:
                raise Closed(closed["code"], closed["reason"])
            if error.code == 400 and self.cursor:
                self.cursor = ""
                self.on_reset()
            elif error.code == 401 and callable(self.token) and self._refused < 3:
                self._refused += 1
            else:
                raise Closed(problem["code"], problem.get("detail", ""))
        return seconds(error.headers.get("Retry-After"))

    def _pause(self, at_least):
        longest = min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** min(self._failures, 10))
        self._failures += 1
        time.sleep(at_least + random.random() * longest)


def is_address(url):
    try:
        parts = urllib.parse.urlsplit(url)
        has_host = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        return bool(has_host) and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        return False  # the port is no number


def is_token(token):
    return isinstance(token, str) and token.isascii() and token.isalnum()


def seconds(text):
    """Returns the seconds of a Retry-After header, which has a number of seconds or a date."""
    if not text:
        return 0.0
    try:
        pause = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, pause), LONGEST_ASKED)


def key_of(message):
    return message["offset"], message["at"]


def cursor_at(cursor, message):
    """Returns the cursor after the given message, which is in the batch with the given cursor."""
    epoch, _, proof = cursor.split(".")
    return f"{epoch}.{message['offset']}.{proof}"
