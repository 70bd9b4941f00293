"""Reads the state of a simulated world from standard input, and prints what must be equal after two runs of the same spec.

That is how many there are of everything, by its place in the state, and the names, logins and statuses that stand there. Identifiers
and times differ from run to run and only count, also where an identifier is part of a name. The argument is the name of the studio, which
is written as STUDIO.
"""

import collections
import hashlib
import json
import re
import sys

TELLING = {"login", "userName", "displayName", "name", "label", "status", "type", "profile", "userProfileName"}


def walk(value, path, seen):
    if isinstance(value, dict):
        for key, inner in value.items():
            walk(inner, f"{path}.{key}", seen)
    elif isinstance(value, list):
        for inner in value:
            walk(inner, path + "[]", seen)
    else:
        key = path.rsplit(".", 1)[-1].removesuffix("[]")
        text = re.sub(r"\bd-[0-9a-z]+", "DOMAIN", str(value)).replace(sys.argv[1], "STUDIO")
        seen[path].append(text if key in TELLING else "")


def main():
    seen = collections.defaultdict(list)
    walk(json.load(sys.stdin), "", seen)
    for path, values in sorted(seen.items()):
        digest = hashlib.sha256("\n".join(sorted(values)).encode()).hexdigest()[:8]
        print(path.lstrip("."), len(values), digest if any(values) else "")


main()
