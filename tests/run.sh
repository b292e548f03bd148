#!/bin/sh
# Runs test programs in turn, all of them even where one fails, and ends with the sum over their
# test cases: "N passed, N failed[, N skipped]". Exits 1 where any failed.
# usage: run.sh FOLDER PROGRAM...      (FOLDER/PROGRAM; the output goes to FOLDER/PROGRAM.log too)
#
# A test that cannot run here prints "SKIPPED: NAME: WHY" and passes for Catch2; it counts as
# skipped here. A program that dies before its totals counts as one failure more.

folder=$1
shift
limit_seconds=${TEST_SECONDS:-900}
limit=$(command -v timeout >/dev/null 2>&1 && echo "timeout -k 5 $limit_seconds")
tallies=$folder/tallies
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

for program; do
    log=$folder/$program.log
    pipe=$folder/$program.pipe
    rm -f "$pipe"
    mkfifo "$pipe" || exit 1
    echo "== $program"
    tee "$log" <"$pipe" &
    tee_pid=$!
    $limit "$folder/$program" -w NoTests >"$pipe" 2>&1
    status=$?
    # What a test left running may hold the pipe open: give tee two seconds, then go on without.
    tries=0
    while kill -0 "$tee_pid" 2>/dev/null && [ "$tries" -lt 20 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    if [ "$tries" -eq 20 ]; then
        kill "$tee_pid"
        echo "$program: a process that a test started still holds its output open"
    fi
    wait "$tee_pid" 2>/dev/null
    rm -f "$pipe"
    [ "$status" -eq 0 ] || echo "$program: exit status $status"
    tally "$log" "$status" >>"$tallies"
done

awk '{ passed += $1; failed += $2; skipped += $3 }
     END {
         printf "%d passed, %d failed", passed, failed
         if (skipped) printf ", %d skipped", skipped
         print ""
         exit failed > 0
     }' "$tallies"
