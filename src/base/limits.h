// Every bound of the program, unit last in its name. What happens past each is tested.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reeve {

// Service files (BEHAVIOUR section 2).
constexpr size_t name_max_bytes = 63;  // a service's, an instance's or a version's name
constexpr size_t service_file_max_bytes = 65536;
constexpr size_t env_file_max_bytes = 65536;
constexpr size_t env_file_names_max_count = 4096;  // of a service's env_files together
constexpr size_t line_max_bytes = 8192;            // one line of a service file
constexpr size_t services_max_count = 16384;
constexpr size_t instances_max_count = 4096;  // of one of them
constexpr size_t directories_max_count = 16;
constexpr size_t errors_per_file_max_count = 64;
constexpr int hints_max_count = 16;  // names that were perhaps meant, in a reload
constexpr int64_t duration_max_ms = int64_t{10} * 365 * 86400 * 1000;
constexpr int ready_fd_max = 63;               // ready = fd:N
constexpr size_t listen_max_count = 32;        // sockets of a service
constexpr size_t socket_path_max_bytes = 107;  // of Linux; elsewhere it may be less
constexpr int restart_factor_max_percent = 10000;
constexpr int retries_max_count = 1000000;
constexpr size_t log_piece_max_bytes = 1 << 20;  // svctl logs: a longer line is told in pieces
constexpr size_t last_lines_max_count = 5;       // in `svctl why` and `status NAME`
constexpr int log_keep_max_count = 100000;
constexpr size_t run_logs_pruned_max_count = 16;  // old files that go when a run begins
constexpr int max_starting_max_count = 10000;
constexpr int check_interval_min_ms = 10;  // start_check_interval too
constexpr int64_t measure_min_ms = 250;    // between two looks at what services use
constexpr int64_t measure_max_ms = 5000;
constexpr int max_cpu_max_percent = 100000;
constexpr int check_retries_max_count = 255;
constexpr size_t check_line_max_bytes = 256;  // of what a check wrote last
constexpr int check_reads_max_count = 64;     // at its end, of 4096 bytes each
constexpr size_t keys_max_count = 128;        // of service files and reeve.conf
constexpr size_t shown_max_bytes = 60;        // of a user's text in a message about it
constexpr size_t parts_back_max_count = 64;   // looked at for an equal one to share

// Schedules.
constexpr int when_default_count = 5;  // svctl when EXPR [N]
constexpr int when_max_count = 100000;
constexpr size_t next_default_count = 10;  // svctl next
constexpr size_t next_max_count = 100000;
constexpr size_t check_next_count = 3;         // svctl check -v, of each schedule
constexpr size_t gaps_looked_at_count = 4;     // between starts, of a schedule with jitter
constexpr size_t zone_name_max_bytes = 128;    // a name in zoneinfo, or a TZ string
constexpr size_t zone_file_max_bytes = 65536;  // the largest there are have 4 KB
// Days with activations outside the window: more than a year's, for one may be inside only where
// the clock changes.
constexpr size_t activations_passed_over_max_count = 400;

