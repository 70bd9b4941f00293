#!/usr/bin/env python3
"""Terraform's AWS provider against the sandbox: apply, a second plan without changes, import, a change, destroy.

The provider comes from where Terraform finds it: the registry, a plugin directory, TF_CLI_CONFIG_FILE. TF_PLUGIN_DIR names a
directory that is a filesystem mirror of the registry, for machines without one.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

from world import REGION, Report, World, until

if not shutil.which("terraform"):
    print("terraform: skipped, terraform is not installed")
    sys.exit(0)

report = Report("terraform")
world = World(sys.argv[1] if len(sys.argv) > 1 else None)
world.enable()
until("the instance", lambda: all(i["active"] for i in world.get("state")["aws"]["instances"]))

work = tempfile.TemporaryDirectory(prefix="conformance-")
shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "terraform", "main.tf"), work.name)
management, studio = world.environment("administrator"), world.environment("studio-administrator")
environment = {
    **{name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "TF_CLI_CONFIG_FILE"},
    "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "AWS_EC2_METADATA_DISABLED": "true",
    "TF_VAR_endpoint": world.url, "TF_VAR_region": REGION,
    "TF_VAR_management_key": management["AWS_ACCESS_KEY_ID"], "TF_VAR_management_secret": management["AWS_SECRET_ACCESS_KEY"],
    "TF_VAR_studio_key": studio["AWS_ACCESS_KEY_ID"], "TF_VAR_studio_secret": studio["AWS_SECRET_ACCESS_KEY"],
}
configuration = os.environ.get("TF_CLI_CONFIG_FILE", "")
if os.path.isfile(configuration):
    environment["TF_CLI_CONFIG_FILE"] = configuration
elif os.environ.get("TF_PLUGIN_DIR"):
    environment["TF_CLI_CONFIG_FILE"] = os.path.join(work.name, "terraform.rc")
    with open(environment["TF_CLI_CONFIG_FILE"], "w") as file:
        file.write('provider_installation {\n  filesystem_mirror {\n    path = %s\n  }\n}\n' % json.dumps(os.path.abspath(os.environ["TF_PLUGIN_DIR"])))


def terraform(*arguments, accepted=(0,)):
    done = subprocess.run(["terraform", *arguments, "-no-color"], cwd=work.name, env=environment, text=True, capture_output=True)
    if done.returncode not in accepted:
        print(done.stdout[-6000:], done.stderr[-6000:], sep="\n")
    return done


initialized = terraform("init", "-input=false")
if initialized.returncode:
    print("terraform: skipped, the AWS provider could not be installed (set TF_PLUGIN_DIR to a filesystem mirror)")
    sys.exit(0)
provider = [line.strip() for line in initialized.stdout.splitlines() if "Installed" in line]
print("terraform:", *provider)

applied = terraform("apply", "-auto-approve", "-input=false")
if report.check("apply", applied.returncode == 0):
    report.check("apply without warnings", "Warning" not in applied.stdout, applied.stdout[-2000:])
    resources = len(terraform("state", "list").stdout.split())
    print(f"terraform: {resources} resources and data sources")
    again = terraform("plan", "-detailed-exitcode", "-input=false")
    report.check("a second plan has no changes", again.returncode == 0)

    imports = json.loads(terraform("output", "-json", "imports").stdout)
    report.check("forget", terraform("state", "rm", *imports).returncode == 0)
    for address, identifier in imports.items():
        report.check("import " + address, terraform("import", "-input=false", address, identifier).returncode == 0)
    after = terraform("plan", "-detailed-exitcode", "-input=false")
    report.check("a plan after the import has no changes", after.returncode == 0)

    with open(os.path.join(work.name, "main.tf")) as file:
        text = file.read()
    with open(os.path.join(work.name, "main.tf"), "w") as file:
        file.write(text.replace('"Execution role of Studio"', '"Another description"').replace('{ team = "data" }', '{ team = "ml" }')
                   .replace('"Those who use Studio"', '"Those who do"').replace('"An application"', '"Another application"'))
    changed = terraform("apply", "-auto-approve", "-input=false")
    report.check("apply of changes", changed.returncode == 0 and " changed, 0 destroyed" in changed.stdout, changed.stdout[-300:])
    report.check("no changes after that", terraform("plan", "-detailed-exitcode", "-input=false").returncode == 0)

destroyed = terraform("destroy", "-auto-approve", "-input=false")
report.check("destroy", destroyed.returncode == 0)
state = world.get("state")["aws"]
report.check("nothing is left", not any(a["domains"] or any("Terraform" in r["arn"] for r in a["roles"]) for a in state["accounts"]) and
             not any("terra" in u["userName"] for i in state["instances"] for u in i["users"]))
report.finish()
