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

const prelude = `import json, os, sys
ARGUMENTS = json.loads(sys.argv[1])
def tell(result):
    print("wheelhouse-result " + json.dumps(result), flush=True)
`

/**
 * `ask()` asks the service for its version and process, once, on the node itself. `RECORD` says which process was seen to run
 * which release there last.
 */
export const lookSource = `
import urllib.request
RECORD = ARGUMENTS["root"] + "/.wheelhouse/verified"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def pick(document, pointer):
    for part in pointer.strip("/").split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
def ask():
    """(version, pid, None) as the service tells them, or (None, None, sentence)."""
    url = ARGUMENTS["url"]
    try:
        with OPENER.open(url, timeout=5) as answer:
            text = answer.read(65536).decode("utf-8", "replace")
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
        fields = open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()
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