// Running.
constexpr int64_t ends_at_once_ms = 1000;  // who waits for a start or a reload sees such an end
constexpr size_t spawns_in_flight_max_count = 64;  // forked, exec not yet done
constexpr int64_t exec_wait_max_ms = 1;            // a machine where it takes longer is busy
constexpr int64_t busy_for_ms = 1000;              // and so for this long
constexpr size_t groups_max_count = 64;            // supplementary groups of a user
constexpr size_t account_field_max_bytes = 255;    // a name or a path in /etc/passwd, /etc/group
constexpr size_t arguments_max_bytes = 131072;     // argv and environment of one child
constexpr size_t spawn_scratch_bytes = 4 * arguments_max_bytes;  // where a child is prepared
constexpr size_t prepare_detail_max_bytes = 320;                 // why it could not be
constexpr size_t path_max_bytes = 4096;                          // of a program on PATH
constexpr size_t descriptors_kept_count = 8;                     // of ours, for what is over soon
constexpr size_t inherited_fds_max_count = 256;        // descriptors handed on to `-- CMD`
constexpr int descriptors_searched_max_count = 65536;  // where the system does not list them
constexpr int64_t spawn_retry_min_ms = 100;            // where nothing was started at all
constexpr int64_t continue_after_ms = 100;             // behind a stop signal, for what is stopped
constexpr int64_t group_poll_min_ms = 10;              // is anything left of the process group?
constexpr int64_t group_poll_max_ms = 1000;
constexpr int attempts_max_count = 50;  // at what fails for want of descriptors
constexpr int attempt_pause_ms = 100;
constexpr int64_t group_told_max_ms = 60000;  // a forwarded stop signal counts for this long
constexpr int64_t main_fork_max_ms = 2000;    // `-- CMD` alone, until it is forked
constexpr int64_t watched_poll_ms = 1000;     // where the system does not tell of their ends
constexpr size_t environment_read_max_bytes = 32768;  // of a process that left its group
constexpr size_t strays_max_count = 1024;             // of them at a time, beside what is known
constexpr size_t events_kept_max_count = 128;         // at least so many for `svctl events`
constexpr int64_t leftover_grace_max_ms = 2000;       // orphans at shutdown, TERM to KILL
constexpr int64_t memory_kills_kept_ms = 1000;   // by the kernel: for who is reaped a moment later
constexpr size_t reaped_at_once_max_count = 64;  // children, before what follows from it

// Schedules.
constexpr int64_t clock_set_from_s = 1735689600;      // 2025: before that a clock was never set
constexpr int64_t start_late_max_ms = 300000;         // a start noticed this late is one in time
constexpr int64_t clock_set_back_min_ms = 1000;       // less is the clock being kept in time
constexpr int64_t clock_correction_ms = 3 * 3600000;  // a jump this large: it was wrong before
constexpr uint32_t runs_owed_max_count = 180;         // the minutes of the longest gap of a zone
constexpr int64_t clock_look_ms = 60000;          // where the system does not tell that it was set
constexpr size_t remembered_max_bytes = 2 << 20;  // STATEDIR/starts

// Executing itself again.
constexpr size_t crashes_safe_mode_count = 4;    // so many within
constexpr int64_t crashes_safe_mode_ms = 60000;  // this: nothing is begun any more
constexpr int64_t crash_pause_ms = 1000;         // before each further one
constexpr int64_t memory_pause_ms = 10000;       // where there is too little to go on with
// What a reeve that runs, or executes itself again, needs beside what it has when it has begun.
constexpr size_t memory_spare_bytes = spawn_scratch_bytes + (256 << 10);
constexpr size_t memory_a_service_bytes = 2048;
constexpr int execute_tries_count = 50;            // where the program cannot be executed now
constexpr int64_t execute_pause_ms = 100;          // between these
constexpr int64_t definitions_retry_ms = 1000;     // that could not be read behind a crash
constexpr int64_t trial_max_ms = 5000;             // for the new program to say that it could
constexpr int record_wait_max_ms = 100;            // for children that put themselves on record
constexpr int64_t reexec_in_flight_max_ms = 1000;  // waits for children on their way to exec

// With `watch = yes`.
constexpr int64_t watch_quiet_ms = 300;       // nothing has changed for this long: it is over
constexpr int64_t watch_burst_max_ms = 3000;  // and so it is after this long in any case
constexpr int64_t watch_look_ms = 2000;       // where the system does not tell of changes
constexpr int watch_reads_max_count = 4096;   // of what has happened, before anything else

