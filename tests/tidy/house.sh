#!/bin/sh
# The house rules that a machine can check, over the tree given as argument (default: this one).
# Prints one line a finding, "FILE:LINE: rule: what", and exits 1 where there is any.
# The rules stand in house.awk; house_test.sh has an example of each.

cd "${1:-.}" || exit 2
rules=$(dirname "$0")
case $rules in
    /*) ;;
    *) rules=$OLDPWD/$rules ;;
esac

# Bytes, not characters: the same on every system. tests/tidy names what it looks for.
LC_ALL=C
export LC_ALL
find Makefile README.md .ci src tests man contrib -type f \
    ! -path 'tests/tidy/*' ! -path '*/.git/*' ! -name '*.swp' 2>/dev/null |
    sort | xargs awk -f "$rules/house.awk" || exit 1
