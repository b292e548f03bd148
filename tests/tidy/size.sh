#!/bin/sh
# size.sh PROGRAM: fails where the program is larger than tests/tidy/size allows.

limit=$(sed '/^#/d' "$(dirname "$0")/size")
size=$(($(wc -c <"$1")))
if [ "$size" -gt "$limit" ]; then
    echo "$1: $size bytes, $((size - limit)) more than tests/tidy/size allows"
    exit 1
fi
[ "$size" -eq "$limit" ] ||
    echo "$1: $size bytes; tests/tidy/size can be lowered by $((limit - size))"
