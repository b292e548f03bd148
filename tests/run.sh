#!/bin/sh
# Runs test programs side by side, all of them even where one fails, and ends with the sum over
# their test cases: "N passed, N failed[, N skipped]". Exits 1 where any failed.
# usage: run.sh FOLDER PROGRAM...      (FOLDER/PROGRAM; the output is in FOLDER/PROGRAM.N.log too)
#
# A test that cannot run here prints "SKIPPED: NAME: WHY" and passes for Catch2; it counts as
# skipped here. A program that dies before its totals counts as one failure more.

folder=$1
shift
limit_seconds=${TEST_SECONDS:-900}
limit=$(command -v timeout >/dev/null 2>&1 && echo "timeout -k 5 $limit_seconds")
tallies=$folder/tallies
: >"$tallies"
rm -f "$folder"/*.log.status

# Prints "PASSED FAILED SKIPPED" from a log of Catch2 2 or 3 and the program's exit status. Totals:
#   All tests passed (123 assertions in 12 test cases)
#   test cases: 12 | 10 passed | 1 failed | 1 failed as expected | 1 skipped
tally() {
    awk -v status="$2" '
        /^All tests passed \(/ { passed = $(NF - 2) }
        /^test cases:/ {
            passed = failed = 0
            count = split($0, part, "|")
            for (i = 2; i <= count; ++i) {
                split(part[i], word, " ")
                if (part[i] ~ /passed|failed as expected/) passed += word[1]
                else if (part[i] ~ /failed/) failed = word[1]
                else if (part[i] ~ /skipped/) skipped += word[1]
            }
        }
        /^SKIPPED: / && !seen[$0]++ { ++skipped; ++inside }
        END {
            passed -= inside < passed ? inside : passed
            if (status != 0 && failed == 0) failed = 1
            print passed + 0, failed + 0, skipped + 0
        }' "$1"
}

# Tests of real processes mostly wait: those of different files do so side by side. Prints the words
# that choose the tests of a program's part, a line each; for a program in one part an empty line.
parts() {
    [ "$1" = system ] || { echo; return; }
    for test in tests/system/*_test.cc; do basename "$test" .cc; done |
        awk -v count=4 '
            { part[NR % count] = part[NR % count] (part[NR % count] ? "," : "") "[#" $1 "]~[.]" }
            END { for (i = 0; i < count; ++i) print "-# " part[i] }'
}

: >"$folder/running"
for program; do
    number=0
    parts "$program" | while read -r words; do
        log=$folder/$program.$number.log
        # shellcheck disable=SC2086 # words are words
        (
            status=0
            $limit "$folder/$program" -w NoTests $words >"$log" 2>&1 </dev/null || status=$?
            echo "$status" >"$log.status"
        ) &
        echo "$program $log" >>"$folder/running"
        number=$((number + 1))
    done
done
while read -r program log; do
    while [ ! -e "$log.status" ]; do sleep 0.2; done
    status=$(cat "$log.status")
    echo "== $program"
    cat "$log"
    [ "$status" -eq 0 ] || echo "$program: exit status $status"
    tally "$log" "$status" >>"$tallies"
done <"$folder/running"

awk '{ passed += $1; failed += $2; skipped += $3 }
     END {
         printf "%d passed, %d failed", passed, failed
         if (skipped) printf ", %d skipped", skipped
         print ""
         exit failed > 0
     }' "$tallies"
