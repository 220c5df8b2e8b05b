"""A service as gunicorn runs one: a master with a worker that answers, and a successor on USR2.

argv: root, port, pid file, the process that it must not outlive. The version is what `current` had at the start; one that is
"+broken" ends its worker with status 3, and so its master; one that is "+silent" never answers. The pid file is `<pidfile>.2` until the predecessor has ended.
"""
import http.server, json, os, signal, socket, sys, threading, time

root, port, pidfile, owner = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
inherited = os.environ.pop("LISTENER", None)
if inherited:
    listener = socket.socket(fileno=int(inherited))
else:
    listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
predecessor = os.getppid() if inherited else None
own = pidfile + ".2" if inherited else pidfile
with open(own, "w") as file:
    file.write("%d\n" % os.getpid())
with open(root + "/current/wheelhouse.json") as file:
    version = json.load(file)["version"]


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"version": version, "pid": os.getpid()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def work():
    if version.endswith("+broken"):
        time.sleep(0.3)
        os._exit(3)
    if version.endswith("+silent"):
        time.sleep(3600)
    server = http.server.HTTPServer(("127.0.0.1", port), Answer, bind_and_activate=False)
    server.socket = listener
    server.socket.setblocking(True)
    master = os.getppid()

    def orphaned():
        while os.getppid() == master:
            time.sleep(0.05)
        os._exit(0)

    threading.Thread(target=orphaned, daemon=True).start()
    server.serve_forever(poll_interval=0.05)


def leave(status):
    for name in (pidfile, pidfile + ".2"):
        try:
            if int(open(name).read()) == os.getpid():
                os.unlink(name)
        except (OSError, ValueError):
            pass
    os._exit(status)


def end(*_):
    os.kill(worker, signal.SIGTERM)
    leave(0)


successor = 0


def succeed(*_):
    global successor
    if successor or own != pidfile:
        return
    successor = os.fork()
    if successor == 0:
        os.set_inheritable(listener.fileno(), True)
        os.environ["LISTENER"] = str(listener.fileno())
        os.execv(sys.executable, [sys.executable, *sys.argv])


worker = os.fork()
if worker == 0:
    work()
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGUSR2, succeed)
while True:
    # A busy master notices late that a child has ended, and takes no USR2 before.
    time.sleep(1)
    if not os.path.exists("/proc/%d" % owner):
        end()
    if predecessor and own != pidfile and os.getppid() != predecessor:
        os.rename(own, pidfile)
        own = pidfile
    try:
        ended, _ = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        ended = 0
    if ended == worker:
        leave(3)
    if ended and ended == successor:
        successor = 0
