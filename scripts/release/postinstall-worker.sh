#!/bin/sh
# After the package of worker is installed or upgraded. A new service isn't started: it needs settings first. One that runs goes on with the
# new version, and its runs carry on where they were.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart studio-onboarding-worker.service
fi
