/* metrics.c - the server's numbers as Prometheus reads them. */
#include "server/admin/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/wire/version.h"

static int line(struct buf *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int line(struct buf *out, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		return ERR_LIMIT;
	return buf_put(out, text, (size_t)n);
}

static int head(
    struct buf *out, const char *name, const char *type, const char *help)
{
	return line(out, "# HELP conclave_%s %s\n# TYPE conclave_%s %s\n", name,
	    help, name, type);
}

static int one(struct buf *out, const char *name, const char *type,
    const char *help, uint64_t value)
{
	int r = head(out, name, type, help);

	return r != 0 ? r : line(out, "conclave_%s %" PRIu64 "\n", name, value);
}

/* --- counters ------------------------------------------------------------- */

static int put_counters(struct buf *out, const struct totals *t)
{
	static const struct {
		enum counter counter;
		const char *name, *help;
	} rows[] = {
	    {COUNT_ACCEPTED, "connections_total", "Connections accepted."},
	    {COUNT_BYTES_IN, "received_bytes_total",
		"Bytes read from all connections."},
	    {COUNT_BYTES_OUT, "sent_bytes_total",
		"Bytes written to all connections."},
	    {COUNT_HANDSHAKES, "handshakes_total", "Handshakes begun."},
	    {COUNT_LOGINS, "logins_total",
		"Handshakes in which the password was proved."},
	    {COUNT_WRONG, "wrong_passwords_total",
		"Handshakes in which the password was not proved."},
	    {COUNT_TICKETS, "logins_with_ticket_total",
		"Logins that came with a ticket."},
	    {COUNT_BROKEN, "handshakes_broken_total",
		"Handshakes ended by an error of the client."},
	    {COUNT_FOREIGN, "foreign_connections_total",
		"Connections that spoke TLS, HTTP or SSH."},
	    {COUNT_FRAMES_IN, "messages_received_total",
		"Group frames read from members."},
	    {COUNT_GROUP_BYTES_IN, "messages_received_bytes_total",
		"Bytes of those frames."},
	    {COUNT_EVICTED_MEMORY, "evictions_memory_total",
		"Clients disconnected because of --max-memory."},
	    {COUNT_EVICTED_SLOW, "evictions_slow_total",
		"Clients disconnected because they read too slowly."},
	    {COUNT_REKEYS, "rekeys_total", "New group keys."},
	    {COUNT_REKEYS_FAILED, "rekeys_failed_total",
		"New group keys that could not be made."},
	};
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((r = one(out, rows[i].name, "counter", rows[i].help,
			 t->counters.n[rows[i].counter])) != 0)
			return r;
	return one(out, "messages_sent_total", "counter",
	    "Group frames written to members.", t->frames_out);
}

static int put_refused(struct buf *out, const struct totals *t)
{
	int r = head(out, "refused_total", "counter",
		"Clients refused or ended, by the code that they were told."),
	    i;

	for (i = CODE_NONE + 1; i < CODE_UNKNOWN && r == 0; i++)
		r = line(out,
		    "conclave_refused_total{code=\"%s\"} %" PRIu64 "\n",
		    wire_code_word((enum wire_code)i), t->counters.refused[i]);
	return r;
}

static int put_steps(struct buf *out, const struct counters *c)
{
	static const uint32_t bounds[COUNTERS_STEPS - 1] = COUNTERS_STEPS_US;
	uint64_t n = 0;
	size_t i;
	int r = head(out, "loop_step_seconds", "histogram",
	    "Time that one step of a worker's loop took.");

	for (i = 0; i < COUNTERS_STEPS - 1 && r == 0; i++)
		r = line(out,
		    "conclave_loop_step_seconds_bucket{le=\"%g\"} %" PRIu64
		    "\n",
		    bounds[i] / 1e6, n += c->step[i]);
	n += c->step[i];
	if (r != 0)
		return r;
	return line(out,
	    "conclave_loop_step_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    "conclave_loop_step_seconds_sum %.6f\n"
	    "conclave_loop_step_seconds_count %" PRIu64 "\n",
	    n, (double)c->step_us / 1e6, n);
}

/* --- gauges --------------------------------------------------------------- */

static int put_doors(struct buf *out, const struct gauges *g)
{
	int r;

	if ((r = head(out, "login_places_used", "gauge",
		 "Logins in progress, of newcomers and of people with a "
		 "ticket.")) != 0 ||
	    (r = line(out,
		 "conclave_login_places_used{door=\"newcomers\"} %zu\n"
		 "conclave_login_places_used{door=\"tickets\"} %zu\n",
		 g->door.attempts, g->ticket_door.attempts)) != 0)
		return r;
	return one(out, "login_places", "gauge",
	    "Most logins in progress at each of the two doors.", g->places_max);
}

static int put_gauges(
    struct buf *out, const struct gauges *g, const struct totals *t)
{
	const struct {
		const char *name, *help;
		uint64_t value;
	} rows[] = {
	    {"uptime_seconds", "Time since the start.", g->uptime_ms / 1000},
	    {"workers", "Threads that serve connections.", g->workers},
	    {"connections", "Connections now.", g->conns},
	    {"connections_logging_in", "Connections that have not logged in.",
		t->logging_in},
	    {"connections_closing", "Connections that get their last words.",
		t->closing},
	    {"connections_paused", "Connections that are not read for now.",
		t->paused},
	    {"people", "Clients that are in a room.", g->people},
	    {"people_limit", "Most clients in a room (--max-users).",
		g->people_max},
	    {"rooms", "Rooms.", g->rooms},
	    {"memory_bytes", "Memory buffered for clients.", g->memory},
	    {"memory_limit_bytes", "The limit on it (--max-memory).",
		g->memory_max},
	    {"queued_bytes", "Bytes that wait for their readers.", t->queued},
	    {"queued_most_bytes", "The same, for the reader with the most.",
		t->queued_most},
	    {"queues_full", "Readers whose queue is full.", t->queues_full},
	    {"direct_devices", "Devices that take direct messages.",
		g->direct_devices},
	    {"direct_waiting", "Direct messages that wait for a device.",
		g->direct_frames},
	    {"direct_waiting_bytes", "Bytes of those.", g->direct_bytes},
	    {"files", "Files that people have sent.", g->files},
	    {"files_bytes", "What those count for.", g->file_bytes},
	    {"files_limit_bytes", "The limit on it (--files); 0: none are kept.",
		g->file_bytes_max},
	    {"throttle_addresses", "Addresses that the throttle remembers.",
		g->door.addresses},
	    {"throttle_networks", "Networks with wrong passwords.",
		g->door.nets},
	    {"throttle_short",
		"1 while logins wait for the limit of --guesses.",
		g->door.is_short},
	};
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && r == 0; i++)
		r = one(
		    out, rows[i].name, "gauge", rows[i].help, rows[i].value);
	return r;
}

int metrics_text(
    struct buf *out, const struct gauges *g, const struct totals *t)
{
	int r;

	if ((r = head(out, "build_info", "gauge",
		 "1; the label is the version.")) != 0 ||
	    (r = line(out, "conclave_build_info{version=\"%s\"} 1\n",
		 CONCLAVE_VERSION)) != 0 ||
	    (r = put_counters(out, t)) != 0 || (r = put_refused(out, t)) != 0 ||
	    (r = put_steps(out, &t->counters)) != 0 ||
	    (r = put_doors(out, g)) != 0)
		return r;
	return put_gauges(out, g, t);
}
