#!/bin/sh
# Runs test programs side by side, all of them even where one fails, and ends with the sum over
# their test cases: "N passed, N failed[, N skipped]". Exits 1 where any failed.
# usage: run.sh FOLDER PROGRAM...      (the output is in FOLDER/PROGRAM.N.log too)
#
# A test that cannot run here prints "SKIPPED: NAME: WHY" and passes for Catch2; it counts as
# skipped here. A program that dies before its totals counts as one failure more.

folder=$1
shift
limit_seconds=${TEST_SECONDS:-900}
limit=$(command -v timeout >/dev/null 2>&1 && echo "timeout -k 5 $limit_seconds")
tallies=$folder/tallies
jobs=$folder/jobs
rm -rf "$folder"/*.log.status "$folder"/*.log.taken
: >"$tallies"

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

# A line for each job: its log, the program, and the words that choose its part of the tests. Tests of
# real processes mostly wait, and are a job a file; those of any other program are one job.
list_jobs() {
    for program; do
        name=${program##*/}
        if [ "$name" = system ]; then
            for test in tests/system/*_test.cc; do
                test=$(basename "$test" .cc)
                echo "$folder/$name.$test.log $program -# [#$test]~[.]"
            done
        else
            echo "$folder/$name.log $program"
        fi
    done
}

# Does one job after another that nobody has begun.
work() {
    while read -r log program words; do
        mkdir "$log.taken" 2>/dev/null || continue
        status=0
        # shellcheck disable=SC2086 # words are words
        $limit "$program" -w NoTests $words >"$log" 2>&1 </dev/null || status=$?
        echo "$status" >"$log.status"
    done <"$jobs"
}

list_jobs "$@" >"$jobs"
for _ in 1 2 3 4 5 6; do work & done
while read -r log program words; do
    while [ ! -e "$log.status" ]; do sleep 0.2; done
    status=$(cat "$log.status")
    echo "== ${program##*/} $words"
    cat "$log"
    [ "$status" -eq 0 ] || echo "${log##*/}: exit status $status"
    tally "$log" "$status" >>"$tallies"
done <"$jobs"

awk '{ passed += $1; failed += $2; skipped += $3 }
     END {
         printf "%d passed, %d failed", passed, failed
         if (skipped) printf ", %d skipped", skipped
         print ""
         exit failed > 0
     }' "$tallies"
