#!/bin/sh
# Starts the program of this name with the Node runtime that was packed with it.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$here/bin/node" @FLAGS@"$here/dist/bundle/@ENTRY@.js" "$@"
