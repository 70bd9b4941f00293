#!/bin/sh
# Before the package of worker is removed. When it is upgraded, deb says "upgrade", and rpm how many versions stay.
set -e
case "$1" in
remove | 0)
  if [ -d /run/systemd/system ]; then
    systemctl disable --now studio-onboarding-worker.service
  fi
  ;;
esac
