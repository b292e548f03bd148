#!/bin/sh
# Prints a shell's completion of svctl with the tables in it written anew: the lines between
# BEGIN TABLES and END TABLES.
# usage: completions.sh COMPLETIONS SHELL FILE

set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$2" >"$folder/tables"

awk -v tables="$folder/tables" '
    /^# END TABLES$/ { inside = 0 }
    !inside { print }
    /^# BEGIN TABLES/ {
        while ((getline line <tables) > 0) print line
        inside = 1
    }
    END { exit inside }
' "$3"
