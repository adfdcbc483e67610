#!/bin/sh
# Ends what a test process leaves behind, however that process ended: `kill -9` included. Its standard input is a pipe
# from the test process; when that closes, every server with a pid file in the folder is ended and the folder removed.
#   $1  the test process's temporary folder; each `*.pid` in it holds a process id and the signal that ends it cleanly
trap '' HUP INT TERM
root=$1
cat >/dev/null

pids=
for file in "$root"/*.pid; do
  [ -e "$file" ] || continue
  read -r pid signal <"$file"
  kill -s "$signal" "$pid" 2>/dev/null && kill -s CONT "$pid" 2>/dev/null && pids="$pids $pid"
done

tries=0
while [ -n "$pids" ] && [ "$tries" -lt 50 ]; do
  alive=
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive="$alive $pid"; done
  pids=$alive
  [ -n "$pids" ] && sleep 0.1
  tries=$((tries + 1))
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
rm -rf "$root"
