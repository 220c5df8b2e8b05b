import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from app import _variant
from app._version import VERSION

STARTED = time.time()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/version":
            self.answer("application/json", json.dumps(identity()))
        elif url.path == "/slow":
            time.sleep(float(parse_qs(url.query).get("seconds", ["1"])[0]))
            self.answer("text/plain", reported_version())
        elif url.path == "/":
            self.answer("text/plain", reported_version())
        else:
            self.send_error(404)

    def answer(self, content_type, text):
        body = (text + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The log is for what goes wrong."""


class Server(ThreadingHTTPServer):
    # The library's 5 drops connections under the load of the tests.
    request_queue_size = 512
    # So that server_close() waits for the requests in flight.
    daemon_threads = False


def identity():
    return {
        "version": reported_version(),
        "pid": os.getpid(),
        "started": STARTED,
        "greeting": _variant.GREETING_VERSION,
    }


def reported_version():
    """What this process loaded when it started; the lying variant reads what the disk says now."""
    if not _variant.REREADS_VERSION_FROM_DISK:
        return VERSION
    from importlib.metadata import version

    return version("app")


def serve(port, owner=None):
    if owner is not None:
        threading.Thread(target=end_with, args=(owner,), daemon=True).start()
    if _variant.CRASH_AFTER_SECONDS is not None:
        crash = threading.Timer(_variant.CRASH_AFTER_SECONDS, os._exit, [70])
        crash.daemon = True
        crash.start()
    if _variant.NEVER_LISTENS:
        signal.pause()
    with Server(("127.0.0.1", port), Handler) as server:
        # shutdown() waits for the loop that this handler interrupts: it has to come from another thread.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever(poll_interval=0.05)


def end_with(owner):
    """A test that was killed cannot clean up after itself."""
    while os.path.exists("/proc/%d" % owner):
        time.sleep(1)
    os._exit(0)
