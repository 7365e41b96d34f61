/* room_records.h - what a front end of lines notes of each room, by the
 * session's handle. A record begins with a struct room_record; the front end
 * says how long its records are. */
#ifndef CONCLAVE_UI_ROOM_RECORDS_H
#define CONCLAVE_UI_ROOM_RECORDS_H

#include "client/session/session.h"

struct room_record {
	const struct chatroom *room;  /* borrowed from the session */
	char name[WIRE_ROOM_MAX + 1]; /* as it was asked for, or as it is */
};

struct room_records {
	size_t size; /* of one record; set before the first use */
	void *all;   /* owned */
	size_t n, cap;
};
void room_records_free(struct room_records *l);

/* The record of a room, zeroed when it is made; NULL without memory. Valid until
 * another is made. */
void *room_record(struct room_records *l, const struct chatroom *room);
/* The same, but NULL if there is none; the i-th, in the order in which they were
 * made, or NULL after the last. */
void *room_record_find(
    const struct room_records *l, const struct chatroom *room);
void *room_record_at(const struct room_records *l, size_t i);
/* The room with that name, without regard to case, or NULL. */
const struct chatroom *room_record_named(
    const struct room_records *l, const char *name);
/* The room's name, or the one under which it is being entered, or "". Borrowed
 * as session_room_status's, and as the record. */
const char *room_record_name(const struct room_records *l,
    const struct session *s, const struct chatroom *room);

#endif