// Logs.
constexpr size_t log_line_max_bytes = 8192;    // longer ones are split
constexpr size_t log_block_bytes = 65536;      // read at once; what a kill of svlog may cost
constexpr size_t log_blocks_a_turn_count = 4;  // of one service, before others have theirs
constexpr size_t log_pipe_bytes = 262144;      // of one that has much to say, where that can be set
constexpr int64_t log_gather_max_us = 1000;    // small writes may wait in the pipe for more
constexpr size_t old_logs_known_count = 32;    // the oldest, so that not each needs a search
constexpr int64_t log_retry_ms = 200;          // while nothing can be written
constexpr int64_t log_look_us = 1000000;       // is a file still in its place? while it is written
constexpr int64_t log_drain_max_ms = 2500;     // svlog's end
constexpr int64_t log_pipe_look_ms = 500;      // has what a service left behind been read?
constexpr int64_t log_no_file_look_ms = 1000;  // can there be files again?
constexpr int64_t log_away_max_ms = 2000;      // no svlog: then no service waits for one any more
constexpr int64_t log_rotated_look_ms = 10;    // while somebody waits for it

// reeve's own output.
// Between two lines about one crash loop, or one job; of a job of each minute each run may be told.
constexpr int64_t report_pause_ms = 59000;
constexpr int64_t shutdown_line_ms = 1000;   // a shutdown this long says what it waits for
constexpr int64_t shutdown_hurry_ms = 1000;  // what is left to it once it is asked for again

// Control socket.
constexpr size_t request_max_bytes = 4096;
constexpr size_t reply_buffer_max_bytes = 16384;
constexpr size_t clients_max_count = 128;             // more wait in the listen queue
constexpr size_t clients_spare_count = 8;             // of those, not for who waits for a service
constexpr int64_t client_idle_max_ms = 10000;         // connected and silent, or not reading
constexpr int64_t client_idle_crowded_max_ms = 1000;  // while others find no place
constexpr int64_t answer_wait_default_ms = 60000;     // svctl -t
constexpr int64_t answer_grace_ms = 5000;  // svctl: how long reeve may say nothing at all
constexpr int64_t accept_pause_ms = 1000;  // after accept failed for want of descriptors
constexpr size_t reason_max_bytes = 1024;  // why a service is in its state, in words
// A service as lines of key=value: two lists, no longer than its file and reeve.conf, and the rest.
constexpr size_t object_max_bytes = 3 * service_file_max_bytes;

// svcheck.
constexpr int64_t probe_timeout_ms = 5000;         // -t
constexpr size_t probe_reply_max_bytes = 1048576;  // in which --contains looks
constexpr int queue_wait_ms = 20;  // until the next try where a listen queue is full

// Files under RUNDIR.
constexpr size_t record_max_bytes = 1024;              // one journal record
constexpr size_t records_max_bytes = 4096;             // that are written at once
constexpr size_t cgroup_path_max_bytes = 255;          // as it is written, and of cgroup_set
constexpr size_t control_group_max_bytes = 768;        // of the directory
constexpr size_t note_max_bytes = 512;                 // of words in one
constexpr size_t child_record_max_bytes = 224;         // the one that a child writes itself
constexpr size_t journal_chunk_bytes = 65536;          // room is reserved in these
constexpr size_t journal_chunk_min_bytes = 4096;       // where all of RUNDIR's is small
constexpr int64_t journal_renewal_wait_max_ms = 1000;  // for children that may write into it
constexpr size_t status_file_max_bytes = 4096;         // one file under status/
constexpr size_t history_file_max_bytes = 4096;  // one file under history/, but for its last line
constexpr size_t history_room_min_bytes = 1 << 20;  // a smaller RUNDIR has no histories
constexpr size_t run_line_max_bytes = 640;          // a run in it
constexpr int64_t status_files_wait_max_ms = 2000;  // behind what happens
constexpr size_t notify_message_max_bytes = 2048;
constexpr size_t ancestors_max_count = 64;  // between a sender and its service's leader
constexpr size_t notifications_at_end_max_count = 1024;  // read before a run's end is judged
constexpr size_t notifications_a_turn_max_count = 16;  // of one service, before others have theirs
constexpr size_t status_text_max_bytes = 128;          // sd_notify STATUS=

}  // namespace reeve
