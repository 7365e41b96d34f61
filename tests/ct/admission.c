/* admission.c - whether the answers of a real server to a wrong password tell,
 * by their bytes or their time, if a name or an invite exists. admission.py makes
 * the server and its people.
 *
 *   admission PORT SAMPLES WORD...     WORD: KIND=hello.account
 *
 * Every sample is one connection over loopback, of a word drawn at random, with
 * three times: from hello to challenge, from share to confirm, from a wrong
 * finish to the refusal. Words that begin with + are compared with each other,
 * and so are the others: Welch's t over all samples, and over those below their
 * common 90th and 50th percentile, as dudect crops them. Above 4.5 the words can
 * be told apart. The word * takes less work, as everybody may know: it has to be
 * told from the first one, or the measurement is too coarse. */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 16, STEPS = 3, CROPS = 3, ANSWER_MAX = 4096 };

static const char *const steps[STEPS] = {"challenge", "confirm", "refusal"};
static const double crops[CROPS] = {1, 0.9, 0.5};

struct word {
	const char *kind, *account;
	double *ns[STEPS];
	size_t n, bytes[STEPS];
	char refusal[ANSWER_MAX];
};

static void fatal(const char *what)
{
	perror(what);
	exit(2);
}

static double now_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		fatal("clock_gettime");
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The throttle counts failures for each address: each gets a few. */
static int connect_from(uint16_t port, unsigned long n)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in from = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(0x7f300000 + 1 + (uint32_t)(n % 60000))};
	const struct linger at_once = {1, 0};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
		sizeof(at_once)) != 0 ||
	    bind(fd, (void *)&from, sizeof(from)) != 0 ||
	    connect(fd, (void *)&to, sizeof(to)) != 0)
		fatal("connect");
	return fd;
}

static void read_all(int fd, void *out, size_t n)
{
	ssize_t got;

	for (; n > 0; n -= (size_t)got) {
		if ((got = read(fd, out, n)) <= 0)
			fatal("the server has closed");
		out = (char *)out + got;
	}
}

/* Sends a message and reads the answer: the time from one to the other. */
static double ask(int fd, const char *json, char answer[ANSWER_MAX], size_t *len)
{
	uint8_t message[1024];
	uint32_t n = (uint32_t)strlen(json), be = htonl(n);
	double from;

	memcpy(message, &be, 4);
	memcpy(message + 4, json, n);
	from = now_ns();
	if (write(fd, message, n + 4) != (ssize_t)n + 4)
		fatal("write");
	read_all(fd, &be, 4);
	if ((*len = ntohl(be)) >= ANSWER_MAX)
		fatal("a long answer");
	read_all(fd, answer, *len);
	answer[*len] = '\0';
	return now_ns() - from;
}

static const char hello_fmt[] =
    "{\"type\":\"handshake\",\"step\":\"hello\",\"protocols\":[\"conclave/1\"],"
    "\"account\":\"%s\","
    "\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}";
/* The point G is a valid share. */
static const char share[] =
    "{\"type\":\"handshake\",\"step\":\"share\",\"share\":"
    "\"BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tK"
    "fA+eFivOM1drMV7Oy7ZAaDe/UfU=\"}";
static const char finish[] =
    "{\"type\":\"handshake\",\"step\":\"finish\",\"confirm\":"
    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"card\":\"AAAA\"}";

/* Every answer to one word has one length, and the refusal is the same. */
static void check_answer(
    struct word *w, int step, const char *answer, size_t len)
{
	if (w->n == 0)
		w->bytes[step] = len;
	if (w->n == 0 && step == 2)
		memcpy(w->refusal, answer, len + 1);
	if (w->bytes[step] == len && strstr(answer, step == 2 ? "bad_password"
						      : steps[step]) != NULL &&
	    (step < 2 || strcmp(answer, w->refusal) == 0))
		return;
	printf("%s: %s\n", w->kind, answer);
	exit(1);
}

static void sample(struct word *w, uint16_t port, unsigned long number)
{
	char answer[ANSWER_MAX], hello[512];
	const char *said[STEPS] = {hello, share, finish};
	int fd = connect_from(port, number), i;
	size_t len;

	snprintf(hello, sizeof(hello), hello_fmt, w->account);
	for (i = 0; i < STEPS; i++) {
		w->ns[i][w->n] = ask(fd, said[i], answer, &len);
		check_answer(w, i, answer, len);
	}
	close(fd);
	w->n++;
}

static int by_size(const void *x, const void *y)
{
	double d = *(const double *)x - *(const double *)y;

	return (d > 0) - (d < 0);
}

