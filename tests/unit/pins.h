/* pins.h - known_people as its tests write and fill it. */
#ifndef CONCLAVE_TEST_PINS_H
#define CONCLAVE_TEST_PINS_H

#include "client/trust/people.h"
#include "tests/unit/folder.h"

/* base64url of 32 bytes of 1, 2, 3 */
#define FP1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define FP2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define FP3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"
/* The same 32 bytes; valid for the program's life. */
const uint8_t *pins_fp(int c);

/* Opens the file, which must be valid. */
struct people *pins_open(const char *path);
/* The name appears and speaks. Returns how well it was known before. */
enum trust pins_hear(struct people *p, const uint8_t *server, const char *name,
    const uint8_t *identity);
/* Writes what is new; it must succeed. */
void pins_flush(struct people *p);

#endif
