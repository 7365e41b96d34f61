/* scene.c - the measured scenarios. Each prints one raw JSON object per line;
 * bench.py computes ratios and medians. Every loop has a deadline. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/wire/wire.h"
#include "tests/bench/load.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

enum {
	JOIN_S = 150, /* for all joins */
	QUIET_MS = 250,
	DRAIN_S = 10,
	WARM_MS = 200,
	BURST_BYTES = 128 << 10,
	PACED_PER_S = 20,
	REKEYS = 3,
	REKEY_QUIET_MS = 1300, /* longer than the 1 s between epochs */
	STORM_PER_S = 200,
};

/* --- joining ------------------------------------------------------------- */

/* Waits until nothing has arrived for a while (notices of the last joins). */
static int quiet(struct load *l, uint64_t ms)
{
	uint64_t end = load_clock() + DRAIN_S * SECOND, since, before;
	int r;

	since = load_clock();
	while (load_clock() < end && load_clock() - since < ms * MS) {
		before = load_clock();
		if ((r = net_turn(l, 20)) != 0)
			return r;
		if (load_clock() - before < 19 * MS) /* the wait did not time
						      * out */
			since = load_clock();
	}
	return 0;
}

/* How many joins may have been started by now. */
static uint32_t join_due(const struct load *l, uint64_t t0)
{
	uint64_t n = l->n_opened + l->o.at_once - l->n_busy;

	if (l->o.at_once <= l->n_busy)
		n = l->n_opened;
	if (l->o.per_second > 0)
		n = (load_clock() - t0) * l->o.per_second / SECOND;
	/* The first joins alone, so that it is there for all others. */
	if (l->n_in == 0 && n > 1)
		n = 1;
	return n < l->n_conns ? (uint32_t)n : l->n_conns;
}

int scene_join(struct load *l)
{
	double cpu0 = load_cpu(l), rss0 = load_rss(l), cpu1 = 0;
	double heap0 = load_heap(l);
	uint64_t t0 = load_clock(), t1 = 0, t2;
	int r;

	while (l->n_in < l->n_conns) {
		while (l->n_opened < join_due(l, t0)) {
			r = net_open(l, &l->conns[l->n_opened++]);
			if (r != 0)
				return r;
		}
		if ((r = net_turn(l, 1)) != 0)
			return r;
		if (t1 == 0 && l->n_waits == l->n_conns) {
			t1 = load_clock();
			cpu1 = load_cpu(l);
		}
		if (l->n_lost > 0 || load_clock() - t0 > JOIN_S * SECOND) {
			fprintf(stderr, "load: %u in of %u, %u lost\n", l->n_in,
			    l->n_conns, l->n_lost);
			return ERR_TIMEOUT;
		}
	}
	t2 = load_clock();
	if ((r = quiet(l, QUIET_MS)) != 0)
		return r;
	printf("{\"scene\":\"join\",\"members\":%u,\"shake_s\":%.4f,"
	       "\"all_s\":%.4f,\"shake_cpu_us\":%.1f,\"cpu_us\":%.1f,"
	       "\"rss_before\":%.0f,\"rss\":%.0f,\"heap_before\":%.0f,"
	       "\"heap\":%.0f,\"connections\":%u}\n",
	    l->o.members, (double)(t1 - t0) / 1e9, (double)(t2 - t0) / 1e9,
	    cpu1 - cpu0, load_cpu(l) - cpu0, rss0, load_rss(l), heap0,
	    load_heap(l), l->n_conns);
	return 0;
}

/* --- bursts -------------------------------------------------------------- */

static int burst_begin(struct load *l)
{
	uint32_t s, k;
	struct conn *c;
	int r;

	l->left[l->bursts % 4] =
	    (uint64_t)l->per_burst * l->n_speak * l->receivers_each;
	l->bursts++;
	for (s = 0; s < l->n_speak; s++) {
		c = &l->conns[s];
		for (k = 0; k < l->per_burst; k++) {
			c->said++;
			l->sent_ns[s][c->said % LOAD_RING] = load_clock();
			if ((r = l->o.proto->say(c, c->said, l->bytes)) != 0)
				return r;
		}
		l->messages += l->per_burst;
	}
	for (s = 0; s < l->n_speak; s++) {
		c = &l->conns[s];
		if (l->o.proto->flush != NULL &&
		    (r = l->o.proto->flush(c)) != 0)
			return r;
		if ((r = net_flush(c)) != 0)
			return r;
	}
	return 0;
}

static void measure_reset(struct load *l)
{
	l->deliveries = l->messages = l->repeated = l->gaps = 0;
	memset(&l->hist, 0, sizeof(l->hist));
}

