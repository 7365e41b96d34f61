/* load.c - the core of the load generator: counts, latencies, set-up and main.
 * The README lists what it leaves out. */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/wire/json.h"
#include "tests/bench/load.h"

static const struct proto *const protos[] = {&proto_conclave, &proto_plain,
    &proto_redis, &proto_irc, &proto_mqtt, &proto_nats, &proto_reverse,
    &proto_conclave_tls, &proto_plain_tls};

uint64_t load_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* User and system time of all threads, with nanosecond resolution. */
double load_cpu(const struct load *l)
{
	struct timespec t;
	clockid_t clock;
	double us = 0;
	size_t i;

	for (i = 0; i < l->o.n_pids; i++)
		if (clock_getcpuclockid(l->o.pid[i], &clock) == 0 &&
		    clock_gettime(clock, &t) == 0)
			us += (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	return us;
}

static double user_cpu(int pid)
{
	char name[64], line[1024] = "";
	unsigned long ticks;
	const char *after;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	if ((f = fopen(name, "r")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	/* Behind the name, which may hold anything, come 11 fields before. */
	after = strrchr(line, ')');
	if (after == NULL ||
	    sscanf(after + 1,
		" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu",
		&ticks) != 1)
		return 0;
	return (double)ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

double load_user_cpu(const struct load *l)
{
	double us = 0;
	size_t i;

	for (i = 0; i < l->o.n_pids; i++)
		us += user_cpu(l->o.pid[i]);
	return us;
}

double load_rss(const struct load *l)
{
	char name[64];
	long size, resident;
	FILE *f;
	int n;

	snprintf(name, sizeof(name), "/proc/%d/statm", l->o.pid[0]);
	if ((f = fopen(name, "r")) == NULL)
		return 0;
	n = fscanf(f, "%ld %ld", &size, &resident);
	fclose(f);
	return n == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) : 0;
}

double load_heap(const struct load *l)
{
	FILE *f = l->o.heap == NULL ? NULL : fopen(l->o.heap, "rb");
	int64_t n = 0;

	if (f == NULL)
		return 0;
	if (fread(&n, sizeof(n), 1, f) != 1)
		n = 0;
	fclose(f);
	return (double)n;
}

/* --- latencies --------------------------------------------------------- */

static size_t hist_slot(uint64_t ns)
{
	size_t up = 0;

	while (ns >> up >= 2 * HIST_STEPS)
		up++;
	up = up * HIST_STEPS + (size_t)(ns >> up);
	return up < HIST_SIZE ? up : HIST_SIZE - 1;
}

void hist_add(struct hist *h, uint64_t ns)
{
	h->n++;
	h->count[hist_slot(ns)]++;
}

double hist_us(const struct hist *h, double quantile)
{
	uint64_t want = (uint64_t)(quantile * (double)h->n), sum = 0;
	size_t i, up;

	for (i = 0; i < HIST_SIZE && h->n > 0; i++)
		if ((sum += h->count[i]) > want || sum == h->n)
			break;
	up = i < 2 * HIST_STEPS ? 0 : i / HIST_STEPS - 1;
	return (double)((uint64_t)(i - up * HIST_STEPS) << up) / 1e3;
}

/* --- what the protocols say --------------------------------------------- */

int load_fail(const struct conn *c, const char *why)
{
	fprintf(stderr, "load: %s: connection %u: %s\n", c->load->o.proto->name,
	    c->id, why);
	return ERR_IO;
}

void load_waits(struct conn *c)
{
	if (c->state != CONN_LOGIN)
		return;
	c->state = CONN_WAITS;
	c->load->n_busy--;
	c->load->n_waits++;
}

void load_in(struct conn *c)
{
	load_waits(c);
	if (c->state != CONN_WAITS)
		return;
	c->state = CONN_IN;
	c->load->n_in++;
}

void load_got(struct conn *c, uint32_t sender, uint32_t seq)
{
	struct load *l = c->load;
	uint32_t *heard;
	uint64_t burst;

	if (sender >= l->n_speak || !c->receiver)
		return;
	heard = &c->heard[sender];
	if (seq != *heard + 1) {
		if (seq <= *heard) {
			l->repeated++;
			return;
		}
		l->gaps += seq - *heard - 1;
	}
	*heard = seq;
	l->deliveries++;
	hist_add(&l->hist, l->now - l->sent_ns[sender][seq % LOAD_RING]);
	burst = (seq - l->base[sender] - 1) / l->per_burst;
	if (--l->left[burst % 4] == 0)
		l->ended++;
}

void load_stamp(char out[LOAD_STAMP], uint32_t sender, uint32_t seq)
{
	int i;

	for (i = 0; i < 8; i++) {
		out[7 - i] = (char)('a' + (sender >> 4 * i & 15));
		out[15 - i] = (char)('a' + (seq >> 4 * i & 15));
	}
}

void load_stamped(struct conn *c, const uint8_t *p, size_t n)
{
	uint32_t v[2] = {0, 0}, i;

	if (n < LOAD_STAMP)
		return;
	for (i = 0; i < LOAD_STAMP; i++)
		v[i / 8] = v[i / 8] << 4 | ((uint32_t)(p[i] - 'a') & 15);
	if (c->load->rooms != NULL)
		rooms_heard(c, c->id / ROOMS_PEOPLE, v[0], v[1]);
	else
		load_got(c, v[0], v[1]);
}

/* --- set-up ------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr,
	    "usage: load -t PROTOCOL -a HOST:PORT -p PID[,PID...] [-m "
	    "MEMBERS]\n"
	    "  [-s SENDERS] [-c AT_ONCE] [-w MESSAGES_IN_A_BURST] [-d "
	    "SECONDS]\n"
	    "  [-r ARRIVALS_A_SECOND] [-b FIRST_ID] [-k CERT,KEY] [-n ROOMS] "
	    "[-x HEAP] "
	    "SCENE...\n"
	    "scenes: join, sat:BYTES, one:BYTES, rare:BYTES, paced:BYTES, "
	    "storm:BYTES,\n"
	    "  stall:BYTES, past:ENTRIES, rekey, idle; with ROOMS: "
	    "rooms:BYTES, empty, "
	    "all\n");
	return 2;
}

static int set_addr(struct options *o, char *s)
{
	char *colon = strrchr(s, ':');

	if (colon == NULL)
		return -1;
	*colon = '\0';
	o->addr.sin_family = AF_INET;
	o->addr.sin_port = htons((uint16_t)atoi(colon + 1));
	return inet_pton(AF_INET, s, &o->addr.sin_addr) == 1 ? 0 : -1;
}

static int set_pids(struct options *o, char *arg)
{
	const char *s;

	while ((s = strsep(&arg, ",")) != NULL && o->n_pids < LOAD_PIDS)
		o->pid[o->n_pids++] = atoi(s);
	return s == NULL ? 0 : -1;
}

static int set_option(struct options *o, int opt, char *arg)
{
	size_t i;

	switch (opt) {
	case 't':
		for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
			if (strcmp(arg, protos[i]->name) == 0)
				o->proto = protos[i];
		return o->proto != NULL ? 0 : -1;
	case 'a':
		return set_addr(o, arg);
	case 'p':
		return set_pids(o, arg);
	case 'm':
		o->members = (uint32_t)atoi(arg);
		return 0;
	case 's':
		o->senders = (uint32_t)atoi(arg);
		return o->senders >= 1 && o->senders <= LOAD_SENDERS ? 0 : -1;
	case 'c':
		o->at_once = (uint32_t)atoi(arg);
		return 0;
	case 'r':
		o->per_second = (uint32_t)atoi(arg);
		return 0;
	case 'b':
		o->first_id = (uint32_t)atoi(arg);
		return 0;
	case 'w':
		o->burst = (uint32_t)atoi(arg);
		return o->burst <= LOAD_RING / 4 ? 0 : -1;
	case 'n':
		o->rooms = (uint32_t)atoi(arg);
		return 0;
	case 'x':
		o->heap = arg;
		return 0;
	case 'd':
		o->seconds = atof(arg);
		return 0;
	case 'k':
		o->cert = strsep(&arg, ",");
		o->key = arg;
		return arg != NULL ? 0 : -1;
	default:
		return -1;
	}
}

static int load_init(struct load *l)
{
	uint32_t i, first = l->o.proto->outside ? l->o.senders : 0, n;
	int r;

	n = l->o.members + (first > 0 ? first - 1 : 0);
	l->receivers_each = l->o.members - 1;
	l->n_conns = n;
	l->conns = calloc(n, sizeof(*l->conns));
	l->input = malloc(LOAD_READ);
	l->text = malloc(LOAD_READ);
	if (l->conns == NULL || l->input == NULL || l->text == NULL)
		return ERR_NOMEM;
	memset(l->text, 'x', LOAD_READ);
	for (i = 0; i < n; i++) {
		l->conns[i].id = i;
		l->conns[i].sender = i < l->o.senders;
		l->conns[i].receiver = i >= first;
		if (l->o.rooms > 0)
			l->conns[i].sender = rooms_speaks(i);
		l->conns[i].opens = l->conns[i].sender || l->o.rooms > 0;
	}
	if ((r = net_init(l)) != 0)
		return r;
	if (l->o.proto->tls && (r = tls_init(l)) != 0)
		return r;
	return l->o.proto->setup != NULL ? l->o.proto->setup(l) : 0;
}

static int load_run(struct load *l, int argc, char **argv)
{
	int r, i;

	if ((r = scene_join(l)) != 0)
		return r;
	for (i = 0; i < argc; i++) {
		if ((r = scene_run(l, argv[i])) != 0)
			return r;
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct load *l = calloc(1, sizeof(*l));
	int opt, r;

	if (l == NULL)
		return 1;
	l->o = (struct options){.members = 100,
	    .senders = 4,
	    .at_once = 64,
	    .burst = 32,
	    .seconds = 1};
	while ((opt = getopt(argc, argv, "t:a:p:m:s:c:r:b:w:d:k:n:x:")) != -1)
		if (set_option(&l->o, opt, optarg) != 0)
			return usage();
	if (l->o.proto == NULL || l->o.addr.sin_port == 0 || l->o.members < 2 ||
	    l->o.members <= l->o.senders)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	json_setup();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if ((r = load_init(l)) == 0)
		r = load_run(l, argc - optind, argv + optind);
	if (r != 0)
		fprintf(stderr, "load: %s: %s\n", l->o.proto->name, err_str(r));
	net_free(l);
	rooms_free(l);
	free(l->conns);
	free(l->input);
	free(l->text);
	free(l);
	return r != 0;
}
