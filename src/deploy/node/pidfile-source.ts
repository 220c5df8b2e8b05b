/** After `lookSource`: the process that a pid file names, told from a later one with its number by when it started. */
export const pidfileSource = `
def running(path):
    """(pid, start) of the process that a pid file names, or None."""
    try:
        with open(path) as file:
            pid = int(file.read())
    except (OSError, ValueError):
        return None
    here = stat(pid)
    return here and (pid, here[1])
def age_of(start):
    """Seconds; of ages two clocks with other beginnings can be compared."""
    with open("/proc/uptime") as file:
        return float(file.read().split()[0]) - start / os.sysconf("SC_CLK_TCK")
def part_of(pid, main):
    """Whether it is that process, or a worker of it."""
    here = stat(pid)
    while here is not None and (pid, here[1]) != tuple(main):
        pid = here[0]
        here = stat(pid)
    return here is not None
`