/* Starts with no burst in flight. */
static void bursts_init(
    struct load *l, size_t bytes, uint32_t speak, uint32_t per_burst)
{
	uint32_t s;

	l->bytes = bytes;
	l->n_speak = speak;
	l->per_burst = per_burst;
	l->bursts = l->ended = 0;
	for (s = 0; s < LOAD_SENDERS; s++)
		l->base[s] = s < l->n_conns ? l->conns[s].said : 0;
	measure_reset(l);
}

static int drain(struct load *l)
{
	uint64_t end = load_clock() + DRAIN_S * SECOND;
	int r;

	while (l->ended < l->bursts && load_clock() < end)
		if ((r = net_turn(l, 10)) != 0)
			return r;
	return 0;
}

struct figures {
	double s, cpu_us;
	uint64_t deliveries;
};

/* Runs for `seconds` with `under_way` bursts in flight, or with one burst
 * every gap_ns. */
static int bursts_run(struct load *l, uint64_t under_way, double seconds,
    uint64_t gap_ns, struct figures *out)
{
	uint64_t warm = load_clock() + (gap_ns ? 0 : WARM_MS * MS), t0 = 0,
		 end = UINT64_MAX, next = warm, now;
	double cpu0 = 0;
	int r, ms;

	while ((now = load_clock()) < end) {
		if (t0 == 0 && now >= warm) {
			measure_reset(l);
			t0 = now;
			cpu0 = load_cpu(l);
			end = now + (uint64_t)(seconds * 1e9);
		}
		while (gap_ns == 0 && l->bursts - l->ended < under_way)
			if ((r = burst_begin(l)) != 0)
				return r;
		if (gap_ns > 0 && now >= next &&
		    l->bursts - l->ended < under_way) {
			next += gap_ns;
			if ((r = burst_begin(l)) != 0)
				return r;
		}
		ms = l->polls	   ? 0
		     : gap_ns == 0 ? 20
		     : now < next  ? (int)((next - now) / MS)
				   : 0;
		if ((r = net_turn(l, ms)) != 0)
			return r;
		/* Lost messages never arrive, so their burst never
		 * completes. */
		if (gap_ns == 0 && now - l->now > DRAIN_S * SECOND &&
		    now > l->now)
			break;
	}
	out->s = (double)(load_clock() - t0) / 1e9;
	out->cpu_us = load_cpu(l) - cpu0;
	out->deliveries = l->deliveries;
	return drain(l);
}

/* Deliveries still missing after the drain time. */
static uint64_t lost(const struct load *l)
{
	uint64_t n = 0;
	uint32_t i, s;

	for (i = 0; i < l->n_conns; i++) {
		if (!l->conns[i].receiver || l->conns[i].mute ||
		    l->conns[i].state == CONN_GONE)
			continue;
		for (s = 0; s < l->n_speak; s++)
			if (l->conns[s].sender && s != i)
				n += l->conns[s].said - l->conns[i].heard[s];
	}
	return n + l->gaps;
}

static void print_figures(
    const struct load *l, const char *scene, const struct figures *f)
{
	printf("{\"scene\":\"%s\",\"members\":%u,\"bytes\":%zu,"
	       "\"per_burst\":%u,\"seconds\":%.4f,\"deliveries\":%llu,"
	       "\"cpu_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
	       "\"p999_us\":%.1f,\"lost\":%llu,\"repeated\":%llu,"
	       "\"cut\":%u}\n",
	    scene, l->o.members, l->bytes, l->per_burst * l->n_speak, f->s,
	    (unsigned long long)f->deliveries, f->cpu_us,
	    hist_us(&l->hist, 0.50), hist_us(&l->hist, 0.99),
	    hist_us(&l->hist, 0.999), (unsigned long long)lost(l),
	    (unsigned long long)l->repeated, l->n_lost);
}

/* Messages per sender in a burst. */
static uint32_t burst_of(const struct load *l, size_t bytes)
{
	uint32_t n = l->o.burst;

	if (n * bytes > BURST_BYTES)
		n = (uint32_t)(BURST_BYTES / bytes);
	n /= l->o.senders;
	return n > 0 ? n : 1;
}

static int scene_sat(struct load *l, size_t bytes)
{
	struct figures f;
	int r;

	bursts_init(l, bytes, l->o.senders, burst_of(l, bytes));
	if ((r = bursts_run(l, 2, l->o.seconds, 0, &f)) == 0)
		print_figures(l, "sat", &f);
	return r;
}

