import { resultMark } from './result-line.ts'
import { quote } from './shell.ts'

/** A look at a node by Python, with the standard library alone: `source` finds its argument, a JSON object, in `ARGUMENTS`. */
export interface PythonLook {
  /** The interpreter. */
  readonly python: string
  /** Gives its result to us by `tell`; ends with a sentence by `sys.exit`. It runs as the body of a module of its own. */
  readonly source: string
  readonly argument: object
}

/**
 * Shell for one interpreter that takes look after look, each a line of JSON on its standard input (`source`, `argument`), and
 * answers each by a line (`output`, `problem`), until its input ends, or for a quarter of an hour nothing
 * comes of it. To start one costs a node more than the look itself.
 */
export function pythonServer(python: string): string {
  return `exec ${quote(python)} -I -S -c ${quote(serverSource)}`
}

/** Nothing that a look starts may read the next request, or write among the answers. */
const serverSource = `
import _signal, json, os, sys
requests = os.fdopen(os.dup(0), encoding="utf-8")
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)
compiled = {}
def look(source, argument):
    """(output, None) or (None, what a person reads)."""
    output = []
    def tell(result):
        output.append("${resultMark}" + json.dumps(result))
    try:
        if source not in compiled:
            compiled[source] = compile(source, "<look>", "exec")
        exec(compiled[source], {"json": json, "os": os, "sys": sys, "ARGUMENTS": argument, "tell": tell})
    except SystemExit as end:
        if end.code not in (None, 0):
            return None, str(end.code)
    except BaseException:
        import traceback
        return None, traceback.format_exc()
    return "".join(line + "\\n" for line in output), None
def next_line():
    # Its input may have no end where the connection is gone and nobody here has noticed: ALRM ends it then.
    _signal.alarm(900)
    line = requests.readline()
    _signal.alarm(0)
    return line
for line in iter(next_line, ""):
    request = json.loads(line)
    output, problem = look(request["source"], request["argument"])
    answers.write(json.dumps({"output": output, "problem": problem}) + "\\n")
    answers.flush()
`
