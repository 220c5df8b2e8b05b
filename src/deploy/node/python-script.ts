import { quote } from './shell.ts'

/**
 * Runs Python on the node with one argument, as JSON, in `ARGUMENTS`. `tell` gives the result to us. Nothing secret may
 * be among the arguments: everybody on the node can read them.
 */
export function pythonScript(python: string, source: string, argument: object): string {
  return `${quote(python)} -c ${quote(prelude + source)} ${quote(JSON.stringify(argument))}`
}

const prelude = `import json, os, sys
ARGUMENTS = json.loads(sys.argv[1])
def tell(result):
    print("wheelhouse-result " + json.dumps(result), flush=True)
`

/** `look()` asks the service for its version, once, on the node itself: None where all is well, else a sentence. */
export const lookSource = `
import urllib.request
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def pick(document, pointer):
    for part in pointer.strip("/").split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
def ask():
    """(version, pid) as the service tells them, or a sentence."""
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
`