static int scene_one(struct load *l, size_t bytes)
{
	struct figures f;
	int r;

	bursts_init(l, bytes, 1, 1);
	l->polls = true;
	if ((r = bursts_run(l, 1, l->o.seconds, 0, &f)) == 0)
		print_figures(l, "one", &f);
	l->polls = false;
	return r;
}

static int scene_paced(struct load *l, const char *name, size_t bytes)
{
	struct figures f;
	int r;

	bursts_init(l, bytes, 1, 1);
	r = bursts_run(l, 3, l->o.seconds, SECOND / PACED_PER_S, &f);
	if (r == 0)
		print_figures(l, name, &f);
	return r;
}

/* One message after the idle time that precedes a leave: the caches of the
 * server and of the kernel are cold. */
static int scene_rare(struct load *l, size_t bytes)
{
	struct figures f = {0};
	double cpu0;
	int i, r;

	bursts_init(l, bytes, 1, 1);
	for (i = 0; i < REKEYS; i++) {
		if ((r = quiet(l, REKEY_QUIET_MS)) != 0)
			return r;
		cpu0 = load_cpu(l);
		if ((r = burst_begin(l)) != 0 || (r = drain(l)) != 0 ||
		    (r = quiet(l, 60)) != 0)
			return r;
		f.cpu_us += load_cpu(l) - cpu0;
	}
	f.deliveries = l->deliveries;
	f.s = (double)REKEYS * REKEY_QUIET_MS / 1000;
	print_figures(l, "rare", &f);
	return 0;
}

/* --- a storm of arrivals ------------------------------------------------- */

/* Forks a process of lower priority, so that its own cryptography does not
 * delay the measuring clock. */
static pid_t storm_begin(struct load *l)
{
	char addr[40], pid[16], members[16], rate[16];
	pid_t child;

	snprintf(addr, sizeof(addr), "127.0.0.1:%u", ntohs(l->o.addr.sin_port));
	snprintf(pid, sizeof(pid), "%d", l->o.pid[0]);
	snprintf(members, sizeof(members), "%u",
	    (uint32_t)(STORM_PER_S * (l->o.seconds + 5)));
	snprintf(rate, sizeof(rate), "%d", STORM_PER_S);
	if ((child = fork()) != 0)
		return child;
	(void)setpriority(PRIO_PROCESS, 0, 10);
	if (freopen("/dev/null", "w", stdout) != NULL)
		execl("/proc/self/exe", "load", "-t", l->o.proto->name, "-a",
		    addr, "-p", pid, "-m", members, "-s", "1", "-r", rate, "-b",
		    "100000", "idle", (char *)NULL);
	_exit(127);
}

static int scene_storm(struct load *l, size_t bytes)
{
	uint64_t until;
	uint32_t epoch = conclave_epoch(l);
	pid_t child = storm_begin(l);
	int r = 0, status;

	if (child < 0)
		return ERR_IO;
	/* Its keys exist and its first members have joined: two epochs. */
	until = load_clock() + DRAIN_S * SECOND;
	while (r == 0 && conclave_epoch(l) < epoch + 2)
		r = load_clock() < until ? net_turn(l, 20) : ERR_TIMEOUT;
	if (r == 0)
		r = scene_paced(l, "storm", bytes);
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return r;
}

/* --- a member that does not read ----------------------------------------- */

static int scene_stall(struct load *l, size_t bytes)
{
	struct conn *c = &l->conns[l->n_conns - 1];
	struct figures f;
	int r;

	bursts_init(l, bytes, l->o.senders, burst_of(l, bytes));
	if ((r = bursts_run(l, 2, l->o.seconds, 0, &f)) != 0)
		return r;
	print_figures(l, "unstalled", &f);
	c->receiver = false;
	net_mute(c);
	l->receivers_each--;
	bursts_init(l, bytes, l->o.senders, burst_of(l, bytes));
	if ((r = bursts_run(l, 2, l->o.seconds, 0, &f)) != 0)
		return r;
	print_figures(l, "stalled", &f);
	return 0;
}

/* --- a leave ------------------------------------------------------------- */

/* Closes the last member's connection, and measures the time until all others
 * have the fresh key, and the CPU cost. */
