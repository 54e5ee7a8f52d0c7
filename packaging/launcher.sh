#!/bin/sh
# Starts the program of this name with the Node runtime that was packed with it.
self=$(readlink -f "$0")
here=${self%/bin/*}
exec "$here/bin/node" @FLAGS@"$here/dist/bundle/@ENTRY@.js" "$@"
