#!/bin/sh
# Prints a man page with its generated parts written anew by keys_mdoc: the lines between
# .\" BEGIN KEYS and .\" END KEYS, and those between .\" BEGIN CONF KEYS and .\" END CONF KEYS.
# usage: keys.sh KEYS_MDOC PAGE

set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" >"$folder/service"
"$1" conf >"$folder/conf"

awk -v service="$folder/service" -v conf="$folder/conf" '
    function copy(file,    line) {
        while ((getline line <file) > 0) print line
        close(file)
    }
    /^\.\\" END (CONF )?KEYS$/ { inside = 0 }
    !inside { print }
    /^\.\\" BEGIN KEYS$/ { copy(service); inside = 1 }
    /^\.\\" BEGIN CONF KEYS$/ { copy(conf); inside = 1 }
    END { exit inside }
' "$2"