static int rekey_once(struct load *l, struct conn *who)
{
	uint64_t t0, end, want = l->n_conns - 1 - l->answers;
	uint32_t i, epoch;
	double cpu0, ms, cpu;
	int r;

	if ((r = quiet(l, REKEY_QUIET_MS)) != 0)
		return r;
	want = 0;
	for (i = 0; i < l->n_conns; i++) {
		l->conns[i].answered = false;
		if (&l->conns[i] != who && l->conns[i].state == CONN_IN)
			want++;
	}
	l->answers = 0;
	epoch = conclave_epoch(l);
	cpu0 = load_cpu(l);
	t0 = load_clock();
	end = t0 + DRAIN_S * SECOND;
	net_close(who);
	while (l->answers < want && load_clock() < end)
		if ((r = net_turn(l, 10)) != 0)
			return r;
	ms = (double)(load_clock() - t0) / 1e6;
	if ((r = quiet(l, 60)) != 0)
		return r;
	cpu = load_cpu(l) - cpu0;
	printf("{\"scene\":\"rekey\",\"members\":%u,\"told\":%llu,"
	       "\"of\":%llu,\"epochs\":%u,\"ms\":%.2f,\"cpu_us\":%.1f}\n",
	    l->o.members, (unsigned long long)l->answers,
	    (unsigned long long)want, conclave_epoch(l) - epoch, ms, cpu);
	return 0;
}

static int scene_rekey(struct load *l)
{
	uint32_t i, who = l->n_conns;
	int r = 0;

	for (i = 0; i < REKEYS && r == 0 && who > l->o.senders + 1; i++)
		r = rekey_once(l, &l->conns[--who]);
	return r;
}

/* --- an idle room -------------------------------------------------------- */

static int scene_idle(struct load *l)
{
	uint64_t t0 = load_clock();
	double cpu0 = load_cpu(l);
	int r = 0;

	while (r == 0 && load_clock() - t0 < 2 * SECOND)
		r = net_turn(l, 100);
	printf("{\"scene\":\"idle\",\"members\":%u,\"rss\":%.0f,"
	       "\"cpu_us\":%.1f,\"seconds\":%.3f}\n",
	    l->o.members, load_rss(l), load_cpu(l) - cpu0,
	    (double)(load_clock() - t0) / 1e9);
	return r;
}

/* --- what was said before -------------------------------------------------- */

/* All members ask for the newest entries of the history at once. */
static int scene_past(struct load *l, uint32_t count)
{
	uint64_t t0 = load_clock(), end = t0 + DRAIN_S * SECOND;
	uint64_t want = (uint64_t)count * l->n_conns;
	double cpu0 = load_cpu(l);
	uint32_t i;
	int r;

	for (i = 0; i < l->n_conns; i++)
		if ((r = conclave_ask_past(&l->conns[i], count)) != 0)
			return r;
	while (l->past < want && load_clock() < end)
		if ((r = net_turn(l, 10)) != 0)
			return r;
	printf("{\"scene\":\"past\",\"members\":%u,\"entries\":%llu,"
	       "\"of\":%llu,\"cpu_us\":%.1f,\"seconds\":%.4f}\n",
	    l->o.members, (unsigned long long)l->past,
	    (unsigned long long)want, load_cpu(l) - cpu0,
	    (double)(load_clock() - t0) / 1e9);
	return 0;
}

int scene_run(struct load *l, const char *what)
{
	const char *colon = strchr(what, ':');
	size_t n = colon ? (size_t)(colon - what) : strlen(what),
	       bytes = colon ? (size_t)atol(colon + 1) : 0;
	int r;

	if (strncmp(what, "past:", 5) == 0 && bytes > 0 &&
	    bytes <= WIRE_HISTORY_MAX)
		return scene_past(l, (uint32_t)bytes);
	if (colon && (bytes < LOAD_STAMP || bytes > LOAD_READ))
		return ERR_USAGE;
	if (l->o.proto->bytes_max && bytes > l->o.proto->bytes_max)
		return ERR_USAGE;
	if (n == 3 && memcmp(what, "sat", n) == 0 && bytes)
		return scene_sat(l, bytes);
	if (n == 3 && memcmp(what, "one", n) == 0 && bytes)
		return scene_one(l, bytes);
	if (n == 4 && memcmp(what, "rare", n) == 0 && bytes)
		return scene_rare(l, bytes);
	if (n == 5 && memcmp(what, "paced", n) == 0 && bytes)
		return scene_paced(l, "paced", bytes);
	if (n == 5 && memcmp(what, "storm", n) == 0 && bytes)
		return scene_storm(l, bytes);
	if (n == 5 && memcmp(what, "stall", n) == 0 && bytes)
		return scene_stall(l, bytes);
	if (l->o.rooms > 0 && (r = rooms_run(l, what, bytes)) != ERR_USAGE)
		return r;
	if (strcmp(what, "rekey") == 0)
		return scene_rekey(l);
	if (strcmp(what, "idle") == 0)
		return scene_idle(l);
	return ERR_USAGE;
}