/* A time that this part of both has not passed. */
static double limit_of(
    const struct word *a, const struct word *b, int step, double part)
{
	size_t n = a->n + b->n;
	double *both = malloc(n * sizeof(*both)), limit;

	if (both == NULL)
		fatal("malloc");
	memcpy(both, a->ns[step], a->n * sizeof(*both));
	memcpy(both + a->n, b->ns[step], b->n * sizeof(*both));
	qsort(both, n, sizeof(*both), by_size);
	limit = both[(size_t)((double)(n - 1) * part)];
	free(both);
	return limit;
}

static void moments(
    const double *ns, size_t n, double limit, double *mean, double *error)
{
	double sum = 0, squares = 0, count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (ns[i] <= limit) {
			sum += ns[i];
			count++;
		}
	*mean = sum / count;
	for (i = 0; i < n; i++)
		if (ns[i] <= limit)
			squares += (ns[i] - *mean) * (ns[i] - *mean);
	*error = squares / (count - 1) / count;
}

static double welch(
    const struct word *a, const struct word *b, int step, double part)
{
	double limit = limit_of(a, b, step, part), mean[2], error[2];

	moments(a->ns[step], a->n, limit, &mean[0], &error[0]);
	moments(b->ns[step], b->n, limit, &mean[1], &error[1]);
	return (mean[0] - mean[1]) / sqrt(error[0] + error[1]);
}

/* Prints a pair; the largest |t|. */
static double compare(const struct word *a, const struct word *b)
{
	double t, most = 0;
	int step, crop;

	printf("%-18s %-18s", a->kind, b->kind);
	for (step = 0; step < STEPS; step++) {
		printf("  ");
		for (crop = 0; crop < CROPS; crop++) {
			t = welch(a, b, step, crops[crop]);
			printf(" %5.1f", t);
			if (!(fabs(t) <= most))
				most = fabs(t);
		}
		if (a->bytes[step] != b->bytes[step])
			most = INFINITY;
	}
	if (strcmp(a->refusal, b->refusal) != 0)
		most = INFINITY;
	printf("%s\n", most < 4.5 ? "" : "  FAIL");
	return most;
}

static void measure(struct word *w, size_t n_words, uint16_t port, size_t n)
{
	size_t left = n * n_words, i;
	unsigned long number = 0;
	uint32_t dice;

	while (left > 0) {
		if (getrandom(&dice, sizeof(dice), 0) != sizeof(dice))
			fatal("getrandom");
		i = dice % n_words;
		if (w[i].n == n)
			continue;
		sample(&w[i], port, number++);
		left--;
	}
}

static int group_of(const struct word *w)
{
	return *w->account == '+' || *w->account == '*' ? *w->account : 'a';
}

/* The medians, and whether * was told from the first word. */
static int print_words(const struct word *w, size_t n)
{
	double t = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		printf("%-18s %zu, %zu, %zu bytes; medians %.0f, %.0f, %.0f us\n",
		    w[i].kind, w[i].bytes[0], w[i].bytes[1], w[i].bytes[2],
		    limit_of(&w[i], &w[i], 0, 0.5) / 1000,
		    limit_of(&w[i], &w[i], 1, 0.5) / 1000,
		    limit_of(&w[i], &w[i], 2, 0.5) / 1000);
		if (group_of(&w[i]) == '*')
			t = fabs(welch(&w[0], &w[i], 1, 0.9));
	}
	printf("control: %s and * have |t| = %.1f%s\n", w[0].kind, t,
	    t > 4.5 ? ", told apart, as they have to be" : "  FAIL");
	return t > 4.5;
}

int main(int argc, char **argv)
{
	static struct word w[WORDS];
	size_t n, n_words = 0, i, k;
	double t, most = 0;
	int told;
	char *is;

	if (argc < 5 || argc - 3 > WORDS ||
	    (n = strtoul(argv[2], NULL, 10)) < 100)
		return 2;
	for (i = 3; i < (size_t)argc; i++, n_words++) {
		if ((is = strchr(argv[i], '=')) == NULL)
			return 2;
		*is = '\0';
		w[n_words].kind = argv[i];
		w[n_words].account = is + 1;
		for (k = 0; k < STEPS; k++)
			if ((w[n_words].ns[k] = malloc(n * sizeof(double))) ==
			    NULL)
				fatal("malloc");
	}
	measure(w, n_words, (uint16_t)strtoul(argv[1], NULL, 10), n);
	printf("Welch's t of %zu samples each: all, the fastest 90 %%, 50 %%\n"
	       "%-37s   %-18s  %-18s  %s\n",
	    n, "", steps[0], steps[1], steps[2]);
	for (i = 0; i < n_words; i++)
		for (k = i + 1; k < n_words; k++)
			if (group_of(&w[i]) == group_of(&w[k]) &&
			    (t = compare(&w[i], &w[k])) > most)
				most = t;
	told = print_words(w, n_words);
	printf("the largest |t|: %.1f\n", most);
	return most < 4.5 && told ? 0 : 1;
}
