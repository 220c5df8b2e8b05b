import { resultMark } from './result-line.ts'
import { quote } from './shell.ts'

/**
 * Runs Python on the node with one argument, as JSON, in `ARGUMENTS`. `tell` gives the result to us. Nothing secret may
 * be among the arguments: everybody on the node can read them.
 */
export function pythonScript(python: string, source: string, argument: object): string {
  return pythonWord(quote(python), source, argument)
}

/** The same by an interpreter that is a word of shell, `"$python"` for one. */
export function pythonWord(python: string, source: string, argument: object): string {
  return `${python} -c ${quote(prelude + source)} ${quote(JSON.stringify(argument))}`
}

/** The same with the standard library alone, whatever the node's environment says: it starts in half the time. */
export function barePythonScript(python: string, source: string, argument: object): string {
  return `${quote(python)} -I -S -c ${quote(prelude + source)} ${quote(JSON.stringify(argument))}`
}

const prelude = `import json, os, sys
ARGUMENTS = json.loads(sys.argv[1])
def tell(result):
    print("${resultMark}" + json.dumps(result), flush=True)
`

/**
 * `ask()` asks the service for its version and process, once, on the node itself. `RECORD` says which process was seen to run
 * which release there last. A plain answer over HTTP is read here, as urllib takes longer to load than all the rest together;
 * whatever is not plain, a redirect or a name that is looked up for TLS, is left to it.
 */
export const lookSource = `
import re, socket, time
RECORD = ARGUMENTS["root"] + "/.wheelhouse/verified"
def plain_answer(url):
    """The body, or None where the answer is not that simple."""
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "80")
    if scheme != "http" or "@" in place or "#" in path or not url.isascii():
        return None
    until, received = time.monotonic() + 5, b""
    with socket.create_connection((host.strip("[]"), int(port)), timeout=5) as connection:
        connection.sendall(("GET /%s HTTP/1.0\\r\\nHost: %s\\r\\nAccept: application/json\\r\\nConnection: close\\r\\n\\r\\n" % (path, place)).encode())
        while len(received) < 131072:
            connection.settimeout(max(0.01, until - time.monotonic()))
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
            head, end, body = received.partition(b"\\r\\n\\r\\n")
            length = re.search(rb"(?i)\\ncontent-length: *(\\d+)", head)
            # Some keep the connection open whatever they are told.
            if end and length and len(body) >= int(length.group(1)):
                break
    words = received.split(None, 2)
    head, end, body = received.partition(b"\\r\\n\\r\\n")
    plain = end and len(words) > 1 and words[1] == b"200" and b"encoding:" not in head.lower()
    return body if plain else None
def get(url):
    body = plain_answer(url)
    if body is not None:
        return body
    import urllib.request
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
        return answer.read(65536)
def pick(document, pointer):
    for part in pointer.strip("/").split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
def ask():
    """(version, pid, None) as the service tells them, or (None, None, sentence)."""
    url = ARGUMENTS["url"]
    if url is None:
        return None, None, "it has no URL to be asked at"
    try:
        text = get(url).decode("utf-8", "replace")
    except Exception as error:
        return None, None, "nothing answers at %s: %s" % (url, error)
    try:
        document = json.loads(text)
        return str(pick(document, ARGUMENTS["version"])), int(pick(document, ARGUMENTS["pid"])), None
    except Exception:
        wanted = "a version at %s and a process id at %s" % (ARGUMENTS["version"], ARGUMENTS["pid"])
        return None, None, "%s should answer with JSON that has %s, but says: %s" % (url, wanted, text[:200])
def stat(pid):
    """(parent, start in ticks since boot), or None where there is no such process, or a dead one."""
    try:
        fields = open("/proc/%d/stat" % pid, errors="replace").read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (int(fields[1]), int(fields[19]))
def boot():
    return open("/proc/sys/kernel/random/boot_id").read().strip()
def recorded():
    try:
        with open(RECORD) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}
`
