/* server_people.h - files of the fuzzed server, and what its members ask about
 * accounts, files and direct messages. */
#ifndef CONCLAVE_SERVER_PEOPLE_H
#define CONCLAVE_SERVER_PEOPLE_H

#include "shared/proto/link.h"
#include "shared/proto/request.h"
#include "tests/fuzz/fuzz.h"

void server_files_begin(void);
/* Answers what was asked since. */
void server_files_answer(void);

/* Well-formed requests, but for their number: about rooms, and about the rest. */
struct request server_room_request(uint8_t what, uint8_t how);
struct request server_people_request(uint8_t what, uint8_t how);
/* A direct frame with that number, from fuzz_quick_who(who), or the piece of a file.
 * Its body is in `body`. */
bool server_people_is_piece(uint8_t how);
struct link_frame server_people_frame(struct link *l, struct buf *body,
    unsigned who, uint32_t number, uint8_t how);

#endif
