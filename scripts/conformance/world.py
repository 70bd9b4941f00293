"""What the checks share: a sandbox to talk to, and the count of what was checked.

The sandbox is that of SANDBOX_URL, or one that is started for the check and ended with it. SANDBOX_COMMAND says how; without it,
`go run ./standalone sandbox` from the repository.
"""

import atexit
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGION = "us-east-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


class World:
    """A running sandbox."""

    def __init__(self, record=None):
        self.url = os.environ.get("SANDBOX_URL", "").rstrip("/")
        if not self.url:
            self.url = start(record)

    def post(self, path, body):
        request = urllib.request.Request(self.url + "/sandbox/" + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def get(self, path):
        with urllib.request.urlopen(self.url + "/sandbox/" + path) as answer:
            return json.load(answer)

    def environment(self, principal):
        """The variables of administrator (management account), studio-administrator or worker."""
        return self.get("environment?as=" + principal)

    def enable(self):
        """Enables Identity Center in the console, unless it is."""
        if not self.get("state")["aws"]["instances"]:
            self.post("console/aws/enable-identity-center", {"region": REGION})


def start(record):
    command = shlex.split(os.environ.get("SANDBOX_COMMAND", "go run ./standalone sandbox"))
    command += ["--listen", "127.0.0.1:0", "--speed", os.environ.get("SANDBOX_SPEED", "200")]
    if record:
        command += ["--record", record]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def end():
        os.killpg(process.pid, signal.SIGINT)
        process.wait()

    atexit.register(end)
    for line in process.stdout:
        found = re.search(r"consoles: (http://\S+)", line)
        if found:
            return found.group(1)
    sys.exit("the sandbox did not start: " + " ".join(command))


class Report:
    """Counts what was checked and says what failed."""

    def __init__(self, title):
        self.title, self.passed, self.failed = title, 0, []

    def check(self, what, ok, detail=""):
        if ok:
            self.passed += 1
        else:
            self.failed.append(what)
            print(f"FAILED {self.title}: {what} {detail}".rstrip(), flush=True)
        return ok

    def finish(self):
        print(f"{self.title}: {self.passed} checks passed, {len(self.failed)} failed", flush=True)
        sys.exit(1 if self.failed else 0)


def until(what, condition, seconds=60):
    """Waits for something that takes time in the world."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    sys.exit("waited in vain for " + what)
