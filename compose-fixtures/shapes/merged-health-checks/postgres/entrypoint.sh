#!/bin/bash
# Goes on as the image does.
set -e
exec docker-entrypoint.sh "$@"
