"""Reads archives as pip does, with zipfile and tarfile: paths come on stdin, members by name go out as JSON."""

import hashlib
import json
import sys
import tarfile
import zipfile


def zip_contents(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = [info.filename for info in archive.infolist()]
        assert len(names) == len(set(names)), names
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names}


def tar_contents(path):
    contents = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if member.isdir():
                kind = "folder"
            elif member.issym():
                kind = "symbolic link"
            elif member.islnk():
                kind = "hard link"
            else:
                kind = hashlib.sha256(archive.extractfile(member).read()).hexdigest()
            if name != ".":
                contents[name] = kind
    return contents


result = {}
for line in sys.stdin.read().splitlines():
    try:
        result[line] = tar_contents(line) if line.endswith(".tar.gz") else zip_contents(line)
    except Exception as error:
        result[line] = {"error": repr(error)}
print(json.dumps(result))
