/** What `current` points at, in whatever layout: (release, manifest), or None. */
export const currentSource = `
def manifest_of(release):
    with open(os.path.join(ARGUMENTS["root"], "releases", release, "wheelhouse.json")) as file:
        return json.load(file)
def current(layout):
    link = os.path.join(ARGUMENTS["root"], "current")
    if not os.path.lexists(link):
        return None
    if not os.path.islink(link):
        sys.exit("%s is there, but is no symbolic link: something else deploys to this folder. Choose another root." % link)
    release = os.path.basename(os.readlink(link))
    try:
        manifest = manifest_of(release)
    except OSError:
        sys.exit("%s points at %s, which is no release of this service. Remove the link, or choose another root." % (link, os.readlink(link)))
    found = manifest.get("layout", "releases")
    if found != layout:
        sys.exit("%s was deployed to by the layout %s. For the layout %s choose another root." % (ARGUMENTS["root"], found, layout))
    return release, manifest
`
