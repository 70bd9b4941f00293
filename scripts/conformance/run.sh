#!/usr/bin/env bash
# Runs every check of other people's AWS clients against sandboxes of their own, records what they say, adds the recording of a
# whole demo, and validates all of it against the service models. Clients that are missing are skipped.
#
#   scripts/conformance/run.sh [aws] [boto3] [terraform] [demo]     (all of them when none is named)
#
# PYTHON is the interpreter that has boto3 and botocore; TF_PLUGIN_DIR a filesystem mirror with Terraform's AWS provider.
set -u
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

go build -o "$work/standalone" ./standalone || exit 1
export SANDBOX_COMMAND=${SANDBOX_COMMAND:-$work/standalone sandbox}

demo() {
  "$work/standalone" sandbox --listen 127.0.0.1:0 --record "$work/demo.jsonl" >"$work/sandbox.log" &
  local sandbox=$! url=""
  until url=$(sed -n 's/.*consoles: //p' "$work/sandbox.log"); [ -n "$url" ]; do
    kill -0 "$sandbox" || return 1
    sleep 0.2
  done
  "$work/standalone" demo --exit --port 0 --ui-port 0 --sandbox "$url" >"$work/demo.log" 2>&1
  local status=$?
  kill "$sandbox"
  wait "$sandbox" 2>/dev/null
  tail -n 3 "$work/demo.log"
  return $status
}

for check in "${@:-aws boto3 terraform demo}"; do
  for one in $check; do
    case $one in
    aws) "$python" scripts/conformance/cli_check.py "$work/aws.jsonl" || failed=1 ;;
    boto3) "$python" scripts/conformance/boto3_check.py "$work/boto3.jsonl" || failed=1 ;;
    terraform) "$python" scripts/conformance/terraform_check.py "$work/terraform.jsonl" || failed=1 ;;
    demo) demo || failed=1 ;;
    *) echo "there is no check $one" && exit 2 ;;
    esac
    if [ -s "$work/$one.jsonl" ]; then
      echo -n "$one: " && "$python" scripts/conformance/models.py "$work/$one.jsonl" || failed=1
    fi
  done
done
exit $failed
