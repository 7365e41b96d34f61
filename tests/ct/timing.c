/* timing.c - second half of make ct: Welch's t-test as dudect does it. Each
 * call is timed on one of two input classes, in random order, and the slowest
 * tenth is dropped; |t| above 4.5 means that the classes can be told apart. A
 * comparison that stops at the first difference comes first, and must be
 * caught. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "shared/wire/b64.h"
#include "shared/base/secret.h"

enum { RUNS = 200000, SIZE = 512 };

static uint8_t a[SIZE];
static _Alignas(64) uint8_t data[2][SIZE];
static _Alignas(64) char text[2][(B64_LEN(SIZE) / 64 + 1) * 64];
/* The input of a call, at the same address for both classes. */
static _Alignas(64) uint8_t b[SIZE];
static _Alignas(64) char in[B64_LEN(SIZE)];
static volatile int sink;

static void prepare(int class)
{
	memcpy(b, data[class], sizeof(b));
	memcpy(in, text[class], sizeof(in));
}

static void early(void)
{
	int i;

	for (i = 0; i < SIZE && a[i] == ((volatile uint8_t *)b)[i]; i++)
		;
	sink = i;
}

static void equal(void)
{
	sink = secret_equal(a, b, SIZE);
}

static void encode(void)
{
	static char out[B64_LEN(SIZE) + 1];

	b64_encode(out, b, SIZE);
	sink = out[3];
}

static void decode(void)
{
	static uint8_t out[SIZE];

	sink = b64_decode(out, SIZE, in, B64_LEN(SIZE));
}

static int by_size(const void *x, const void *y)
{
	double d = *(const double *)x - *(const double *)y;

	return (d > 0) - (d < 0);
}

static double welch(void (*f)(void))
{
	static double t[RUNS], order[RUNS];
	static uint8_t class[RUNS];
	double sum[2] = {0}, sq[2] = {0}, n[2] = {0}, m[2], v[2], limit;
	int i, k;

	for (i = 0; i < RUNS; i++) {
		unsigned long long from;

		class[i] = (uint8_t)(random() & 1);
		prepare(class[i]);
		_mm_mfence(); /* finish the copy, and start nothing early */
		_mm_lfence();
		from = __rdtsc();
		_mm_lfence();
		f();
		_mm_lfence();
		order[i] = t[i] = (double)(__rdtsc() - from);
	}
	qsort(order, RUNS, sizeof(order[0]), by_size);
	limit = order[RUNS / 10 * 9];
	for (i = 0; i < RUNS; i++) {
		if (t[i] > limit)
			continue;
		k = class[i];
		n[k]++;
		sum[k] += t[i];
		sq[k] += t[i] * t[i];
	}
	for (k = 0; k < 2; k++) {
		m[k] = sum[k] / n[k];
		v[k] = sq[k] / n[k] - m[k] * m[k];
	}
	return (m[0] - m[1]) / sqrt(v[0] / n[0] + v[1] / n[1] + 1e-12);
}

static int check(const char *name, void (*f)(void), int leaks)
{
	double t = 0;
	int try, good = 0;

	/* Load on the machine disturbs a run, so the best of three counts. */
	for (try = 0; try < 3 && !good; try++) {
		t = fabs(welch(f));
		good = leaks ? t > 4.5 : t < 4.5;
	}
	printf("%-22s %s |t| = %.1f%s\n", name, good ? "ok  " : "FAIL", t,
	    leaks ? ", told apart, as it has to be" : "");
	return good;
}

int main(void)
{
	int passed;

	data[1][0] = 1; /* the first byte, where an early exit is fastest */
	memset(data[1] + 1, 0xff, SIZE - 1);
	b64_encode(text[0], data[0], SIZE);
	b64_encode(text[1], data[1], SIZE);
	passed = check("control: early end", early, 1);
	passed += check("secret_equal", equal, 0);
	passed += check("b64_encode", encode, 0);
	passed += check("b64_decode", decode, 0);
	printf("%d passed, %d failed\n", passed, 4 - passed);
	return passed != 4;
}
