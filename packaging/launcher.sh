#!/bin/sh
# Starts the program of this name with the Node runtime that was packed with it.
self=$0
if [ -L "$self" ]; then self=$(readlink -f "$self"); fi
here=${self%/bin/*}
exec "$here/bin/node" @FLAGS@"$here/dist/bundle/@ENTRY@.js" "$@"
