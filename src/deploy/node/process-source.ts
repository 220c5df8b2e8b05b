/**
 * After `pidfileSource`: the main process of a service that tells nothing of itself, and what it was started from. `ENVIRONMENT` is
 * what it should have been started from, which is on the disk.
 */
export const processSource = `
ENVIRONMENT = os.path.realpath(ARGUMENTS["environment"])
def on_disk():
    """(version of the project there, None) or (None, sentence)."""
    import subprocess
    look = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    words = [ARGUMENTS["environment"] + "/bin/python", "-I", "-c", look, ARGUMENTS["project"]]
    try:
        said = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        return None, "%s cannot be started: %s" % (words[0], error)
    if said.returncode != 0:
        why = said.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return None, "%s has no %s that can be read: %s" % (ENVIRONMENT, ARGUMENTS["project"], "".join(why))
    return said.stdout.decode().strip(), None
def mains_now():
    """([(pid, start)], None), of which a group of supervisord has several, or (None, sentence)."""
    main = ARGUMENTS["main"]
    if "pidfile" in main:
        found = running(main["pidfile"])
        return ([found], None) if found else (None, "%s names no process that runs" % main["pidfile"])
    import subprocess
    try:
        asked = subprocess.run(main["ask"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        return None, "%s cannot be run: %s" % (main["ask"][0], error)
    # Warnings of sudo or of the interpreter are no processes.
    said = (asked.stdout.strip() or asked.stderr.strip()).decode("utf-8", "replace")
    found = []
    for line in said.splitlines() or [""]:
        number = re.search(r"^([1-9]\\d*)$|\\bpid (\\d+)", line)
        here = number and stat(int(number[1] or number[2]))
        if not here:
            return None, "no process of it runs: %s says: %s" % (" ".join(main["ask"]), line[-200:] or "nothing")
        found.append((int(number[1] or number[2]), here[1]))
    return sorted(found), None
def family(main):
    """It, and all that it started and still runs: (pid, start) of each."""
    children = {}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        here = stat(pid)
        if here is not None:
            children.setdefault(here[0], []).append((pid, here[1]))
    found = [main]
    for pid, start in found:
        found.extend(children.get(pid, []))
    return found
def link(pid, name):
    try:
        return os.readlink("/proc/%d/%s" % (pid, name))
    except OSError:
        return None
def read(pid, name):
    try:
        with open("/proc/%d/%s" % (pid, name), "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return ""
def places(pid):
    """Folders that it came from. Of a process of another user only the words of its command line can be read."""
    cwd, words = link(pid, "cwd"), read(pid, "cmdline").split("\\0")[:2]
    environ = dict(line.partition("=")[::2] for line in read(pid, "environ").split("\\0"))
    # A name that was looked up, as env(1) does.
    bare = [os.path.join(folder, words[0]) for folder in environ.get("PATH", "").split(":") if "/" not in words[0]]
    files = [os.path.join(cwd or "", word) for word in words if "/" in word]
    files += [path for path in bare if os.access(path, os.X_OK)][:1] + [link(pid, "exe") or ""]
    # What renamed itself, as setproctitle does, has that very module open.
    files += {line.split(None, 5)[5] for line in read(pid, "maps").splitlines() if "/" in line}
    folders = [cwd or "", environ.get("VIRTUAL_ENV", "")] + [os.path.dirname(path) for path in files]
    return {os.path.realpath(folder) for folder in folders if os.path.isabs(folder)}
def comes_from_there(pid):
    return any(place == ENVIRONMENT or place.startswith(ENVIRONMENT + "/") for place in places(pid))
def stays(main, is_old):
    """Whether it is one that stays through a restart, and starts new workers."""
    return ARGUMENTS["keeper"] is not None and is_old(main)
def trouble_with(main, is_old):
    """Why it does not run what is on the disk as a sentence, or None."""
    found = family(main)
    if stays(main, is_old):
        old = [pid for pid, start in found[1:] if is_old((pid, start))]
        if len(found) == 1:
            return "the main process %d stayed, and has no workers that could be new" % main[0]
        if old:
            return "the worker %d of %d started before the restart: the old code still runs" % (old[0], main[0])
    elif is_old(main):
        return "the process %d started before the restart: the old one still runs" % main[0]
    if not any(comes_from_there(pid) for pid, start in found):
        words = " ".join(read(main[0], "cmdline").replace("\\0", " ").split())[:200]
        return "nothing tells that the process %d (%s) was started from %s: let the service start from there" % (main[0], words, ARGUMENTS["environment"])
    return None
`
