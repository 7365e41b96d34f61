/* What the proofs take for granted of utf8proc 2.x: the calls of text.c with
 * the bounds that its manual gives them. */
#ifndef CONCLAVE_PROVE_UTF8PROC_H
#define CONCLAVE_PROVE_UTF8PROC_H

#include <stddef.h>
#include <stdint.h>

typedef long utf8proc_ssize_t;
typedef int utf8proc_option_t;
enum { UTF8PROC_STABLE = 2, UTF8PROC_COMPOSE = 8 };
enum {
	UTF8PROC_CATEGORY_CN,
	UTF8PROC_CATEGORY_MN = 6,
	UTF8PROC_CATEGORY_MC,
	UTF8PROC_CATEGORY_ME,
	UTF8PROC_CATEGORY_ZL = 24,
	UTF8PROC_CATEGORY_ZP,
	UTF8PROC_CATEGORY_CC,
	UTF8PROC_CATEGORY_CF,
	UTF8PROC_CATEGORY_CS
};

/*@ requires 0 <= n && \valid_read(s + (0 .. n - 1)) && \valid(cp);
    assigns *cp, \result \from s[0 .. n - 1], n;
    ensures \result <= n && \result <= 4;
    ensures \result > 0 ==> 0 <= *cp <= 0x10ffff; */
utf8proc_ssize_t utf8proc_iterate(const uint8_t *s, utf8proc_ssize_t n,
    int32_t *cp);

/*@ requires 0 <= cp <= 0x10ffff && \valid(out + (0 .. 3));
    assigns out[0 .. 3], \result \from cp;
    ensures 0 <= \result <= 4; */
utf8proc_ssize_t utf8proc_encode_char(int32_t cp, uint8_t *out);

/*@ assigns \nothing; */
int utf8proc_category(int32_t cp);

/*@ assigns \nothing; */
int utf8proc_charwidth(int32_t cp);

/*@ requires 0 <= n && \valid_read(s + (0 .. n - 1));
    requires 0 <= size && \valid(out + (0 .. size - 1));
    assigns out[0 .. size - 1], \result \from s[0 .. n - 1], n, size, how;
    ensures \result <= 4 * 18 * n; */
utf8proc_ssize_t utf8proc_decompose(const uint8_t *s, utf8proc_ssize_t n,
    int32_t *out, utf8proc_ssize_t size, utf8proc_option_t how);

/*@ requires 0 <= n && \valid(cps + (0 .. n)); // a zero byte comes last
    assigns cps[0 .. n], \result \from cps[0 .. n - 1], n, how;
    ensures \result <= 4 * n; */
utf8proc_ssize_t utf8proc_reencode(int32_t *cps, utf8proc_ssize_t n,
    utf8proc_option_t how);

#endif
